import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Responder } from '../../src/admission/responder.js';
import { NatsResponder } from '../../src/admission/responders/nats.js';
import { WebhookResponder } from '../../src/admission/responders/webhook.js';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/log.js';
import type { Verdict } from '../../src/live/admission.js';
import { NatsLink } from '../../src/nats/connection.js';
import { LinkRequests } from '../../src/nats/link-requests.js';
import { ChainHarness, question } from '../support/admission/chain-harness.js';
import { type RawRequest, rawAnswer, rawHttp } from '../support/admission/raw-http.js';
import { NatsWireServer } from '../support/nats/wire-server.js';
import { waitFor } from '../support/wait.js';

const SEED = 20_261_127;
/** The client's key. A responder may say it anywhere in its reply. */
const KEY = 'CANARY-key-of-an-encoder';
const TIMEOUT_MS = 40;
/** Most bytes of the one line that an attempt may log. */
const MOST_LINE_BYTES = 1000;

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    KEY,
    KEY.toUpperCase(),
    encodeURIComponent(KEY),
    '',
    '../x',
    '*',
    'cam2',
    'x'.repeat(10_240),
    '\u001b[31m',
  ),
);
const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -1, 1000, 600_001, 1e308));
const anything = fc.oneof(text, number, fc.constantFrom(null, true, [], {}, [KEY], { [KEY]: KEY }));
const either = (good: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: anything });

const reply = fc.record(
  {
    decision: either(fc.constantFrom('allow', 'deny', 'redirect', 'next')),
    code: either(fc.constantFrom('NO_PAY', 'x', KEY)),
    message: either(text),
    name: either(fc.constantFrom('cam2', '../x', '*', KEY)),
    principal: either(text),
    labels: either(fc.dictionary(fc.constantFrom('room', 'A', KEY, '__proto__'), text, { maxKeys: 20 })),
    conflict: either(fc.constantFrom('reject', 'takeover', 'resume')),
    resumeWindowMs: either(number),
    ttlMs: either(number),
    cacheMs: either(number),
    limits: either(fc.dictionary(fc.constantFrom('kbps', 'fps', 'codecs', KEY), anything, { maxKeys: 3 })),
    redirectUrl: either(
      fc.constantFrom(
        'rtmp://other.example/live',
        `rtmp://other.example/${KEY}`,
        'http://169.254.169.254/',
        'rtmp://[',
      ),
    ),
    [KEY]: anything,
    ['__proto__']: anything,
  },
  { requiredKeys: [] },
);
const deep = `{"decision":"allow","labels":${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}}`;
const body = fc.oneof(
  { weight: 8, arbitrary: reply.map((value) => Buffer.from(JSON.stringify(value))) },
  { weight: 2, arbitrary: anything.map((value) => Buffer.from(JSON.stringify({ code: value, decision: 'allow' }))) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        ...['', '0', '1', 'NaN', 'null', '[]', '{"code":0}', '{"code":"0"}', '{"decision":"allow"', `"${KEY}"`, deep],
        ...[`<html>${KEY}</html>`, '{"decision":"allow","decision":"deny"}', '\ufeff{"decision":"allow"}'],
        ...[`{"decision":"allow","x":"${'x'.repeat(65_536)}"}`, `{"decision":"allow","name":"\\ud800"}`],
      )
      .map((value) => Buffer.from(value)),
  },
);

/** One attempt with a client that gives {@link KEY}. The verdict, and what was logged. */
async function attempt(responder: Responder): Promise<{ verdict: Verdict; lines: readonly string[] }> {
  const harness = new ChainHarness([responder], { budgetMs: 5000, redirectHosts: ['other.example'] });
  const verdict = await harness.chain.decide(question({ query: `key=${KEY}`, action: 'publish' }));
  expect(harness.chain.stats.pending).toBe(0);
  return { verdict, lines: harness.lines };
}

/** What holds whatever a responder replies. @param mayAllow whether it has said anything that can be an allow */
function expectSound({ verdict, lines }: Awaited<ReturnType<typeof attempt>>, mayAllow: boolean): void {
  expect(['allow', 'deny', 'redirect']).toContain(verdict.decision);
  if (verdict.decision === 'allow') expect(mayAllow).toBe(true);
  // That somebody answers twice is told besides, once a minute; every chain here is a new one.
  expect(lines.filter((line) => !line.includes('has answered twice')).length).toBeLessThanOrEqual(1);
  expect(lines.length).toBeLessThanOrEqual(2);
  const all = `${JSON.stringify(verdict)}\n${lines.join('\n')}`;
  expect(all.toLowerCase()).not.toContain('canary');
  for (const line of lines) {
    expect(Buffer.byteLength(line)).toBeLessThan(MOST_LINE_BYTES);
    expect(line).not.toContain('failed inside');
  }
}

const statusCode = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(200, 204, 299) },
  { weight: 4, arbitrary: fc.constantFrom(100, 199, 301, 302, 304, 400, 401, 403, 404, 418, 500, 502, 503, 504, 999) },
);
const location = fc.option(
  fc
    .constantFrom('cam2', KEY, '', '../x', 'rtmp://other.example/live', `rtmp://other.example/live?key=${KEY}`)
    .filter(Boolean),
);
const whole = fc.tuple(statusCode, body, location).map(([status, content, to]) => ({
  status,
  bytes: Buffer.from(rawAnswer(status, content.toString('latin1'), to === null ? {} : { Location: to }), 'latin1'),
}));
/** Answers as bytes, and whether the connection is closed after them. */
const answer = fc.record({
  said: fc.oneof(
    { weight: 12, arbitrary: whole },
    {
      weight: 3,
      arbitrary: fc
        .tuple(whole, whole)
        .map(([a, b]) => ({ status: a.status, bytes: Buffer.concat([a.bytes, b.bytes]) })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(whole, fc.nat(), fc.integer({ min: 0, max: 255 }))
        .map(([{ bytes }, at, value]) => ({ status: 200, bytes: changed(bytes, at, value) })),
    },
    {
      weight: 1,
      arbitrary: fc.uint8Array({ maxLength: 80 }).map((bytes) => ({ status: 0, bytes: Buffer.from(bytes) })),
    },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom(
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"decis\r\nZZ\r\n',
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n13\r\n{"decision":"allow"\r\n1\r\n}\r\n0\r\n\r\n',
          'HTTP/1.1 200 OK\r\nContent-Length: 68719476736\r\n\r\n{"decision":"allow"}',
          'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}',
          'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
          `HTTP/1.1 200 OK\r\n${'X-Long: y\r\n'.repeat(3000)}\r\n`,
          `HTTP/1.1 200 ${KEY}\r\n${KEY}: ${KEY}\r\n\r\n`,
          'SSH-2.0-OpenSSH_9.2\r\n',
        )
        .map((bytes) => ({ status: 200, bytes: Buffer.from(bytes) })),
    },
  ),
  closes: fc.boolean(),
});

function changed(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at % copy.length] = value;
  return copy;
}

describe(`whatever a responder replies (seed ${SEED})`, () => {
  it.each(['sluice', 'srs', 'nginx-rtmp'] as const)(
    'over a webhook of dialect %s, there is one verdict, at most one line in the log, and the key in neither',
    async (dialect) => {
      let reply: (request: RawRequest) => void = () => undefined;
      const server = await rawHttp((request) => reply(request));
      const actions = ['publish'];
      const responder = new WebhookResponder(
        { url: server.url, secret: 's', dialect, timeoutMs: TIMEOUT_MS, actions },
        systemClock,
      );
      onTestFinished(() => responder.close());
      await fc.assert(
        fc.asyncProperty(answer, async ({ said, closes }) => {
          reply = ({ socket }) => (closes ? socket.end(said.bytes) : socket.write(said.bytes));
          // nginx-rtmp's form has aliases in 3xx.
          const mayAllow = (said.status >= 200 && said.status < 300) || dialect === 'nginx-rtmp';
          expectSound(await attempt(responder), mayAllow);
        }),
        { seed: SEED, numRuns: 150 },
      );
      expect(server.sockets.size).toBeLessThan(70);
    },
  );

  it('over NATS, however often, there is one verdict, at most one line in the log, and the key in neither', async () => {
    const wire = await NatsWireServer.open();
    const link = new NatsLink({ urls: [wire.url] }, silentLogger);
    onTestFinished(() => link.close());
    const requests = new LinkRequests(link);
    link.start();
    await waitFor(() => requests.isConnected, { what: 'a connection' });
    const options = { prefix: 'sluice.v1', timeoutMs: TIMEOUT_MS, actions: ['publish'] };
    const responder = new NatsResponder(options, requests, systemClock);
    const headers = fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constant(Buffer.from('NATS/1.0 503\r\n\r\n')) },
      {
        weight: 2,
        arbitrary: fc
          .string({ unit: 'binary', maxLength: 30 })
          .map((line) => Buffer.from(`NATS/1.0\r\n${line}\r\n\r\n`)),
      },
    );
    const replies = fc.array(fc.record({ headers, body }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(replies, async (all) => {
        wire.onPublished = ({ reply: to }) =>
          wire.deliver(
            ...all.map((each) => ({ pattern: `${to.slice(0, to.lastIndexOf('.'))}.*`, subject: to, ...each })),
          );
        expectSound(await attempt(responder), all.length > 0);
      }),
      { seed: SEED + 1, numRuns: 200 },
    );
    expect([wire.connections, link.state]).toEqual([1, 'connected']);
  });
});
