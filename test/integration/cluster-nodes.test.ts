import type { JetStreamManager, NatsConnection } from 'nats';
import { expect, it } from 'vitest';
import { main } from '../../src/cli/main.js';
import { systemClock } from '../../src/core/clock.js';
import { newId } from '../../src/core/ids.js';
import { EventLayer } from '../../src/events/event-layer.js';
import { TestIo } from '../support/cli/test-io.js';
import { afterwards, client, publish } from '../support/event-layer.js';
import { RecordingLog } from '../support/events-parts.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const TIMES = { leaseMs: 1200, heartbeatMs: 400 };
const SECRET = 'a secret of the nodes';

async function broker(): Promise<NatsServer> {
  const server = await startNats();
  afterwards(() => server.stop());
  return server;
}

/** The event layer of a node, with a short lease, once its heartbeat is there. */
async function node(server: NatsServer, nodeId: string, inCluster = false) {
  const [log, twins] = [new RecordingLog(), [] as string[]];
  const deps = { log, clock: systemClock, nodeId, bootId: newId() };
  const options = { dir: tempDir('events'), nats: { urls: [server.url] }, ...TIMES };
  const layer = await EventLayer.open(options, deps);
  afterwards(() => layer.close(100));
  const bus = layer.bus!;
  bus.onOlderTwin = (bootId) => twins.push(bootId);
  if (inCluster) bus.announce(() => ({ version: '1' }));
  await waitFor(() => bus.state === 'ready', { what: `${nodeId} to be ready` });
  return { layer, bus, log, twins, bootId: deps.bootId };
}

async function managerOf(server: NatsServer): Promise<{ connection: NatsConnection; manager: JetStreamManager }> {
  const connection = (await client(server)).connection as NatsConnection;
  return { connection, manager: await connection.jetstreamManager() };
}

it('of six nodes three that stop at once are found lost, their streams end once, and nobody watches a bucket', async () => {
  const server = await broker();
  const { connection, manager } = await managerOf(server);
  const heard: string[] = [];
  connection.subscribe('sluice.v1.ring.>', {
    callback: (_error, { subject }) => heard.push(subject.split('.').slice(3).join('.')),
  });
  await connection.flush();
  const nodes: Awaited<ReturnType<typeof node>>[] = [];
  for (let i = 0; i < 6; i++) nodes.push(await node(server, `n${i}`));
  const streams = await Promise.all(nodes.map(({ layer }, i) => publish(layer, 'live', `cam${i}`)));
  await waitFor(() => nodes.every(({ layer }) => layer.stats().pending === 0), { what: 'all starts to be stored' });
  // They are cut off: no heartbeat comes from them any more, and nothing else.
  for (const { bus } of nodes.slice(0, 3)) await bus.link.close();
  const endOf = (streamId: string) =>
    manager.streams
      .getMessage('SLUICE_EVENTS', { last_by_subj: `sluice.v1.evt.*.*.${streamId}.stream.ended.end` })
      .then((message) => message.json<{ data: { reason: string; nodeId: string } }>().data)
      .catch(() => undefined);
  await waitFor(async () => (await Promise.all(streams.slice(0, 3).map(endOf))).every((end) => end !== undefined), {
    what: 'the streams of the lost nodes to end',
  });
  expect(await Promise.all(streams.map(endOf))).toMatchObject([
    ...[0, 1, 2].map((i) => ({ reason: 'node_lost', nodeId: `n${i}` })),
    ...[undefined, undefined, undefined],
  ]);
  const left = () => heard.filter((subject) => subject.endsWith('.left')).sort();
  await waitFor(() => left().length === 3, { what: 'the lost nodes to be told of' });
  expect(left()).toEqual([0, 1, 2].map((i) => `n${i}.${nodes[i]!.bootId}.left`));
  expect(heard.filter((subject) => subject.endsWith('.joined')).sort()).toEqual(
    nodes.map(({ bootId }, i) => `n${i}.${bootId}.joined`),
  );
  for (const bucket of ['SLUICE_NODES', 'SLUICE_STREAMS'])
    expect((await manager.streams.info(`KV_${bucket}`)).state.consumer_count).toBe(0);
  const warned = nodes[5]!.log.lines.filter(({ message }) => message.includes('names are not shared'));
  expect(warned.length).toBeGreaterThan(0);
});

it('the younger one of two nodes with one id learns of the older, and a node without contact that it is alone', async () => {
  const server = await broker();
  const older = await node(server, 'same', true);
  const younger = await node(server, 'same', true);
  await waitFor(() => younger.twins.length > 0, { what: 'the younger node to see the older one' });
  expect(younger.twins).toEqual([older.bootId]);
  expect(older.twins).toEqual([]);
  expect(await younger.bus.isLost('same', older.bootId)).toBe(false);
  await younger.layer.close(100);
  expect(await older.bus.isLost('same', younger.bootId)).toBe(true);
  expect(older.bus.isIsolated).toBe(false);
  server.signal('SIGSTOP');
  await waitFor(() => older.bus.isIsolated, { what: 'the node to be isolated' });
  server.signal('SIGCONT');
  await waitFor(() => !older.bus.isIsolated, { what: 'the node to have contact again' });
});

it('nodes of a cluster show where others reach them, and whether they are there', async () => {
  const nats = await broker();
  const servers: TestServer[] = [];
  for (const id of ['n1', 'n2']) {
    const settings = {
      ...{ 'node.id': id, 'shutdown.deadlineMs': 1000, 'cluster.enabled': true, 'cluster.secret': SECRET },
      'cluster.zone': `zone-${id}`,
    };
    const server = await spawnServer({ nats: nats.url, settings });
    afterwards(() => server.child.stop('SIGKILL'));
    servers.push(server);
  }
  const run = async (...args: string[]) => {
    const io = new TestIo();
    return { code: await main(args, io), out: io.stdout };
  };
  const listed = async () => {
    const { out } = await run('nodes', '--nats', nats.url, '--json');
    return (JSON.parse(out || '{}') as { items?: Record<string, unknown>[] }).items ?? [];
  };
  await waitFor(async () => (await listed()).length === 2, { what: 'two nodes' });
  expect(await listed()).toMatchObject(
    servers.map(({ rtmpPort }, i) => ({
      ...{ nodeId: `n${i + 1}`, state: 'up', zone: `zone-n${i + 1}`, caps: ['publish', 'fetch'] },
      ...{ relay: { host: '127.0.0.1', port: rtmpPort, tls: false }, load: { plays: 0, kbpsIn: 0, kbpsOut: 0 } },
    })),
  );
  expect((await run('nodes', '--nats', nats.url)).out).toMatch(/NODE +STATE .*RELAY +ZONE/);
  const http = ['--http', `127.0.0.1:${servers[0]!.httpPort}`];
  expect((await run('ls', '--scope', 'cluster', '--json', ...http)).out).toContain('"items":[]');
  expect((await run('nodes', '--scope', 'cluster', '--json', ...http)).out).toContain('"zone":"zone-n2"');
  await servers[1]!.child.stop('SIGKILL');
  expect(await listed()).toMatchObject([{ state: 'up' }, { nodeId: 'n2', state: 'silent', zone: 'zone-n2' }]);
});
