import { describe, expect, it } from 'vitest';
import { NatsCluster } from '../../../../src/control/nats/nats-cluster.js';
import { HEADERS } from '../../../../src/control/nats/subjects.js';
import { RefusedElsewhere } from '../../../../src/control/ports.js';
import { problemOf } from '../../../../src/core/problem.js';
import { FakeBus } from '../../../support/control/fake-requests.js';

const CONTEXT = { actor: 'a test' };

/** Nodes that answer everything with their id, and a cluster that knows them. */
function clusterOf(nodeIds: readonly string[], o: { listed?: readonly string[]; ended?: readonly string[] } = {}) {
  const bus = new FakeBus();
  const nodes = new Map(
    nodeIds.map((nodeId) => {
      const requests = bus.client();
      const take = (subject: string): void => {
        requests.subscribe(subject, undefined, (message) => {
          message.reply(Buffer.from(JSON.stringify({ ok: true, from: nodeId })), { [HEADERS.nodeId]: nodeId });
        });
      };
      take('p.ctl.all.>');
      take(`p.ctl.n.${nodeId}.>`);
      return [nodeId, requests];
    }),
  );
  const requests = bus.client();
  const cluster = new NatsCluster({
    ...{ requests, prefix: 'p', clock: { wallMs: () => 1000, monotonicMs: () => 0 } },
    directory: {
      nodes: async () => ({ value: (o.listed ?? nodeIds).map((nodeId) => ({ nodeId }) as never) }),
      endOf: async (streamId) => ({
        value: o.ended?.includes(streamId) === true ? { endedAt: 't', reason: 'kicked' } : undefined,
      }),
    },
  });
  return { bus, nodes, requests, cluster };
}

/** The code of what a promise rejects with. */
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'resolved',
    (error: { code?: unknown }) => error.code,
  );

describe('the nodes of a cluster', () => {
  it('are all asked, and all have answered when nobody is missing', async () => {
    const { cluster } = clusterOf(['n2', 'n1']);
    expect(await cluster.gather('streams.list', {}, CONTEXT, 1000)).toEqual({
      answers: [
        { ok: true, from: 'n1' },
        { ok: true, from: 'n2' },
      ],
      missing: [],
    });
  });

  it('are named when they do not answer in time', async () => {
    const { cluster, nodes } = clusterOf(['n1', 'n2', 'n3']);
    nodes.get('n2')!.isFrozen = true;
    const { answers, missing } = await cluster.gather('streams.list', {}, CONTEXT, 1000);
    expect([answers.length, missing]).toEqual([2, ['n2']]);
  });

  it('are waited for as long as the caller waits, less the time in which it was read which there are', async () => {
    for (const [readMs, timeoutMs] of [
      [0, 1000],
      [300, 700],
      [5000, 500],
    ] as const) {
      const requests = new FakeBus().client();
      let nowMs = 0;
      const cluster = new NatsCluster({
        ...{ requests, prefix: 'p', clock: { wallMs: () => 0, monotonicMs: () => nowMs } },
        directory: {
          nodes: async () => {
            nowMs += readMs;
            return { value: [] };
          },
          endOf: async () => ({ value: undefined }),
        },
      });
      await cluster.gather('streams.list', {}, CONTEXT, 1000);
      expect(requests.sent).toMatchObject([{ timeoutMs }]);
    }
  });

  it('are all missing when nobody listens, and a node that is not listed yet counts besides', async () => {
    expect(await clusterOf([], { listed: ['n1'] }).cluster.gather('streams.list', {}, CONTEXT, 1000)).toEqual({
      ...{ answers: [], missing: ['n1'] },
    });
    const { answers } = await clusterOf(['n1', 'new'], { listed: ['n1'] }).cluster.gather('info', {}, CONTEXT, 1);
    expect(answers.length).toBeGreaterThan(0);
  });

  it('answer once each: a second answer and one of another program are left out', async () => {
    const { bus, cluster } = clusterOf(['n1', 'n2']);
    bus.client().subscribe('p.ctl.all.>', undefined, (message) => {
      message.reply(Buffer.from('hello'), { [HEADERS.nodeId]: 'n2' });
      message.reply(Buffer.from('{"ok":true}'), {});
    });
    const { answers } = await cluster.gather('streams.list', {}, CONTEXT, 1000);
    expect(answers).toEqual([
      { ok: true, from: 'n1' },
      { ok: true, from: 'n2' },
    ]);
  });

  it('are asked one by one, with the id, the actor and the deadline of the request', async () => {
    const { cluster, requests } = clusterOf(['n1', 'n2']);
    const context = { actor: 'käthe', requestId: 'r1', deadlineMs: 1300 };
    expect(await cluster.askNode('n2', 'info', {}, context)).toEqual({ ok: true, from: 'n2' });
    expect(requests.sent).toEqual([
      {
        ...{ subject: 'p.ctl.n.n2.info', timeoutMs: 300 },
        headers: { 'Sluice-Actor': 'k?the', 'Sluice-Request-Id': 'r1', 'Sluice-Deadline': '1300' },
      },
    ]);
  });

  it('are waited for longer when the request says itself how long it may take', async () => {
    const { cluster, requests } = clusterOf(['n1']);
    await cluster.askNode('n1', 'plays.call', { timeoutMs: 20_000 }, CONTEXT);
    expect(requests.sent[0]?.timeoutMs).toBe(21_000);
  });

  it('refuse in their own words', async () => {
    const { bus, cluster } = clusterOf([]);
    const problem = problemOf('ERR_CTL_CONFLICT', 'no');
    bus.client().subscribe('p.ctl.n.n1.drain', undefined, (message) => {
      message.reply(Buffer.from(JSON.stringify(problem)));
    });
    const refused = await cluster.askNode('n1', 'drain', {}, CONTEXT).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RefusedElsewhere);
    expect((refused as RefusedElsewhere).problem).toEqual(problem);
  });

  it('are unknown, silent or out of reach, each with its code', async () => {
    const { bus, cluster, nodes, requests } = clusterOf(['n1']);
    expect(await codeOf(cluster.askNode('n9', 'info', {}, CONTEXT))).toBe('ERR_CTL_NODE_UNKNOWN');
    nodes.get('n1')!.isFrozen = true;
    expect(await codeOf(cluster.askNode('n1', 'info', {}, CONTEXT))).toBe('ERR_CTL_TIMEOUT');
    bus.client().subscribe('p.ctl.n.n8.info', undefined, (message) => message.reply(Buffer.from('hello')));
    expect(await codeOf(cluster.askNode('n8', 'info', {}, CONTEXT))).toBe('ERR_CTL_BUS_DOWN');
    requests.isConnected = false;
    expect(await codeOf(cluster.askNode('n1', 'info', {}, CONTEXT))).toBe('ERR_CTL_BUS_DOWN');
    expect(await codeOf(cluster.gather('info', {}, CONTEXT, 1))).toBe('ERR_CTL_BUS_DOWN');
  });

  it('cannot be gathered from when it is not known which there are: no answer is partial in silence', async () => {
    const { requests } = clusterOf(['n1']);
    const trouble = { trouble: 'SLUICE_NODES: PERMISSIONS_VIOLATION' };
    const cluster = new NatsCluster({
      ...{ requests, prefix: 'p', clock: { wallMs: () => 0, monotonicMs: () => 0 } },
      directory: { nodes: async () => trouble, endOf: async () => trouble },
    });
    expect(await codeOf(cluster.gather('streams.list', {}, CONTEXT, 1000))).toBe('ERR_CTL_BUS_DOWN');
    expect(await cluster.endOf('S1')).toBeUndefined();
  });
});

describe('the owner of a stream', () => {
  it('answers for it', async () => {
    const { bus, cluster } = clusterOf([]);
    bus
      .client()
      .subscribe('p.ctl.s.S1.*', undefined, (message) => message.reply(Buffer.from('{"ok":true,"app":"live"}')));
    expect(await cluster.askOwner('S1', 'get', {}, CONTEXT)).toEqual({ ok: true, app: 'live' });
  });

  it('is nobody when the stream has ended, and when every node answers and none has it', async () => {
    const { cluster } = clusterOf(['n1', 'n2'], { ended: ['S1'] });
    expect(await cluster.askOwner('S1', 'get', {}, CONTEXT)).toBeUndefined();
    expect(await cluster.endOf('S1')).toEqual({ endedAt: 't', reason: 'kicked' });
    expect(await cluster.askOwner('S2', 'get', {}, CONTEXT)).toBeUndefined();
  });

  it('is out of reach when its end is not known and a node does not answer, or none is known', async () => {
    const { cluster, nodes } = clusterOf(['n1', 'n2']);
    nodes.get('n2')!.isFrozen = true;
    expect(await cluster.askOwner('S2', 'get', {}, CONTEXT).catch((error: unknown) => error)).toMatchObject({
      ...{ code: 'ERR_CTL_OWNER_UNREACHABLE', details: { streamId: 'S2', missing: ['n2'] } },
    });
    const nobody = clusterOf([]).cluster;
    expect(await codeOf(nobody.askOwner('S2', 'get', {}, CONTEXT))).toBe('ERR_CTL_OWNER_UNREACHABLE');
  });

  it('that does not answer is told as a time-out: the request may have been carried out', async () => {
    const { bus, cluster } = clusterOf([]);
    bus.client().subscribe('p.ctl.s.S1.*', undefined, () => undefined);
    expect(await codeOf(cluster.askOwner('S1', 'kick', {}, CONTEXT))).toBe('ERR_CTL_TIMEOUT');
  });
});
