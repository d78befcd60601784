import { connect, type NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawnNode } from '../support/cluster/spawn-node.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { RawRtmp, statusOf } from '../support/rtmp-client.js';
import type { TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

/** The last one runs for one test only. */
const [NODES, ALL] = [
  ['n1', 'n2', 'n3'],
  ['n1', 'n2', 'n3', 'n4'],
];
/** A node takes 20 starts under one name at once: of each round a third. */
const ROUNDS = 2;
const CONTENDERS = 20;

let nats: NatsServer;
let watcher: NatsConnection;
const servers: TestServer[] = [];
const folders = ALL.map(() => tempDir('cluster'));
const clients: RawRtmp[] = [];

function spawn(node: number): Promise<TestServer> {
  const settings = { 'cluster.claimTimeoutMs': 1000 };
  return spawnNode({ nats: nats.url, id: ALL[node]!, data: folders[node]!, settings });
}

beforeAll(async () => {
  nats = await startNats();
  servers.push(...(await Promise.all(NODES.map((_, node) => spawn(node)))));
  watcher = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  await Promise.all(servers.map((server) => server.stop()));
  await watcher.close();
  await nats.stop();
  for (const folder of folders) removeTempDir(folder);
});

async function client(server: TestServer): Promise<RawRtmp> {
  const opened = await RawRtmp.connected({ port: server.rtmpPort });
  clients.push(opened);
  return opened;
}

/** Publishes. @returns the code of the answer, and what it says */
async function publish(rtmp: RawRtmp, name: string): Promise<{ code: string; says: string }> {
  const id = await rtmp.createStream();
  const from = rtmp.received.length;
  rtmp.command(id, 'publish', 0, null, name, 'live');
  const message = await waitFor(
    () => rtmp.received.slice(from).find((received) => String(statusOf(received).code).startsWith('NetStream.Publish')),
    { what: () => `an answer to the publish of ${name}; ${rtmp.describe()}` },
  );
  const { code, description } = statusOf(message);
  return { code: String(code), says: String(description) };
}

interface Owner {
  readonly state: string;
  readonly nodeId: string;
  readonly streamId: string;
  readonly revision: number;
}

/** What the registry holds of a name. */
async function ownerOf(name: string): Promise<Owner | undefined> {
  const manager = await watcher.jetstreamManager();
  const held = await manager.streams
    .getMessage('KV_SLUICE_OWNERS', { last_by_subj: `$KV.SLUICE_OWNERS.live.${name}` })
    .catch(() => undefined);
  return held === undefined ? undefined : { ...held.json<Owner>(), revision: held.seq };
}

interface Told {
  readonly name: string;
  readonly streamId: string;
  readonly nodeId: string;
  readonly epoch: number;
  readonly registry: string;
  readonly reason: string;
}

/** What JetStream holds of one type about a name, in order. */
async function told(verb: 'started' | 'ended', name: string): Promise<Told[]> {
  const manager = await watcher.jetstreamManager();
  const { state } = await manager.streams.info('SLUICE_EVENTS');
  const found: Told[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await manager.streams.getMessage('SLUICE_EVENTS', { seq });
    const { type, data } = message.json<{ type: string; data: Told }>();
    if (type === `io.sluice.stream.${verb}` && data.name === name) found.push(data);
  }
  return found;
}

describe('a name in a cluster', () => {
  it(`has one publisher of ${CONTENDERS} that race for it over three nodes`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const contenders = await Promise.all(
        Array.from({ length: CONTENDERS }, (_, i) => client(servers[(i + round) % NODES.length]!)),
      );
      const answers = await Promise.all(contenders.map((rtmp) => publish(rtmp, 'race')));
      const codes = answers.map(({ code }) => code).sort();
      expect(codes).toEqual([
        ...Array.from({ length: CONTENDERS - 1 }, () => 'NetStream.Publish.BadName'),
        'NetStream.Publish.Start',
      ]);
      const owner = await ownerOf('race');
      expect(owner).toMatchObject({ state: 'live' });
      for (const rtmp of contenders) rtmp.destroy();
      await waitFor(async () => (await ownerOf('race'))?.state === 'released', { what: 'the name to be released' });
    }
    const starts = await told('started', 'race');
    expect(starts).toHaveLength(ROUNDS);
    expect(new Set(starts.map(({ registry }) => registry)).size).toBe(1);
    for (let i = 1; i < starts.length; i++) expect(starts[i]!.epoch).toBeGreaterThan(starts[i - 1]!.epoch);
  });

  it('goes to another node once its own one answers in no way, and back to that at once when it starts again', async () => {
    expect(await publish(await client(servers[0]!), 'lost')).toMatchObject({ code: 'NetStream.Publish.Start' });
    expect(await publish(await client(servers[0]!), 'kept')).toMatchObject({ code: 'NetStream.Publish.Start' });
    await servers[0]!.child.stop('SIGKILL');
    expect(await publish(await client(servers[1]!), 'lost')).toMatchObject({ code: 'NetStream.Publish.Start' });
    expect(await ownerOf('lost')).toMatchObject({ nodeId: 'n2', state: 'live' });
    servers[0] = await spawn(0);
    expect(await publish(await client(servers[0]!), 'lost')).toMatchObject({ code: 'NetStream.Publish.BadName' });
    expect(await publish(await client(servers[0]!), 'kept')).toMatchObject({ code: 'NetStream.Publish.Start' });
    const epochs = (await told('started', 'kept')).map(({ epoch }) => epoch);
    expect(epochs).toHaveLength(2);
    expect(epochs[1]).toBeGreaterThan(epochs[0]!);
  });

  it('is lost to a node that stood still, whose stream ends once it goes on', async () => {
    const old = await client(servers[2]!);
    expect(await publish(old, 'frozen')).toMatchObject({ code: 'NetStream.Publish.Start' });
    servers[2]!.child.signal('SIGSTOP');
    try {
      expect(await publish(await client(servers[1]!), 'frozen')).toMatchObject({ code: 'NetStream.Publish.Start' });
    } finally {
      servers[2]!.child.signal('SIGCONT');
    }
    await old.status('NetStream.Publish.BadName');
    const ends = await waitFor(
      async () => {
        const seen = await told('ended', 'frozen');
        return seen.length > 0 ? seen : undefined;
      },
      { what: 'the end of the stream of the node that stood still' },
    );
    // The start of the one that stood still may be stored later than the other: epochs order them.
    const starts = (await told('started', 'frozen')).sort((a, b) => a.epoch - b.epoch);
    const [first, second] = starts;
    expect(starts.map(({ nodeId }) => nodeId)).toEqual(['n3', 'n2']);
    expect(ends).toMatchObject([{ reason: 'takeover', nodeId: 'n3', streamId: first!.streamId }]);
    expect(second!.epoch).toBeGreaterThan(first!.epoch);
    expect(await ownerOf('frozen')).toMatchObject({ state: 'live', nodeId: 'n2', revision: second!.epoch });
  });

  it('is free at once when its node stops in order', async () => {
    const stopping = await spawn(3);
    expect(await publish(await client(stopping), 'stopped')).toMatchObject({ code: 'NetStream.Publish.Start' });
    await stopping.stop();
    expect(await ownerOf('stopped')).toMatchObject({ state: 'released', nodeId: 'n4' });
    expect(await publish(await client(servers[1]!), 'stopped')).toMatchObject({ code: 'NetStream.Publish.Start' });
  });

  it('is refused with a code of its own while the registry is away, and to be had again afterwards', async () => {
    const publisher = await client(servers[1]!);
    const id = await publisher.publish('running');
    await nats.kill();
    const refused = await publish(await client(servers[2]!), 'new');
    expect(refused).toMatchObject({ code: 'NetStream.Publish.Rejected' });
    expect(refused.says).toContain('ERR_CLUSTER_REGISTRY_DOWN');
    const ready = await fetch(servers[2]!.http('/readyz'));
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain('cluster.onRegistryDown');
    await nats.start();
    await waitFor(async () => (await fetch(servers[2]!.http('/readyz'))).ok, { what: 'the node to be ready again' });
    expect(await publish(await client(servers[2]!), 'new')).toMatchObject({ code: 'NetStream.Publish.Start' });
    expect(await publish(await client(servers[2]!), 'running')).toMatchObject({ code: 'NetStream.Publish.BadName' });
    expect(publisher.closed).toBe(false);
    expect(id).toBeGreaterThan(0);
    expect(await servers[2]!.metric('sluice_cluster_claims_total', 'outcome="registry_down"')).toBe(1);
  });
});
