import { connect } from 'nats';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { holds } from '../support/faults/contract.js';
import { type ClusterLinks, NatsCluster } from '../support/faults/nats-process.js';
import { NodeUnderTest } from '../support/faults/node-under-test.js';
import { FULL, SEED, scaled } from '../support/faults/scale.js';
import { afterwards } from '../support/faults/setting.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

let cluster: NatsCluster & { readonly links: ClusterLinks };
beforeAll(async () => {
  cluster = await NatsCluster.startParted('2.10.27');
});
afterAll(() => cluster.stop());

/** Each case begins with a whole cluster that holds nothing. */
beforeEach(async () => {
  cluster.part(undefined);
  for (const proxy of cluster.links.clients) proxy.pass();
  const connection = await connect({ servers: cluster.urls });
  try {
    const manager = await connection.jetstreamManager({ checkAPI: false });
    // A cluster that was in two takes its time to elect leaders; until then requests go unanswered.
    const emptied = async () => {
      const streams = await manager.streams.list().next();
      for (const { config } of streams) await manager.streams.delete(config.name);
      return streams.length === 0;
    };
    await waitFor(() => emptied().catch(() => false), { timeoutMs: 60_000, everyMs: 200, what: 'an empty cluster' });
  } finally {
    await connection.close();
  }
});

/**
 * A node that reaches the cluster only through the proxies. @returns it and the place of the server that it has chosen
 */
async function clientOfCluster(streams: number, stepMs: number): Promise<{ node: NodeUnderTest; home: () => number }> {
  const { clients } = cluster.links;
  const nats = { urls: clients.map((proxy) => proxy.url), pingIntervalMs: 1000 };
  const events = { dir: tempDir('events'), nats, publishTimeoutMs: 1000, replicas: 3 };
  const node = await NodeUnderTest.start(events, { seed: SEED, streams, stepMs });
  afterwards(() => node.kill());
  await node.until((stats) => (stats['published'] as number) > 50);
  return { node, home: () => clients.findIndex((proxy) => proxy.connections > 0) };
}

const published = (node: NodeUnderTest): number => node.stats()?.['published'] as number;

async function replicasAgree(): Promise<void> {
  const copies = await cluster.readFromEveryReplica('SLUICE_EVENTS');
  expect(new Set(copies.map((stored) => JSON.stringify(stored))).size).toBe(1);
}

describe('a cluster of three that falls apart', () => {
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

  it('acknowledges nothing to a node on the side of one, which moves to the side of two and goes on there', async () => {
    const { node, home } = await clientOfCluster(200, scaled(300, 2000));
    for (let cuts = 0; cuts < scaled(1, 4); cuts++) {
      const alone = home();
      cluster.part(alone);
      await waitFor(() => home() >= 0 && home() !== alone, {
        timeoutMs: 60_000,
        what: () => `the node to move; ${JSON.stringify(node.stats())}`,
      });
      const before = published(node);
      await node.until((stats) => (stats['published'] as number) > before + 50);
      expect(home()).not.toBe(alone);
      cluster.part(undefined);
    }
    await holds(node, cluster.urls[0]);
    await replicasAgree();
  });

  // Half a minute that the short form leaves out: there the death of a leader stands for its absence.
  if (FULL)
    it('elects another leader when the stream’s leader is cut off, and the node goes on where it is', async () => {
      const { node, home } = await clientOfCluster(200, 2000);
      for (let cuts = 0; cuts < 3; cuts++) {
        const leader = await waitFor(
          async () => {
            const place = cluster.nodes.indexOf(await cluster.leaderOf('SLUICE_EVENTS'));
            if (place !== home()) return { place };
            const connection = await connect({ servers: cluster.urls });
            await connection.request('$JS.API.STREAM.LEADER.STEPDOWN.SLUICE_EVENTS').catch(() => undefined);
            await connection.close();
            return undefined;
          },
          { timeoutMs: 60_000, everyMs: 300, what: 'a leader that the node is not connected to' },
        );
        const before = published(node);
        cluster.part(leader.place);
        await node.until((stats) => (stats['published'] as number) > before + 100);
        cluster.part(undefined);
      }
      await holds(node, cluster.urls[0]);
      await replicasAgree();
    });
});
