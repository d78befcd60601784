import { describe, expect, it } from 'vitest';
import type { OwnerValue } from '../../../src/cluster/owner-value.js';
import { ClaimingNode, OF, settle } from '../../support/cluster/claiming-node.js';
import { SharedRegistry, type WriteFault } from '../../support/cluster/memory-registry.js';

/** Gives each write the next of these faults, then none. */
function faults(...list: WriteFault[]): () => WriteFault {
  return () => list.shift();
}

/** The publisher waits for one attempt, and is gone then. */
function onceWanted(): () => boolean {
  let asked = 0;
  return () => asked++ === 0;
}

function held(shared: SharedRegistry): Partial<OwnerValue> | undefined {
  return shared.of(OF).value;
}

const BUSY = { kind: 'refused', refusal: { code: 'ERR_PUBLISH_BUSY', status: 'NetStream.Publish.BadName' } };

describe('a claim', () => {
  it('of a free name takes one write and no read', async () => {
    const shared = new SharedRegistry();
    const node = new ClaimingNode(shared);
    node.begins = false;
    const won = await node.win('s1');
    expect(won).toEqual({ kind: 'won', epoch: { registry: shared.created, revision: 1 } });
    expect([node.registry.writes, node.registry.reads]).toEqual([1, 0]);
    expect(held(shared)).toMatchObject({ state: 'live', nodeId: 'a', bootId: node.bootId, streamId: 's1' });
    expect(node.told, 'nobody can fetch it yet').toEqual([]);
    for (let i = 0; i < 2; i++) node.claims.begun('s1');
    expect(node.told).toEqual([{ state: 'live', nodeId: 'a', epoch: { registry: shared.created, revision: 1 } }]);
    expect(node.claims.counts.by.get('won')).toBe(1);
  });

  it('of a name that a live node has is refused, and writes nothing', async () => {
    const shared = new SharedRegistry();
    await new ClaimingNode(shared, { nodeId: 'b' }).win('s1');
    const node = new ClaimingNode(shared);
    expect(await node.win('s2')).toMatchObject(BUSY);
    expect(shared.log).toHaveLength(1);
    expect(node.judged).toMatchObject([{ nodeId: 'b', streamId: 's1' }]);
    expect(node.told).toEqual([]);
  });

  it('of a name whose holder is gone is written over it, with a higher epoch', async () => {
    const shared = new SharedRegistry();
    const other = new ClaimingNode(shared, { nodeId: 'b' });
    await other.win('s1');
    const node = new ClaimingNode(shared);
    node.judge = () => 'gone';
    expect(await node.win('s2')).toMatchObject({ kind: 'won', epoch: { revision: 2 } });
    expect(held(shared)).toMatchObject({ nodeId: 'a', streamId: 's2' });
    // The other one finds that out later: its end writes nothing.
    other.claims.release('s1');
    await settle();
    expect(shared.log).toHaveLength(2);
  });

  it('is written also when its time is over before it is known that the holder is gone', async () => {
    const shared = new SharedRegistry();
    await new ClaimingNode(shared, { nodeId: 'b' }).win('s1');
    const node = new ClaimingNode(shared);
    node.judge = () => {
      node.clock.pass(20_000);
      return 'gone';
    };
    expect(await node.win('s2')).toMatchObject({ kind: 'won', epoch: { revision: 2 } });
  });

  it('of a name that was released elsewhere, or deleted, expects the revision of that', async () => {
    const shared = new SharedRegistry();
    const other = new ClaimingNode(shared, { nodeId: 'b' });
    await other.win('s1');
    other.claims.release('s1');
    await settle();
    expect(held(shared)).toMatchObject({ state: 'released', nodeId: 'b', streamId: 's1', liveRevision: 1 });
    const node = new ClaimingNode(shared);
    expect(await node.win('s2')).toMatchObject({ kind: 'won', epoch: { revision: 3 } });
    expect(node.judged).toEqual([]);
  });

  it('of a name that this process has had just now needs no answer to its release', async () => {
    const shared = new SharedRegistry();
    const node = new ClaimingNode(shared);
    await node.win('s1');
    node.claims.release('s1');
    expect(await node.win('s2')).toMatchObject({ kind: 'won' });
    node.claims.release('s1');
    await settle();
    expect(held(shared)).toMatchObject({ state: 'live', streamId: 's2' });
    expect(node.claims.owned).toBe(1);
  });

  it('of a name that another stream of this process has is written over it', async () => {
    const shared = new SharedRegistry();
    const node = new ClaimingNode(shared);
    await node.win('s1');
    expect(await node.win('s2')).toMatchObject({ kind: 'won', epoch: { revision: 2 } });
    expect(node.registry.reads).toBe(0);
    node.claims.release('s1');
    await settle();
    expect(held(shared)).toMatchObject({ state: 'live', streamId: 's2' });
  });

  it('whose answer is lost is found again by its nonce', async () => {
    const shared = new SharedRegistry();
    const node = new ClaimingNode(shared);
    node.registry.fault = faults('lost');
    expect(await node.win('s1')).toMatchObject({ kind: 'won', epoch: { revision: 1 } });
    expect(shared.log).toHaveLength(1);
  });

  it('waits for the registry while the publisher does', async () => {
    const shared = new SharedRegistry();
    const node = new ClaimingNode(shared);
    node.registry.fault = faults('away', 'away', 'away');
    expect(await node.win('s1')).toMatchObject({ kind: 'won' });
    expect(node.pauses).toEqual([100, 200, 400]);
  });

  it('is refused with a code of its own when the registry does not answer in time', async () => {
    const shared = new SharedRegistry();
    const node = new ClaimingNode(shared);
    node.registry.isAway = true;
    const began = node.clock.mono;
    expect(await node.win('s1')).toMatchObject({
      kind: 'refused',
      refusal: { code: 'ERR_CLUSTER_REGISTRY_DOWN', status: 'NetStream.Publish.Rejected' },
    });
    expect(node.clock.mono - began).toBeGreaterThanOrEqual(8000);
    expect(node.clock.mono - began).toBeLessThan(9000);
    expect(node.claims.counts.by.get('registry_down')).toBe(1);
  });

  it('that is given up while it may still be written is released as soon as the registry answers', async () => {
    const shared = new SharedRegistry();
    const node = new ClaimingNode(shared);
    node.registry.fault = faults('lost');
    expect(await node.win('s1', { isWanted: onceWanted() })).toMatchObject({
      kind: 'refused',
      refusal: { code: 'ERR_PEER_CLOSED' },
    });
    await settle();
    expect(held(shared)).toMatchObject({ state: 'released', streamId: 's1' });
  });

  it('that was given up and comes to the registry late is refused there', async () => {
    const shared = new SharedRegistry();
    const node = new ClaimingNode(shared);
    // The answer is missing because the write is still under way.
    let late: { value: OwnerValue; expected: number } | undefined;
    const { registry } = node;
    const write = registry.write.bind(registry);
    registry.write = async (of, value, expected) => {
      if (late !== undefined) return write(of, value, expected);
      late = { value, expected };
      return { kind: 'down', why: 'no answer', isUnsure: true };
    };
    await node.win('s1', { isWanted: onceWanted() });
    await settle();
    expect(shared.put(OF, late!.value, late!.expected)).toBeUndefined();
    expect(held(shared)).toMatchObject({ state: 'released' });
  });

  it('is not made by a node that is an edge', async () => {
    const node = new ClaimingNode(new SharedRegistry(), { takesPublishers: false });
    const refused = await node.win('s1');
    expect(refused).toMatchObject({ kind: 'refused', refusal: { status: 'NetStream.Publish.Rejected' } });
    expect(JSON.stringify(refused)).toContain('cluster.role');
    expect(node.registry.writes).toBe(0);
  });

  it('is not believed to be lost for long where nobody can say whether the holder lives', async () => {
    const shared = new SharedRegistry();
    await new ClaimingNode(shared, { nodeId: 'b' }).win('s1');
    const node = new ClaimingNode(shared);
    node.judge = () => 'unknown';
    expect(await node.win('s2')).toMatchObject(BUSY);
    expect(shared.log).toHaveLength(1);
  });
});

describe('a claim that may replace the holder', () => {
  it('asks it, and is written over what it left', async () => {
    const shared = new SharedRegistry();
    const other = new ClaimingNode(shared, { nodeId: 'b' });
    await other.win('s1');
    const node = new ClaimingNode(shared);
    node.claims.yielding = {
      ask: async ({ value }, { streamId }) => {
        expect([value?.streamId, streamId]).toEqual(['s1', 's2']);
        const revision = shared.put(OF, { ...value!, state: 'moving', to: 'a', nonce: 'm', liveRevision: 1 }, 1)!;
        return { kind: 'yielded', revision };
      },
    };
    expect(await node.win('s2', { conflict: 'takeover' })).toMatchObject({ kind: 'won', epoch: { revision: 3 } });
  });

  it.each([
    ['refuses', { kind: 'refused' as const }],
    ['does not answer, and lives', { kind: 'silent' as const }],
  ])('is refused when the holder %s', async (_name, answer) => {
    const shared = new SharedRegistry();
    await new ClaimingNode(shared, { nodeId: 'b' }).win('s1');
    const node = new ClaimingNode(shared);
    node.claims.yielding = { ask: () => Promise.resolve(answer) };
    expect(await node.win('s2', { conflict: 'resume' })).toMatchObject(BUSY);
    expect(shared.log).toHaveLength(1);
  });

  it('is refused where nobody can ask', async () => {
    const shared = new SharedRegistry();
    await new ClaimingNode(shared, { nodeId: 'b' }).win('s1');
    expect(await new ClaimingNode(shared).win('s2', { conflict: 'takeover' })).toMatchObject(BUSY);
  });
});

describe('a release', () => {
  it('is written over the claim, and tried until the registry answers', async () => {
    const shared = new SharedRegistry();
    const node = new ClaimingNode(shared);
    await node.win('s1');
    node.registry.fault = faults('away', 'lost', 'away');
    node.claims.release('s1');
    await settle();
    expect(held(shared)).toMatchObject({ state: 'released', liveRevision: 1 });
    expect(shared.log).toHaveLength(2);
    expect(node.told.at(-1)).toEqual({
      ...{ state: 'released', nodeId: 'a' },
      epoch: { registry: shared.created, revision: 2 },
    });
    expect(node.claims.releasing).toBe(0);
  });

  it('is written over what came late of this process about the same stream, and over nothing else', async () => {
    for (const bootId of [undefined, 'another']) {
      const shared = new SharedRegistry();
      const node = new ClaimingNode(shared);
      await node.win('s1');
      const late = { ...shared.of(OF).value!, state: 'moving', to: 'b', nonce: 'late' } as const;
      shared.put(OF, { ...late, ...(bootId === undefined ? {} : { bootId }) }, 1);
      node.claims.release('s1');
      await settle();
      expect(held(shared)).toMatchObject({ state: bootId === undefined ? 'released' : 'moving' });
    }
  });

  it('is tried no more once the server has closed', async () => {
    const shared = new SharedRegistry();
    const node = new ClaimingNode(shared);
    await node.win('s1');
    node.registry.isAway = true;
    node.claims.release('s1');
    node.claims.close();
    node.registry.isAway = false;
    const { writes } = node.registry;
    await settle();
    expect(node.registry.writes - writes).toBeLessThanOrEqual(1);
    expect(node.claims.releasing).toBe(0);
    await node.win('s2');
    node.claims.release('s2');
    await settle();
    expect(held(shared)).toMatchObject({ state: 'live', streamId: 's2' });
  });

  it('of a start that could not be written is at once', async () => {
    const shared = new SharedRegistry();
    const node = new ClaimingNode(shared);
    await node.win('s1');
    node.claims.giveUp('s1');
    await settle();
    expect(held(shared)).toMatchObject({ state: 'released' });
  });

  it('purges the value after an hour, and not when another claim has come', async () => {
    const shared = new SharedRegistry();
    const node = new ClaimingNode(shared);
    await node.win('s1');
    node.claims.release('s1');
    await settle();
    node.claims.tick(node.clock.mono + 3_600_000);
    await settle();
    expect(held(shared)).toBeDefined();
    node.registry.isAway = true;
    node.claims.tick(node.clock.mono + 4_000_000);
    await settle();
    node.registry.isAway = false;
    node.clock.pass(4_000_000);
    node.claims.tick(node.clock.mono + 60_000);
    await settle();
    expect(held(shared)).toBeUndefined();
    expect(node.registry.purged).toHaveLength(1);
    node.claims.tick(node.clock.mono + 600_000);
    await settle();
    expect(node.registry.purged).toHaveLength(1);
  });

  it('leaves what another node has claimed meanwhile when it purges', async () => {
    const shared = new SharedRegistry();
    const node = new ClaimingNode(shared);
    await node.win('s1');
    node.claims.release('s1');
    await settle();
    await new ClaimingNode(shared, { nodeId: 'b' }).win('s2');
    node.claims.tick(node.clock.mono + 4_000_000);
    await settle();
    expect(node.registry.purged).toHaveLength(1);
    expect(held(shared)).toMatchObject({ state: 'live', nodeId: 'b' });
  });
});
