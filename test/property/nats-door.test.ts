import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ControlService } from '../../src/control/nats/control-service.js';
import { OPERATIONS } from '../../src/control/operations.js';
import { systemClock } from '../../src/core/clock.js';
import { NatsLink } from '../../src/nats/connection.js';
import { LinkRequests } from '../../src/nats/link-requests.js';
import { logTo } from '../support/admission/chain-harness.js';
import { FakeNode, NOW_MS, streamOf } from '../support/control/fake-ports.js';
import { type Delivery, NatsWireServer } from '../support/nats/wire-server.js';
import { waitFor } from '../support/wait.js';

const SEED = 20_261_126;
/** Stands in everything that may be secret; it must come back from nowhere. */
const CANARY = 'CANARY-of-a-caller';
/** Most bytes of an answer: a hundred errors with pointers of 256 characters. */
const MOST_ANSWER_BYTES = 65_536;

const { streamId } = streamOf(1);
const BASES = {
  all: { pattern: 'sluice.v1.ctl.all.>', base: 'sluice.v1.ctl.all.' },
  node: { pattern: 'sluice.v1.ctl.n.n1.>', base: 'sluice.v1.ctl.n.n1.' },
  stream: { pattern: `sluice.v1.ctl.s.${streamId}.*`, base: `sluice.v1.ctl.s.${streamId}.` },
} as const;
const DISCOVERY = ['$SRV.PING', '$SRV.INFO.sluice', '$SRV.STATS.sluice.b1'];

const MEMBERS = [
  ...['app', 'name', 'ip', 'principal', 'label', 'limit', 'cursor', 'reason', 'confirm', 'dryRun', 'banTtlMs', 'kind'],
  ...['value', 'ttlMs', 'limits', 'labels', 'handler', 'tcUrl', 'level', 'streamId', 'action', 'untilMs', 'timeoutMs'],
];
/** Members whose values are nobody's business. */
const SECRETS = ['query', 'patch', 'values'];

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, -1, 0, 1e308, '', 'live', 'cam1', 'a\u0000b', '../x', '*', '\ud800', streamId),
    fc.double(),
    fc.string({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...MEMBERS, '__proto__', 'constructor', ''), tie('value'), { maxKeys: 6 }),
  ),
  secret: fc.oneof(
    { maxDepth: 2 },
    fc.constant(CANARY),
    fc.dictionary(fc.constantFrom('auth', 'token', 'http'), tie('secret'), { maxKeys: 2 }),
    fc.array(tie('secret'), { maxLength: 2 }),
  ),
}));

const object = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...MEMBERS, '__proto__'), json.value, { maxKeys: 6 }),
    fc.dictionary(fc.constantFrom(...SECRETS), json.secret, { maxKeys: 2 }),
  )
  .map(([plain, secret]) => JSON.stringify({ ...plain, ...secret }));

const keys = (count: number): string =>
  `{${Array.from({ length: count }, (_, i) => `"k${i.toString(36)}":"${CANARY}"`).join(',')}}`;
/** Bodies that are no requests, each in its own way. */
const BAD_BODIES: readonly Buffer[] = [
  ...['NaN', '{"limit":NaN}', '{"limit":1e999}', '{', 'null', '[1]', '"kick"', '\ufeff{}', `{"a":"${CANARY}`].map(
    (text) => Buffer.from(text),
  ),
  Buffer.from(`{"labels":${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}}`),
  Buffer.from(`{"values":${'['.repeat(32_000)}${']'.repeat(32_000)}}`),
  Buffer.from(keys(1500)),
  Buffer.from(keys(1_000_000)),
  Buffer.from(`{"reason":"${'x'.repeat(65_536)}"}`),
  Buffer.alloc(1 << 20, 0xff),
  Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0xff, 0x7d]),
  Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]),
  Buffer.alloc(40_000),
];
const body = fc.oneof(
  { weight: 6, arbitrary: object.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 2, arbitrary: fc.constantFrom(...BAD_BODIES) },
);

/** Bytes that a subject can have: no spaces and line breaks. Beyond ASCII it is no UTF-8. */
const token = fc
  .array(fc.integer({ min: 0x21, max: 0xff }), { minLength: 1, maxLength: 30 })
  .map((bytes) => String.fromCharCode(...bytes).replaceAll(/[.*>]/g, '_'));
const verb = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...Object.keys(OPERATIONS)) },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'x'.repeat(3000), 'KICK') },
  { weight: 1, arbitrary: token },
);

const headerLine = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('Sluice-Request-Id', 'sluice-deadline', 'SLUICE-ACTOR', 'X', '__proto__'),
      fc.constantFrom(
        '01ABC',
        'r1',
        String(NOW_MS + 60_000),
        '1',
        '-1',
        'soon',
        '',
        `${CANARY} \u001b[31m`,
        'x'.repeat(300),
      ),
    )
    .map(([name, value]) => `${name}: ${value}`),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const headers = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  {
    weight: 4,
    arbitrary: fc
      .array(headerLine, { maxLength: 5 })
      .map((lines) => Buffer.from(['NATS/1.0', ...lines, '', ''].join('\r\n'))),
  },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(65, 2000, 50_000)
      .map((count) => Buffer.from(`NATS/1.0\r\n${'A: b\r\n'.repeat(count)}\r\n`)),
  },
);

const request = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .tuple(fc.constantFrom<(keyof typeof BASES)[]>('all', 'node', 'stream'), verb)
      .map(([level, what]) => ({
        pattern: BASES[level].pattern,
        // The subscription for a stream takes one token.
        subject: BASES[level].base + (level === 'stream' ? what.replaceAll('.', '_') : what),
      })),
  },
  { weight: 1, arbitrary: fc.constantFrom(...DISCOVERY).map((subject) => ({ pattern: subject, subject })) },
);
const message = fc.record({ to: request, headers, body });

describe(`the door of control on NATS (seed ${SEED})`, () => {
  it('answers every message once, with an answer or a problem, tells no secret, and stays connected', async () => {
    const wire = await NatsWireServer.open();
    const lines: string[] = [];
    const log = logTo(lines);
    const link = new NatsLink({ urls: [wire.url] }, log);
    onTestFinished(() => link.close());
    const requests = new LinkRequests(link);
    const node = new FakeNode();
    const dispatcher = node.dispatcher({ log });
    const service = new ControlService({
      ...{ requests, dispatch: dispatcher, clock: systemClock, nodeId: 'n1', bootId: 'b1', version: '1.0.0' },
      ...{ prefix: 'sluice.v1', rtmp: '127.0.0.1:1935', http: undefined },
    });
    onTestFinished(() => service.close());
    service.opened(streamId);
    link.start();
    for (const pattern of [...Object.values(BASES).map((base) => base.pattern), ...DISCOVERY])
      await wire.subscribed(pattern);
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 12 }), async (messages) => {
        Object.assign(node, { streams: [streamOf(1)], bans: [] });
        wire.published.length = 0;
        const deliveries = messages.map(({ to, ...rest }): Delivery => ({ ...to, ...rest, reply: `_R.${sent++}` }));
        // What is asked last is answered last, unless something before it has been lost.
        wire.deliver(...deliveries, {
          pattern: '$SRV.PING',
          subject: '$SRV.PING',
          reply: '_R.last',
          body: Buffer.alloc(0),
        });
        const wanted = [...deliveries.map(({ reply }) => reply), '_R.last'].sort();
        await waitFor(() => wire.published.length >= wanted.length, {
          what: () => `answers to ${messages.map(({ to }) => to.subject).join()}\n${lines.slice(-3).join('\n')}`,
        });
        expect(wire.published.map(({ subject }) => subject).sort()).toEqual(wanted);
        for (const answer of wire.published) {
          expect(answer.body.length).toBeLessThan(MOST_ANSWER_BYTES);
          const text = answer.body.toString();
          expect(`${answer.headers}${text}`).not.toContain('CANARY');
          const told = JSON.parse(text) as Record<string, unknown>;
          if (told['ok'] === true || String(told['type']).startsWith('io.nats.micro.v1.')) continue;
          expect(told['code']).not.toBe('ERR_INTERNAL');
          expect(told).toMatchObject({ type: `urn:sluice:error:${String(told['code'])}`, status: expect.any(Number) });
          expect(answer.headers).toContain(`Nats-Service-Error-Code: ${String(told['status'])}`);
        }
      }),
      { seed: SEED, numRuns: 60 },
    );
    expect([wire.connections, link.state]).toEqual([1, 'connected']);
    // Nothing is logged for a bad request, and what is kept of good ones is bounded.
    expect(lines.filter((line) => !line.includes('nats: connected'))).toEqual([]);
    expect(JSON.stringify(node.audited)).not.toContain('CANARY');
    expect(dispatcher.heldBytes).toBeLessThanOrEqual(9 << 20);
  });
});
