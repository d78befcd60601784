import { describe, expect, it } from 'vitest';
import { NatsControl } from '../../../../src/control/client/nats-control.js';
import { NatsCluster } from '../../../../src/control/nats/nats-cluster.js';
import { HEADERS } from '../../../../src/control/nats/subjects.js';
import { problemOf } from '../../../../src/core/problem.js';
import { FakeBus, type FakeRequests } from '../../../support/control/fake-requests.js';

/** Nodes that answer each subject with what `answers` has for it, and a client that asks them. */
function clientOf(
  nodes: Readonly<Record<string, Readonly<Record<string, object>>>>,
  o: { frozen?: string; ended?: string } = {},
) {
  const bus = new FakeBus();
  for (const [nodeId, answers] of Object.entries(nodes)) {
    const requests = bus.client();
    requests.isFrozen = nodeId === o.frozen;
    for (const [subject, answer] of Object.entries(answers))
      requests.subscribe(subject, undefined, (message) => {
        message.reply(Buffer.from(JSON.stringify(answer)), { [HEADERS.nodeId]: nodeId });
      });
  }
  const requests = bus.client();
  return { requests, client: clientOn(bus, Object.keys(nodes), { requests, ended: o.ended }) };
}

/** A client that asks the nodes of a bus. */
function clientOn(
  bus: FakeBus,
  nodeIds: readonly string[],
  o: { requests?: FakeRequests; ended?: string | undefined } = {},
) {
  const cluster = new NatsCluster({
    ...{ requests: o.requests ?? bus.client(), prefix: 'p', clock: { wallMs: () => 0, monotonicMs: () => 0 } },
    directory: {
      nodes: async () => ({ value: nodeIds.map((nodeId) => ({ nodeId }) as never) }),
      endOf: async (id) => ({ value: id === o.ended ? { endedAt: 't', reason: 'kicked' } : undefined }),
    },
  });
  return new NatsControl('nats://x', cluster, 'cli:me', async () => undefined);
}

const listed = (nodeId: string, ...ids: string[]) => ({
  ...{ ok: true, nodeId, streams: ids.map((streamId) => ({ streamId })) },
});
const kicked = (nodeId: string, ...ids: string[]) => ({
  ...{ ok: true, nodeId, matched: ids.length, kicked: ids, ...(ids.length === 0 ? { already: true } : {}) },
});
const unknown = problemOf('ERR_CTL_STREAM_UNKNOWN', 'P1');

describe('operations over NATS', () => {
  it('on lists are put together from all nodes, with those that are missing named', async () => {
    const nodes = {
      n1: { 'p.ctl.all.streams.list': listed('n1', 'S2') },
      n2: { 'p.ctl.all.streams.list': listed('n2', 'S1') },
      n3: { 'p.ctl.all.streams.list': listed('n3') },
    };
    const items = [
      { streamId: 'S1', nodeId: 'n2' },
      { streamId: 'S2', nodeId: 'n1' },
    ];
    const whole = await clientOf(nodes).client.ask('streams.list', {});
    expect(whole).toMatchObject({ ok: true, answer: { items, partial: false, missing: [] } });
    const part = await clientOf(nodes, { frozen: 'n3' }).client.ask('streams.list', {});
    expect(part).toMatchObject({ ok: true, answer: { items, partial: true, missing: ['n3'] } });
  });

  it('on one stream go to its owner, with an id and an actor', async () => {
    const { client, requests } = clientOf({ n1: { 'p.ctl.s.S1.kick': { ok: true } } });
    expect(await client.ask('kick', { streamId: 'S1' }, { requestId: 'r1' })).toEqual({
      ok: true,
      answer: { ok: true },
    });
    expect(requests.sent[0]?.headers).toEqual({ 'Sluice-Actor': 'cli:me', 'Sluice-Request-Id': 'r1' });
  });

  it('that end a stream are done when it has ended; others are refused with its end', async () => {
    const { client } = clientOf({ n1: {} }, { ended: 'S1' });
    expect(await client.ask('kick', { streamId: 'S1' })).toEqual({ ok: true, answer: { ok: true, already: true } });
    expect(await client.ask('get', { streamId: 'S1' })).toMatchObject({
      ...{ ok: false, problem: { code: 'ERR_CTL_STREAM_UNKNOWN', status: 404, endedAt: 't', reason: 'kicked' } },
    });
    const { client: others } = clientOf({ n1: { 'p.ctl.all.nodes.list': { ok: true } }, n2: {} });
    expect(await others.ask('kick', { streamId: 'S2' })).toMatchObject({
      ...{ ok: false, problem: { code: 'ERR_CTL_OWNER_UNREACHABLE', status: 503, missing: ['n2'] } },
    });
    const { client: all } = clientOf({ n1: { 'p.ctl.all.nodes.list': { ok: true } } });
    expect(await all.ask('kick', { streamId: 'S2' })).toMatchObject({
      ...{ ok: false, problem: { code: 'ERR_CTL_STREAM_UNKNOWN', status: 404 } },
    });
  });

  it('on all nodes are added up, and partial when one refuses or is missing', async () => {
    const subject = 'p.ctl.all.streams.kick';
    const both = { n1: { [subject]: kicked('n1', 'a', 'b') }, n2: { [subject]: kicked('n2') } };
    expect(await clientOf(both).client.ask('streams.kick', { app: 'live' })).toEqual({
      ...{ ok: true, answer: { ok: true, matched: 2, kicked: ['a', 'b'], partial: false, missing: [] } },
    });
    const refusing = { ...both, n2: { [subject]: problemOf('ERR_CTL_BUSY') } };
    expect(await clientOf(refusing).client.ask('streams.kick', {})).toMatchObject({ answer: { partial: true } });
    const frozen = await clientOf(both, { frozen: 'n2' }).client.ask('streams.kick', {});
    expect(frozen).toMatchObject({ answer: { matched: 2, partial: true, missing: ['n2'] } });
  });

  it('that are confirmed by a number hold each node to what it has counted', async () => {
    const bus = new FakeBus();
    const bodies: Record<string, unknown>[] = [];
    for (const [nodeId, matched] of [['n1', 2] as const, ['n2', 1] as const, ['n3', 0] as const])
      bus.client().subscribe('p.ctl.all.streams.kick', undefined, (message) => {
        const body = JSON.parse(Buffer.from(message.body).toString()) as Record<string, unknown>;
        if (nodeId === 'n1') bodies.push(body);
        const ids = Array.from({ length: matched }, (_, i) => `${nodeId}-${i}`);
        const answer = { ...kicked(nodeId, ...ids), ...(body['dryRun'] === true ? { kicked: [] } : {}) };
        message.reply(Buffer.from(JSON.stringify(answer)), { [HEADERS.nodeId]: nodeId });
      });
    const client = clientOn(bus, ['n1', 'n2', 'n3']);
    expect(await client.ask('streams.kick', { app: 'live', confirm: 2 })).toMatchObject({
      problem: { code: 'ERR_CTL_CONFLICT', status: 409, count: 3, counts: { n1: 2, n2: 1 } },
    });
    expect(bodies).toEqual([{ app: 'live', dryRun: true }]);
    expect(await client.ask('streams.kick', { app: 'live', confirm: 3 })).toMatchObject({ answer: { matched: 3 } });
    expect(bodies[2]).toEqual({ app: 'live', confirm: { n1: 2, n2: 1 } });
  });

  it('are refused when every node refuses, and time out when none answers', async () => {
    const subject = 'p.ctl.all.streams.kick';
    const conflict = problemOf('ERR_CTL_CONFLICT', 'two', { count: 2 });
    const { client } = clientOf({ n1: { [subject]: conflict }, n2: { [subject]: conflict } });
    expect(await client.ask('streams.kick', {})).toEqual({ ok: false, problem: conflict });
    const silent = clientOf({ n1: { [subject]: kicked('n1') } }, { frozen: 'n1' }).client;
    expect(await silent.ask('streams.kick', {})).toMatchObject({ ok: false, problem: { code: 'ERR_CTL_TIMEOUT' } });
  });

  it('on one play are whole when its node has done it, whatever the others say', async () => {
    const subject = 'p.ctl.all.plays.kick';
    const nodes = { n1: { [subject]: unknown }, n2: { [subject]: kicked('n2', 'P1') } };
    expect(await clientOf(nodes).client.ask('plays.kick', { playId: 'P1' })).toMatchObject({
      ...{ ok: true, answer: { kicked: ['P1'], partial: false, missing: [] } },
    });
    const none = clientOf({ n1: { [subject]: unknown } }).client;
    expect(await none.ask('plays.kick', { playId: 'P1' })).toEqual({ ok: false, problem: unknown });
  });

  it('on one node need its name where there are several, but for bans, which are the same everywhere', async () => {
    const answers = (id: string) => ({
      [`p.ctl.n.${id}.info`]: { ok: true, nodeId: id },
      [`p.ctl.n.${id}.bans.list`]: { ok: true, bans: [] },
      'p.ctl.all.config.get': { ok: true, nodeId: id, config: {} },
    });
    const one = clientOf({ n1: answers('n1') }).client;
    expect(await one.ask('info', {})).toEqual({ ok: true, answer: { ok: true, nodeId: 'n1' } });
    const { client } = clientOf({ n1: answers('n1'), n2: answers('n2') });
    expect(await client.ask('info', {}, { nodeId: 'n2' })).toEqual({ ok: true, answer: { ok: true, nodeId: 'n2' } });
    expect(await client.ask('bans.list', {})).toEqual({ ok: true, answer: { ok: true, bans: [] } });
    for (const verb of ['info', 'config.get'] as const) {
      const unnamed = await client.ask(verb, {});
      expect(unnamed).toMatchObject({ ok: false, problem: { code: 'ERR_CTL_BAD_REQUEST' } });
      expect(JSON.stringify(unnamed)).toContain('n1, n2');
    }
    expect(await clientOf({}).client.ask('info', {})).toMatchObject({ problem: { code: 'ERR_CTL_NODE_UNKNOWN' } });
  });
});
