import { describe, expect, it } from 'vitest';
import { nameKey } from '../../../src/live/name-key.js';
import { ClaimingNode, type News, OF, settle } from '../../support/cluster/claiming-node.js';
import { SharedRegistry } from '../../support/cluster/memory-registry.js';
import { ManualClock } from '../../support/events-parts.js';
import { seeded } from '../../support/random.js';

const SEEDS = 60;
const STEPS = 25;

/** Nodes of one cluster whose requests take any time, and whose answers may be lost. */
function clusterOf(random: () => number) {
  const shared = new SharedRegistry();
  const news: News = new Map();
  const clock = new ManualClock();
  const nodes = ['a', 'b', 'c'].map((nodeId) => {
    const node = new ClaimingNode(shared, { nodeId, clock, news });
    node.registry.delay = async () => {
      for (let turns = Math.floor(random() * 4); turns > 0; turns--) await new Promise(setImmediate);
    };
    node.registry.fault = () => (random() < 0.15 ? 'lost' : random() < 0.15 ? 'away' : undefined);
    return node;
  });
  return { shared, nodes };
}

describe('claims of one name by several nodes, with requests and answers that are lost', () => {
  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))('have one winner at a time (seed %i)', async (seed) => {
    const random = seeded(seed);
    const { shared, nodes } = clusterOf(random);
    /** Streams that were told Start and have not ended, by node. */
    const open = new Map<ClaimingNode, string>();
    const epochs: number[] = [];
    let streams = 0;
    for (let step = 0; step < STEPS; step++) {
      const contenders = nodes.filter((node) => !open.has(node) && random() < 0.7);
      const wins = contenders.map(async (node) => {
        const streamId = `s${++streams}`;
        const patience = Math.floor(random() * 12);
        let asked = 0;
        const won = await node.win(streamId, { isWanted: () => asked++ < patience });
        if (won.kind === 'refused') return;
        epochs.push(won.epoch.revision);
        expect([...open.values()], 'another one is open').toEqual([]);
        open.set(node, streamId);
      });
      await Promise.all(wins);
      for (const [node, streamId] of [...open]) {
        if (random() < 0.5) continue;
        open.delete(node);
        node.claims.release(streamId);
      }
      await settle(5);
    }
    for (const node of nodes) node.registry.fault = () => undefined;
    for (const [node, streamId] of open) node.claims.release(streamId);
    await settle(100);
    // Nobody has it in the end, whatever was lost on the way, and nobody was told that another one has taken it.
    expect(shared.held.get(nameKey(OF))?.value.state ?? 'released').toBe('released');
    expect(nodes.map((node) => [node.lost, node.claims.owned, node.claims.releasing])).toEqual(
      nodes.map(() => [[], 0, 0]),
    );
    expect(epochs.length).toBeGreaterThan(0);
    expect([...epochs].sort((a, b) => a - b)).toEqual(epochs);
    expect(new Set(epochs).size).toBe(epochs.length);
  });

  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'have one owner once holders that were taken for gone are back (seed %i)',
    async (seed) => {
      const random = seeded(1000 + seed);
      const { shared, nodes } = clusterOf(random);
      for (const node of nodes) node.judge = () => 'gone';
      for (let round = 0; round < 6; round++) {
        await Promise.all(nodes.map((node, i) => node.win(`s${round}-${i}`)));
        for (const node of nodes) node.claims.returned();
        await settle(5);
      }
      for (const node of nodes) {
        node.registry.fault = () => undefined;
        node.claims.returned();
      }
      await settle(100);
      const owner = shared.of(OF).value!;
      const owning = nodes.filter((node) => node.claims.owned > 0);
      expect(owning.map(({ nodeId }) => nodeId)).toEqual(owner.state === 'live' ? [owner.nodeId] : []);
    },
  );
});
