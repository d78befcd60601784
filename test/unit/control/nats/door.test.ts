import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../../src/control/dispatcher.js';
import { ControlDoor } from '../../../../src/control/nats/door.js';
import type { Level } from '../../../../src/control/operation.js';
import type { RequestContext } from '../../../../src/control/ports.js';
import { problemOf } from '../../../../src/core/problem.js';

interface Run {
  readonly verb: string;
  readonly input: unknown;
  readonly context: RequestContext;
}

/** A door before operations that answer `outcome`. */
function doorWith(outcome: (run: Run) => Outcome = () => ({ ok: true, answer: { ok: true } })) {
  const runs: Run[] = [];
  let nowMs = 0;
  const door = new ControlDoor(
    {
      run: async (verb, input, context) => {
        const run = { verb, input, context };
        runs.push(run);
        nowMs += 3;
        return outcome(run);
      },
    },
    { monotonicMs: () => nowMs, wallMs: () => 0 },
    'n1',
  );
  const replies: { readonly body: unknown; readonly headers: Readonly<Record<string, string>> }[] = [];
  const take = (
    body: string,
    o: {
      headers?: Record<string, string>;
      verb?: string;
      level?: Level;
      named?: { streamId: string };
      most?: number;
    } = {},
  ) =>
    door.take(
      {
        ...{ subject: 'unused', body: Buffer.from(body), headers: o.headers ?? {}, wantsReply: true },
        reply: (bytes, headers = {}) => {
          if (bytes.length > (o.most ?? 1e6)) return false;
          replies.push({ body: JSON.parse(Buffer.from(bytes).toString()), headers });
          return true;
        },
      },
      o.level ?? 'stream',
      o.verb ?? 'kick',
      o.named ?? {},
    );
  return { take, runs, replies };
}

describe('the door of control over NATS', () => {
  it('hands on the body with what the subject says, the caller, its id and its deadline', async () => {
    const { take, runs, replies } = doorWith();
    const headers = { 'Sluice-Request-Id': '01ABC', 'Sluice-Deadline': '1700000000000', 'Sluice-Actor': 'ops@example' };
    const answered = await take('{"reason":"off topic"}', { headers, named: { streamId: 'S1' } });
    expect(runs).toEqual([
      {
        verb: 'kick',
        input: { reason: 'off topic', streamId: 'S1' },
        context: { requestId: '01ABC', deadlineMs: 1700000000000, actor: 'ops@example', isFromBus: true },
      },
    ]);
    expect(replies).toEqual([{ body: { ok: true }, headers: { 'Sluice-Node-Id': 'n1' } }]);
    expect(answered).toEqual({ tookMs: 3, problem: undefined });
  });

  it('takes headers in any case, and does without any', async () => {
    const { take, runs } = doorWith();
    await take('', { headers: { 'sluice-request-id': 'a', 'SLUICE-ACTOR': 'b' } });
    await take('');
    expect(runs.map(({ context }) => context)).toEqual([
      { requestId: 'a', actor: 'b', isFromBus: true },
      { actor: 'nats', isFromBus: true },
    ]);
  });

  it('tells an actor that is no name for an audit as nats', async () => {
    const { take, runs } = doorWith();
    for (const actor of ['\u001b[31mred', 'x'.repeat(129), '{}'])
      await take('', { headers: { 'Sluice-Actor': actor } });
    expect(runs.map(({ context }) => context.actor)).toEqual(['nats', 'nats', 'nats']);
  });

  it('answers a refusal with its status and title in headers, as ADR-32 wants', async () => {
    const problem = problemOf('ERR_CTL_STREAM_UNKNOWN', 'S1', { instance: 'r' });
    const { take, replies } = doorWith(() => ({ ok: false, problem }));
    const answered = await take('{}');
    expect(answered.problem).toBe(problem);
    expect(replies).toEqual([
      {
        body: { ...problem },
        headers: {
          'Sluice-Node-Id': 'n1',
          'Nats-Service-Error-Code': '404',
          'Nats-Service-Error': 'there is no such stream or play',
        },
      },
    ]);
  });

  it('refuses a body that cannot be read, and a deadline that is no time, without asking anybody', async () => {
    const { take, runs, replies } = doorWith();
    await take('{"a":NaN}', { headers: { 'Sluice-Request-Id': 'r1' } });
    await take('{}', { headers: { 'Sluice-Deadline': 'soon' } });
    await take('{"streamId":"S2"}', { named: { streamId: 'S1' } });
    expect(runs).toEqual([]);
    const errors = replies.map(({ body }) => body as Record<string, unknown>);
    expect(errors.map(({ code }) => code)).toEqual(Array(3).fill('ERR_CTL_BAD_REQUEST'));
    expect(errors.map((each) => each['errors'])).toEqual([
      [{ pointer: '', expected: 'JSON', got: 'text that is none' }],
      [{ pointer: '/deadline', expected: 'a Unix time in ms', got: 'another text' }],
      [{ pointer: '/streamId', expected: 'what the subject says', got: 'another value' }],
    ]);
    expect(errors[0]).toMatchObject({ status: 400, instance: 'r1' });
  });

  it('refuses a request whose headers could not be read: it might be one that came before, or too late', async () => {
    const { take, runs, replies } = doorWith();
    await take('{}', { headers: { 'Sluice-Unreadable-Headers': '1' } });
    expect(runs).toEqual([]);
    expect(replies[0]?.body).toMatchObject({
      code: 'ERR_CTL_BAD_REQUEST',
      errors: [{ pointer: '', expected: 'at most 64 headers in 16384 bytes', got: 'headers that cannot be read' }],
    });
  });

  it('repeats no id that cannot be one', async () => {
    const { take, replies } = doorWith();
    for (const id of ['\u001b[31m', 'x'.repeat(129)]) await take('{', { headers: { 'Sluice-Request-Id': id } });
    for (const { body } of replies) expect(body).not.toHaveProperty('instance');
  });

  it('lets a body repeat what the subject says', async () => {
    const { take, runs } = doorWith();
    await take('{"streamId":"S1"}', { named: { streamId: 'S1' } });
    expect(runs).toHaveLength(1);
  });

  it('makes a list shorter until the server has room for it in one message', async () => {
    const streams = Array.from({ length: 100 }, (_, i) => ({ streamId: `S${i}` }));
    const { take, runs, replies } = doorWith(({ input }) => {
      const { limit = 1000 } = input as { limit?: number };
      const page = streams.slice(0, limit);
      return { ok: true, answer: { ok: true, streams: page, ...(page.length < 100 ? { cursor: 'c' } : {}) } };
    });
    await take('{"app":"live"}', { level: 'all', verb: 'streams.list', most: 700 });
    expect(runs.map(({ input }) => (input as { limit?: number }).limit)).toEqual([undefined, 50, 25]);
    expect(replies).toHaveLength(1);
    expect(replies[0]?.body).toMatchObject({ cursor: 'c' });
  });

  it('carries out what changes something once, also when its answer cannot be sent', async () => {
    const { take, runs } = doorWith(() => ({ ok: true, answer: { ok: true, kicked: ['a', 'b'] } }));
    await take('{}', { level: 'all', verb: 'streams.kick', most: 10 });
    expect(runs).toHaveLength(1);
  });
});
