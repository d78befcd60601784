import { connect } from 'nats';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import { tempDir } from '../support/temp.js';
import { holds } from './support/contract.js';
import { type ClusterLinks, NatsCluster } from './support/nats-process.js';
import { NodeUnderTest } from './support/node-under-test.js';
import { SEED, scaled } from './support/scale.js';

let cluster: NatsCluster & { readonly links: ClusterLinks };
beforeAll(async () => {
  cluster = await NatsCluster.startParted('2.10.27');
});
afterAll(() => cluster.stop());

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Each case begins with a whole cluster that holds nothing. */
beforeEach(async () => {
  cluster.part(undefined);
  for (const proxy of cluster.links.clients) proxy.pass();
  const connection = await connect({ servers: cluster.urls });
  try {
    const manager = await connection.jetstreamManager();
    for (const { config } of await manager.streams.list().next()) await manager.streams.delete(config.name);
  } finally {
    await connection.close();
  }
});

/** A node that reaches the cluster only through the proxies. @returns it and the place of the server that it has chosen */
async function clientOfCluster(streams: number, stepMs: number): Promise<{ node: NodeUnderTest; home: () => number }> {
  const { clients } = cluster.links;
  const nats = { urls: clients.map((proxy) => proxy.url), pingIntervalMs: 1000 };
  const events = { dir: tempDir('events'), nats, publishTimeoutMs: 1000, replicas: 3 };
  const node = await NodeUnderTest.start(events, { seed: SEED, streams, stepMs });
  closing.push(() => node.kill());
  await node.until((stats) => (stats['published'] as number) > 50);
  return { node, home: () => clients.findIndex((proxy) => proxy.connections > 0) };
}

const published = (node: NodeUnderTest): number => node.stats()?.['published'] as number;

describe('a cluster of three', () => {
  it('is left for another of its servers when the way to the one in use is cut', async () => {
    const { node, home } = await clientOfCluster(200, scaled(200, 1000));
    for (let cuts = 0; cuts < scaled(1, 5); cuts++) {
      const cut = home();
      const before = published(node);
      cluster.links.clients[cut].stall();
      await node.until((stats) => (stats['published'] as number) > before + 50);
      cluster.links.clients[cut].pass();
    }
    await holds(node, cluster.urls[0]);
  });
});
