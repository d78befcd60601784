import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/config/load.js';
import { systemClock } from '../../src/core/clock.js';
import { cloudEvents } from '../../src/webhooks/formats/cloudevents.js';
import { srs } from '../../src/webhooks/formats/srs.js';
import { Poster } from '../../src/webhooks/post.js';
import { type RawRequest, rawAnswer, rawHttp } from '../support/admission/raw-http.js';

const SEED = 20_261_126;

/** What a receiver writes, and whether it closes the connection then. */
const answers = fc.record({
  bytes: fc.oneof(
    fc
      .record({ status: fc.integer({ min: 100, max: 999 }), body: fc.string({ maxLength: 200 }) })
      .map(({ status, body }) => rawAnswer(status, body)),
    fc
      .constantFrom(200, 204, 301, 307, 403, 410, 500)
      .map((status) => rawAnswer(status, status === 204 ? '' : '0', { location: 'http://127.0.0.1:9/' })),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc.constantFrom(
      '',
      'HTTP/1.1 200',
      'HTTP/1.1 200 OK\r\n\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort',
      'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      'HTTP/1.1 100 Continue\r\n\r\n',
      `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
      `${rawAnswer(200, '0')}${rawAnswer(500, '1')}`,
      `HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n${'0'.repeat(200_000)}`,
    ),
  ),
  closes: fc.boolean(),
});

describe('a receiver that answers anything', () => {
  it.each([
    ['cloudevents', cloudEvents],
    ['srs', srs],
  ] as const)('has an event taken only by a whole answer with 2xx, in the form of %s', async (_, format) => {
    let answer = { bytes: '', closes: true };
    const server = await rawHttp(({ socket }: RawRequest) => {
      socket.write(answer.bytes, 'latin1', () => (answer.closes ? socket.end() : undefined));
    });
    const [settings] = resolveConfig({ webhooks: [{ name: 'a', url: server.url, timeoutMs: 100 }] as never }).webhooks;
    await fc.assert(
      fc.asyncProperty(answers, async (next) => {
        answer = next;
        const poster = new Poster(settings!, format, systemClock);
        try {
          const outcome = await poster.post({ id: 'x:1', body: Buffer.from('{}') }, new AbortController().signal);
          const status = Number(/^HTTP\/1\.[01] (\d{3})(?:[ \r]|$)/.exec(next.bytes)?.[1] ?? 0);
          const isGood = status >= 200 && status < 300;
          if (outcome.kind === 'taken') expect(isGood).toBe(true);
          if (outcome.kind === 'gone') expect(status).toBe(410);
          if (format === srs && outcome.kind === 'taken') expect(next.bytes).toMatch(/0/);
          expect(outcome.why.length).toBeLessThan(200);
        } finally {
          poster.close();
        }
      }),
      { seed: SEED, numRuns: 150 },
    );
  });
});
