import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NatsRpc } from '../../../src/control/rpc-bridge.js';
import { createLogger } from '../../../src/core/log.js';
import type { RpcReply } from '../../../src/live/access.js';
import type { RpcCall } from '../../../src/live/rpc-bridge.js';
import type { NatsOutcome, NatsRequests } from '../../../src/nats/requests.js';

const SEED = 20_260_211;

const CALL: RpcCall = {
  facts: { connectionId: 'c1', peer: { address: '192.0.2.1', port: 1000 }, transport: 'rtmp', info: undefined },
  ...{ principal: 'alice', app: 'live/eu', streamId: 's1', method: 'chat.say', args: [1, { a: null }] },
};

function setUp(outcome: () => NatsOutcome | Promise<NatsOutcome>, { maxPending = 2, callsPerSecond = 0 } = {}) {
  const clock = { nowMs: 1000, monotonicMs: () => clock.nowMs };
  const asked: [string, unknown, number][] = [];
  const requests: Pick<NatsRequests, 'request'> = {
    request: async (subject, body, timeoutMs) => {
      asked.push([subject, JSON.parse(Buffer.from(body).toString()), timeoutMs]);
      return outcome();
    },
  };
  const log = createLogger({ level: 'silent' });
  const deps = { prefix: 'sluice.v1', nodeId: 'n1', requests: requests as NatsRequests, clock, log };
  return { rpc: new NatsRpc({ timeoutMs: 5000, maxPending, callsPerSecond }, deps), asked, clock };
}

const replied = (body: string | Uint8Array): NatsOutcome => ({
  kind: 'reply',
  reply: { body: Buffer.from(body), headers: {} },
});

const replyTo = (body: string | Uint8Array): Promise<RpcReply> => setUp(() => replied(body)).rpc.call(CALL);

describe('a call over NATS', () => {
  it('is a request whose subject has app and method, escaped, and whose body says who calls', async () => {
    const { rpc, asked } = setUp(() => replied('{"result":{"ok":true}}'));
    expect(await rpc.call(CALL)).toEqual({ kind: 'result', value: { ok: true } });
    const body = {
      ...{ v: 1, requestId: expect.stringMatching(/^[0-9A-Z]{26}$/), nodeId: 'n1', connectionId: 'c1' },
      ...{ app: 'live/eu', streamId: 's1', method: 'chat.say', args: [1, { a: null }] },
      ...{ peer: { address: '192.0.2.1', port: 1000 }, principal: 'alice' },
    };
    expect(asked).toEqual([['sluice.v1.rpc.live=2Feu.chat=2Esay', body, 5000]]);
    expect([...rpc.calls]).toEqual([['result', 1]]);
  });

  it('can be answered with null, and with an error that has a code and a message', async () => {
    expect(await replyTo('{"result":null}')).toEqual({ kind: 'result', value: null });
    expect(await replyTo('{"error":{"code":"App.No","message":"not\\u0007 you"}}')).toMatchObject({
      ...{ kind: 'error', code: 'App.No' },
      message: expect.not.stringContaining('\u0007'),
    });
    expect(await replyTo('{"error":{}}')).toEqual({ kind: 'error', code: 'NetConnection.Call.Failed', message: '' });
  });

  it.each<[Exclude<NatsOutcome['kind'], 'reply'>, RegExp]>([
    ['no_responders', /nobody answers it/],
    ['timeout', /in time/],
    ['away', /NATS cannot be reached/],
    ['refused', /not permit/],
  ])('that ends with %s is an error that says so', async (kind, says) => {
    const { rpc } = setUp(() => ({ kind }));
    const message = expect.stringMatching(says);
    expect(await rpc.call(CALL)).toEqual({ kind: 'error', code: 'NetConnection.Call.Failed', message });
    expect([...rpc.calls]).toEqual([[kind, 1]]);
  });

  it.each([
    ['no JSON', '<html>'],
    ['no object', '[1]'],
    ['null', 'null'],
    ['neither result nor error', '{}'],
    ['an error that is no object', '{"error":"no"}'],
    ['a code that is none', '{"error":{"code":"a b"}}'],
    ['a code that is no text', '{"error":{"code":7}}'],
    ['a message that is no text', '{"error":{"message":{}}}'],
    ['text that is no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['more than 64 KiB', `{"result":"${'x'.repeat(65_536)}"}`],
    ['more than 32 levels', `{"result":${'['.repeat(33)}${']'.repeat(33)}}`],
  ])('whose answer is %s is an error', async (_what, body) => {
    expect(await replyTo(body)).toMatchObject({ kind: 'error', message: expect.stringMatching(/cannot be used/) });
  });

  it('is refused while as many wait as may', async () => {
    let answer: (outcome: NatsOutcome) => void = () => {};
    const held = new Promise<NatsOutcome>((resolve) => {
      answer = resolve;
    });
    const { rpc, asked } = setUp(() => held);
    const waiting = [rpc.call(CALL), rpc.call(CALL)];
    expect(await rpc.call(CALL)).toMatchObject({ kind: 'error', message: expect.stringMatching(/Too many/) });
    expect(asked).toHaveLength(2);
    answer(replied('{"result":1}'));
    await Promise.all(waiting);
    expect(await rpc.call(CALL)).toEqual({ kind: 'result', value: 1 });
  });

  it('is refused when its connection makes too many, and those of other connections are not', async () => {
    const { rpc, asked, clock } = setUp(() => replied('{"result":1}'), { callsPerSecond: 2 });
    const of = (connectionId: string) => rpc.call({ ...CALL, facts: { ...CALL.facts, connectionId } });
    const kinds = async (count: number) => {
      const got: string[] = [];
      for (let i = 0; i < count; i++) got.push((await of('c1')).kind);
      return got;
    };
    expect(await kinds(4)).toEqual(['result', 'result', 'result', 'result']);
    const code = 'NetConnection.Call.Failed';
    const message = expect.stringMatching(/^ERR_LIMIT_CALL_RATE: .*rpc\.callsPerSecond/);
    expect(await of('c1')).toEqual({ kind: 'error', code, message });
    expect((await of('c2')).kind).toBe('result');
    clock.nowMs += 500;
    expect(await kinds(2)).toEqual(['result', 'error']);
    expect([...rpc.calls]).toEqual([
      ['result', 6],
      ['rate', 2],
    ]);
    expect(asked).toHaveLength(6);
  });

  it('is bound by other settings as soon as they are changed', async () => {
    const { rpc, asked } = setUp(() => replied('{"result":1}'), { callsPerSecond: 1 });
    const kinds = async () => [(await rpc.call(CALL)).kind, (await rpc.call(CALL)).kind, (await rpc.call(CALL)).kind];
    expect(await kinds()).toEqual(['result', 'result', 'error']);
    rpc.change({ timeoutMs: 100, maxPending: 2, callsPerSecond: 0 });
    expect(await kinds()).toEqual(['result', 'result', 'result']);
    expect(asked.map(([, , timeoutMs]) => timeoutMs)).toEqual([5000, 5000, 100, 100, 100]);
    rpc.change({ timeoutMs: 100, maxPending: 0, callsPerSecond: 0 });
    expect(await kinds()).toEqual(['error', 'error', 'error']);
  });

  it(`takes any bytes for an answer without a defect (seed ${SEED})`, async () => {
    const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
    const answers = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((json) => Buffer.from(json)),
      fc.record({ result: fc.jsonValue(), error: fc.jsonValue() }, { requiredKeys: [] }).map(text),
      fc.record({ error: fc.record({ code: fc.jsonValue(), message: fc.string({ maxLength: 600 }) }) }).map(text),
    );
    await fc.assert(
      fc.asyncProperty(answers, async (body) => {
        const reply = await replyTo(body);
        if (reply.kind === 'error') expect([reply.code.length < 129, reply.message.length < 257]).toEqual([true, true]);
      }),
      { seed: SEED, numRuns: 400 },
    );
  });
});
