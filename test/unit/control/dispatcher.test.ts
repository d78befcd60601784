import { describe, expect, it } from 'vitest';
import { OPERATIONS, type Verb } from '../../../src/control/operations.js';
import type { Cluster, Ports, RequestContext } from '../../../src/control/ports.js';
import { RefusedElsewhere } from '../../../src/control/ports.js';
import { SluiceError } from '../../../src/core/errors.js';
import { problemOf } from '../../../src/core/problem.js';
import { FakeNode, NOW_MS, playOf, streamOf, TICKET } from '../../support/control/fake-ports.js';
import { answer, problem } from '../../support/control/outcomes.js';

const BY: RequestContext = { actor: 'ops' };

describe('a request', () => {
  it('of an unknown verb is refused, and so is one whose id is no id', async () => {
    const dispatcher = new FakeNode().dispatcher();
    expect(problem(await dispatcher.run('explode', {}, BY))).toMatchObject({
      ...{ status: 400, code: 'ERR_CTL_BAD_REQUEST', type: 'urn:sluice:error:ERR_CTL_BAD_REQUEST' },
      errors: [{ pointer: '', expected: expect.stringContaining('streams.list'), got: 'text of 7 characters' }],
    });
    const long = { ...BY, requestId: 'x'.repeat(129) };
    expect(problem(await dispatcher.run('info', {}, long)).code).toBe('ERR_CTL_BAD_REQUEST');
  });

  it('gets the example of every operation accepted', async () => {
    const node = new FakeNode();
    for (const verb of Object.keys(OPERATIONS) as Verb[]) {
      const { example, answer: schema } = OPERATIONS[verb];
      const input: Record<string, unknown> = { ...example };
      node.streams = [streamOf(1, { streamId: String(input['streamId'] ?? streamOf(1).streamId) })];
      node.plays = [playOf(1, node.streams[0]!, { playId: String(input['playId'] ?? 'p1') })];
      delete input['confirm'];
      const outcome = await node.dispatcher().run(verb, input, BY);
      const { success, error } = schema.safeParse(answer(outcome));
      expect({ verb, success, error: error?.message }).toEqual({ verb, success: true, error: undefined });
    }
  });

  it('past its deadline does nothing', async () => {
    const node = new FakeNode();
    node.streams = [streamOf(1)];
    const late = { ...BY, deadlineMs: NOW_MS };
    expect(problem(await node.dispatcher().run('kick', { streamId: streamOf(1).streamId }, late))).toMatchObject({
      ...{ code: 'ERR_CTL_EXPIRED', status: 504 },
    });
    expect(node.calls).toEqual([]);
    expect(node.audited).toEqual([]);
  });

  it('that is not done by its deadline is answered with a time-out that says so', async () => {
    const node = new FakeNode();
    node.streams = [streamOf(1)];
    node.gate = new Promise(() => undefined);
    const soon = { ...BY, deadlineMs: NOW_MS + 5 };
    const outcome = await node.dispatcher().run('kick', { streamId: streamOf(1).streamId }, soon);
    expect(problem(outcome)).toMatchObject({ code: 'ERR_CTL_TIMEOUT', status: 504 });
    expect(node.audited).toMatchObject([{ verb: 'kick', result: 'ERR_CTL_TIMEOUT' }]);
  });

  it('that is sent again after a time-out gets the answer of what the first one began, which acts once', async () => {
    const node = new FakeNode();
    const { streamId } = streamOf(1);
    node.streams = [streamOf(1)];
    let open = (): void => undefined;
    node.gate = new Promise((resolve) => {
      open = resolve;
    });
    const dispatcher = node.dispatcher();
    const again = { ...BY, requestId: 'r1' };
    const soon = { ...again, deadlineMs: NOW_MS + 5 };
    expect(problem(await dispatcher.run('kick', { streamId }, soon))).toMatchObject({ code: 'ERR_CTL_TIMEOUT' });
    expect(problem(await dispatcher.run('kick', { streamId }, soon))).toMatchObject({ code: 'ERR_CTL_TIMEOUT' });
    expect(problem(await dispatcher.run('kick', { streamId, reason: 'other' }, again)).status).toBe(422);
    const waiting = dispatcher.run('kick', { streamId }, again);
    open();
    expect(answer(await waiting)).toEqual({ ok: true });
    expect(answer(await dispatcher.run('kick', { streamId }, again))).toEqual({ ok: true });
    expect(node.calls).toHaveLength(1);
    expect(node.audited.map(({ result, requestId }) => [result, requestId])).toEqual([
      ['ERR_CTL_TIMEOUT', 'r1'],
      ['done', 'r1'],
    ]);
  });

  it('is refused as the sixty-fifth at once, and taken again when one of the others is done', async () => {
    const node = new FakeNode();
    node.streams = [streamOf(1)];
    let open = (): void => undefined;
    node.gate = new Promise((resolve) => {
      open = resolve;
    });
    const dispatcher = node.dispatcher();
    const kick = () => dispatcher.run('kick', { streamId: streamOf(1).streamId }, BY);
    const first = Array.from({ length: 64 }, kick);
    expect(problem(await kick())).toMatchObject({ code: 'ERR_CTL_BUSY', status: 429, retryAfterS: 1 });
    open();
    await Promise.all(first);
    expect((await dispatcher.run('info', {}, BY)).ok).toBe(true);
  });

  it('goes on counting after its deadline, until it is done', async () => {
    const node = new FakeNode();
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const dispatcher = node.dispatcher({ authTest: { test: () => opened.then(() => ({})) } as never });
    const input = { action: 'publish', app: 'live' };
    const soon = { ...BY, deadlineMs: NOW_MS + 1 };
    const first = await Promise.all(Array.from({ length: 64 }, () => dispatcher.run('auth.test', input, soon)));
    expect(first.map((outcome) => problem(outcome).code)).toEqual(Array(64).fill('ERR_CTL_TIMEOUT'));
    expect(problem(await dispatcher.run('info', {}, BY)).code).toBe('ERR_CTL_BUSY');
    open();
    await new Promise((resolve) => setImmediate(resolve));
    expect((await dispatcher.run('info', {}, BY)).ok).toBe(true);
  });

  it('that meets a defect is answered with ERR_INTERNAL and nothing of the defect', async () => {
    const node = new FakeNode();
    const dispatcher = node.dispatcher({ authTest: { test: () => Promise.reject(new Error('canary')) } });
    const refused = problem(await dispatcher.run('auth.test', { action: 'publish', app: 'live' }, BY));
    expect(refused).toMatchObject({ code: 'ERR_INTERNAL', status: 500 });
    expect(JSON.stringify(refused)).not.toContain('canary');
  });
});

describe('a request id', () => {
  it('acts once, however often it is sent, at once or later', async () => {
    const node = new FakeNode();
    node.streams = [streamOf(1)];
    const dispatcher = node.dispatcher();
    const context = { ...BY, requestId: 'r1' };
    const input = { streamId: streamOf(1).streamId, reason: 'x' };
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => dispatcher.run('kick', input, context)));
    for (let n = 0; n < 40; n++) outcomes.push(await dispatcher.run('kick', { ...input }, context));
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    expect(node.calls).toEqual([['kickStream', streamOf(1).streamId, 'x']]);
    expect(node.audited).toHaveLength(1);
  });

  it('is refused for another body', async () => {
    const node = new FakeNode();
    node.streams = [streamOf(1)];
    const dispatcher = node.dispatcher();
    const context = { ...BY, requestId: 'r1' };
    await dispatcher.run('limit', { streamId: streamOf(1).streamId, limits: { kbps: 1 } }, context);
    const other = await dispatcher.run('limit', { streamId: streamOf(1).streamId, limits: { kbps: 2 } }, context);
    expect(problem(other)).toMatchObject({ code: 'ERR_CTL_REQUEST_REUSED', status: 422, instance: 'r1' });
  });
});

describe('a stream', () => {
  it('that has ended: kick and revoke have what they want, the rest is told when and why', async () => {
    const node = new FakeNode();
    node.ended.set('S1', { endedAt: '2026-01-01T11:59:00.000Z', reason: 'client_unpublish' });
    const dispatcher = node.dispatcher();
    expect(answer(await dispatcher.run('kick', { streamId: 'S1' }, BY))).toEqual({ ok: true, already: true });
    expect(answer(await dispatcher.run('revoke', { streamId: 'S1' }, BY))).toEqual({ ok: true, already: true });
    expect(problem(await dispatcher.run('get', { streamId: 'S1' }, BY))).toMatchObject({
      ...{ code: 'ERR_CTL_STREAM_UNKNOWN', status: 404, reason: 'client_unpublish' },
      endedAt: '2026-01-01T11:59:00.000Z',
    });
    expect(problem(await dispatcher.run('kick', { streamId: 'S2' }, BY)).status).toBe(404);
    expect(node.audited.map(({ result }) => result)).toEqual(['already', 'already', 'ERR_CTL_STREAM_UNKNOWN']);
  });

  it('that another node has is asked for there, but not by a request that came from there', async () => {
    const asked: unknown[] = [];
    const cluster: Cluster = {
      gather: async () => ({ answers: [], missing: [] }),
      endOf: async () => undefined,
      askOwner: async (streamId, verb, body) => {
        asked.push([streamId, verb, body]);
        if (streamId === 'S3') throw new RefusedElsewhere(problemOf('ERR_CTL_BUSY'));
        return streamId === 'S2' ? { ok: true, banned: { kind: 'key', value: 'k', untilMs: 1 } } : undefined;
      },
    };
    const dispatcher = new FakeNode().dispatcher({ cluster });
    expect(answer(await dispatcher.run('kick', { streamId: 'S2' }, BY))).toMatchObject({ banned: { kind: 'key' } });
    expect(problem(await dispatcher.run('kick', { streamId: 'S1' }, BY)).code).toBe('ERR_CTL_STREAM_UNKNOWN');
    expect(problem(await dispatcher.run('kick', { streamId: 'S3' }, BY)).code).toBe('ERR_CTL_BUSY');
    expect(problem(await dispatcher.run('kick', { streamId: 'S2' }, { ...BY, isFromBus: true })).status).toBe(404);
    expect(asked).toHaveLength(3);
    expect(asked[0]).toEqual(['S2', 'kick', { reason: 'by the operator' }]);
  });

  it('is kicked after its publisher was banned: by principal, else by key, else by address', async () => {
    const node = new FakeNode();
    const kick = async (more: object) => {
      node.streams = [streamOf(1, more)];
      return answer(await node.dispatcher().run('kick', { streamId: streamOf(1).streamId, banTtlMs: 60_000 }, BY));
    };
    const untilMs = NOW_MS + 60_000;
    expect(await kick({ principal: 'ann', keyFingerprint: '9f86d081' })).toEqual({
      ...{ ok: true, banned: { kind: 'principal', value: 'ann', untilMs } },
    });
    expect(await kick({ principal: 'peer:192.0.2.1', keyFingerprint: '9f86d081' })).toMatchObject({
      banned: { kind: 'key', value: '9f86d081' },
    });
    expect(await kick({})).toMatchObject({ banned: { kind: 'address', value: '192.0.2.1' } });
    expect(node.calls.slice(0, 2).map(([method]) => method)).toEqual(['ban', 'kickStream']);
    expect(node.bans[0]).toMatchObject({ by: 'ops', reason: 'by the operator' });
  });

  it('has at most 16 labels, those that it has counted in', async () => {
    const node = new FakeNode();
    const labels = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`l${n}`, 'x']));
    node.streams = [streamOf(1, { labels })];
    const dispatcher = node.dispatcher();
    const { streamId } = streamOf(1);
    expect(problem(await dispatcher.run('label', { streamId, labels: { more: 'x' } }, BY))).toMatchObject({
      ...{ status: 400, errors: [{ pointer: '/labels' }] },
    });
    expect((await dispatcher.run('label', { streamId, labels: { more: 'x', l0: null } }, BY)).ok).toBe(true);
  });
});

describe('a ticket of a job', () => {
  const { streamId } = streamOf(1);
  const run = { template: 'record', token: 7 };
  const ask = async (
    more: Partial<Ports>,
    live: string | typeof TICKET | ((...given: unknown[]) => unknown) = TICKET,
  ) => {
    const node = new FakeNode();
    node.streams = [streamOf(1)];
    const ports = node.ports(more);
    const issued = { ...ports.live, ticket: typeof live === 'function' ? live : () => live } as Ports['live'];
    return node.dispatcher({ ...more, live: issued }).run('ticket', { streamId, ...run }, BY);
  };

  it('is issued to whoever asks where there are no records', async () => {
    expect(answer(await ask({}))).toEqual({ ok: true, ...TICKET });
  });

  it('is issued to the run that holds the job by its record, and to no other', async () => {
    const asked: unknown[] = [];
    const records = (isHeld: boolean) => ({
      isHeldBy: async (...what: unknown[]) => {
        asked.push(what);
        return isHeld;
      },
    });
    expect(answer(await ask({ jobRecords: records(true) }))).toEqual({ ok: true, ...TICKET });
    expect(problem(await ask({ jobRecords: records(false) }))).toMatchObject({ code: 'ERR_JOB_FENCED', status: 409 });
    expect(asked).toEqual([
      [streamId, run],
      [streamId, run],
    ]);
  });

  it('is issued for a lower token than was seen when the records say twice that it holds the job', async () => {
    const isAnew: unknown[] = [];
    const answers = (holds: boolean[]) => ({ isHeldBy: async () => holds.shift() ?? false });
    const askLower = (holds: boolean[]) =>
      ask({ jobRecords: answers(holds) }, (...given: unknown[]) => {
        isAnew.push(given[2]);
        return given[2] === true ? TICKET : 'fenced';
      });
    expect(answer(await askLower([true, true]))).toEqual({ ok: true, ...TICKET });
    expect(problem(await askLower([true, false])).code).toBe('ERR_JOB_FENCED');
    expect(isAnew).toEqual([undefined, true, undefined]);
  });

  it('is not issued while the records cannot be read', async () => {
    const isHeldBy = async () => {
      throw new SluiceError('ERR_CTL_BUS_DOWN', 'away');
    };
    expect(problem(await ask({ jobRecords: { isHeldBy } }))).toMatchObject({ code: 'ERR_CTL_BUS_DOWN', status: 503 });
  });

  it.each([
    ['fenced', 'ERR_JOB_FENCED'],
    ['full', 'ERR_CTL_CONFLICT'],
    ['unknown', 'ERR_CTL_STREAM_UNKNOWN'],
  ])('that the node answers with %s is refused with %s', async (live, code) => {
    expect(problem(await ask({}, live)).code).toBe(code);
  });

  it.each([
    [{ template: 'Record', token: 7 }, '/template'],
    [{ template: 'x'.repeat(49), token: 7 }, '/template'],
    [{ template: '', token: 7 }, '/template'],
    [{ template: 'a.b', token: 7 }, '/template'],
    [{ template: 'record', token: 0 }, '/token'],
    [{ template: 'record', token: 1.5 }, '/token'],
    [{ template: 'record', token: 2 ** 53 }, '/token'],
    [{ template: 'record', token: '7' }, '/token'],
    [{ template: 'record' }, '/token'],
  ])('is not issued for %j', async (body, pointer) => {
    const outcome = await new FakeNode().dispatcher().run('ticket', { streamId, ...body }, BY);
    expect(problem(outcome)).toMatchObject({ code: 'ERR_CTL_BAD_REQUEST', errors: [{ pointer }] });
  });
});

describe('a list of all nodes', () => {
  const cluster = (answers: readonly object[], missing: readonly string[] = []): Cluster => ({
    gather: async () => ({ answers: answers as never, missing }),
    askOwner: async () => undefined,
    endOf: async () => undefined,
  });
  const part = (nodeId: string, ...numbers: number[]) => ({
    ok: true,
    nodeId,
    streams: numbers.map((n) => streamOf(n)),
  });

  it('has the items of each with its node, in one order, and goes on behind a cursor', async () => {
    const dispatcher = new FakeNode().dispatcher({ cluster: cluster([part('b', 2, 3), part('a', 1)]) });
    const first = answer(await dispatcher.gather('streams.list', { limit: 2 }, BY));
    expect(first).toMatchObject({
      ...{ ok: true, partial: false, missing: [], cursor: expect.any(String) },
      items: [
        { name: 'cam1', nodeId: 'a' },
        { name: 'cam2', nodeId: 'b' },
      ],
    });
    const rest = answer(await dispatcher.gather('streams.list', { limit: 2, cursor: first['cursor'] }, BY));
    expect(rest).toMatchObject({ items: [{ name: 'cam3' }] });
    expect(rest).not.toHaveProperty('cursor');
  });

  it('goes on when one node has more than it may send at once', async () => {
    const dispatcher = new FakeNode().dispatcher({
      cluster: cluster([{ ...part('a', 1, 2), cursor: Buffer.from(streamOf(2).streamId).toString('base64url') }]),
    });
    expect(answer(await dispatcher.gather('streams.list', { limit: 2 }, BY))).toHaveProperty('cursor');
  });

  it('says who is missing, and is partial also when one refuses', async () => {
    const gone = new FakeNode().dispatcher({ cluster: cluster([part('a', 1)], ['b']) });
    expect(answer(await gone.gather('streams.list', {}, BY))).toMatchObject({ partial: true, missing: ['b'] });
    const refused = new FakeNode().dispatcher({ cluster: cluster([part('a', 1), problemOf('ERR_CTL_BUSY')]) });
    expect(answer(await refused.gather('streams.list', {}, BY))).toMatchObject({ partial: true, missing: [] });
  });

  it('cannot be had without NATS', async () => {
    expect(problem(await new FakeNode().dispatcher().gather('nodes.list', {}, BY)).code).toBe('ERR_CTL_BUS_DOWN');
  });
});

describe('the audit', () => {
  it('names who, what and the outcome, and no secret', async () => {
    const node = new FakeNode();
    node.streams = [streamOf(1)];
    const dispatcher = node.dispatcher();
    const { streamId } = streamOf(1);
    await dispatcher.run('send', { streamId, handler: 'onTextData', values: ['canary'] }, { ...BY, requestId: 'r1' });
    await dispatcher.run('config.set', { patch: { auth: { salt: 'canary' }, log: { level: 'debug' } } }, BY);
    await dispatcher.run('streams.kick', { name: 'canary' }, BY);
    await dispatcher.run('reconnect', { streamId, tcUrl: 'rtmp://other/live?token=canary' }, BY);
    await dispatcher.run('ticket', { streamId, template: 'record', token: 7 }, BY);
    await dispatcher.run('streams.list', {}, BY);
    await dispatcher.run('kick', { streamId, reason: 7 }, BY);
    expect(node.audited).toMatchObject([
      { verb: 'send', actor: 'ops', requestId: 'r1', target: { streamId, handler: 'onTextData' }, result: 'done' },
      { verb: 'config.set', target: { keys: ['auth.salt', 'log.level'] } },
      { verb: 'streams.kick', target: { name: '***' }, result: 'already' },
      { verb: 'reconnect', target: { tcUrl: 'rtmp://other/live' } },
      { verb: 'ticket', target: { streamId, template: 'record', token: 7 }, result: 'done' },
    ]);
    expect(JSON.stringify(node.audited)).not.toContain('jt=');
    expect(JSON.stringify(node.audited)).not.toContain('canary');
  });
});
