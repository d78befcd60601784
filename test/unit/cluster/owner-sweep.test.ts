import { describe, expect, it } from 'vitest';
import type { HolderState } from '../../../src/cluster/holder-check.js';
import { OwnerSweep } from '../../../src/cluster/owner-sweep.js';
import type { OwnerValue } from '../../../src/cluster/owner-value.js';
import type { NodeState } from '../../../src/events/event-types.js';
import type { OwnedName, OwnerNews } from '../../../src/live/owners.js';
import { NodeRegistry, SharedRegistry } from '../../support/cluster/memory-registry.js';
import { RecordingLog } from '../../support/events-parts.js';

const HOUR_MS = 3_600_000;

/** A registry with names of the process `gone`, and the node that clears it. */
function setUp(others: readonly string[] = []) {
  const shared = new SharedRegistry();
  const registry = new NodeRegistry(shared);
  const parts = {
    wall: 2 * HOUR_MS,
    judged: [] as string[],
    judge: ((boot) => (boot === 'gone' ? 'gone' : 'alive')) as (boot: string) => HolderState,
    told: [] as [OwnedName, OwnerNews][],
  };
  const nodes = ['m', ...others].map((nodeId) => ({ nodeId, bootId: 'own', state: 'up' }) as NodeState);
  const sweep = new OwnerSweep({
    ...{ nodeId: 'm', bootId: 'own', registry, log: new RecordingLog(), random: () => 0.5 },
    directory: { nodes: async () => ({ value: nodes }) },
    holders: {
      judge: async ({ bootId }) => {
        parts.judged.push(bootId);
        return parts.judge(bootId);
      },
    },
    wallMs: () => parts.wall,
    tell: (of, news) => parts.told.push([of, news]),
  });
  const put = (name: string, more: Partial<OwnerValue> = {}): OwnedName => {
    const of = { app: 'live', name };
    const value: OwnerValue = {
      ...{ state: 'live', nodeId: 'x', bootId: 'gone', streamId: name, principalHash: '', nonce: name },
      claimedAt: new Date(0).toISOString(),
      ...more,
    };
    shared.put(of, value, 0);
    return of;
  };
  return { ...parts, parts, shared, registry, sweep, put };
}

describe('the sweep of the registry', () => {
  it('frees names of processes that are gone, and asks once about each process', async () => {
    const { shared, sweep, put, judged, told } = setUp();
    const names = [put('a'), put('b', { state: 'moving' })];
    const kept = [put('c', { bootId: 'lives' }), put('d', { nodeId: 'm', bootId: 'own' })];
    await sweep.run();
    expect(names.map((of) => shared.of(of).value?.state)).toEqual(['released', 'released']);
    expect(kept.map((of) => shared.of(of).value?.state)).toEqual(['live', 'live']);
    expect(judged).toEqual(['gone', 'lives']);
    expect(told.map(([of, { state }]) => [of.name, state])).toEqual([
      ['a', 'released'],
      ['b', 'released'],
    ]);
  });

  it('forgets free names an hour after their claim, whoever had them', async () => {
    const { shared, sweep, put } = setUp();
    const old = put('old', { state: 'released' });
    const odd = put('odd', { state: 'released', claimedAt: 'no time' });
    const young = put('young', { state: 'released', claimedAt: new Date(1.5 * HOUR_MS).toISOString() });
    await sweep.run();
    expect([old, odd, young].map((of) => shared.of(of).value?.state)).toEqual([undefined, undefined, 'released']);
  });

  it('leaves a name alone that was claimed between the look and the write', async () => {
    const { shared, sweep, put, parts } = setUp();
    const of = put('a');
    parts.judge = () => {
      const { value, epoch } = shared.of(of);
      shared.put(of, { ...value!, bootId: 'new', nonce: 'new' }, epoch.revision);
      return 'gone';
    };
    await sweep.run();
    expect(shared.of(of).value).toMatchObject({ state: 'live', bootId: 'new' });
  });

  it('is for the first of the nodes alone, about once an hour', async () => {
    const { registry, sweep, put } = setUp(['a']);
    put('a');
    await sweep.run();
    expect(registry.reads).toBe(0);
    const first = setUp(['z']);
    first.put('a', { bootId: 'lives' });
    for (const minutes of [0, 29, 31, 60, 89, 92]) {
      first.sweep.tick(minutes * 60_000);
      for (let n = 0; n < 5; n++) await new Promise(setImmediate);
    }
    expect(first.registry.reads).toBe(2);
  });

  it('stops while the registry does not answer', async () => {
    const { registry, shared, sweep, put } = setUp();
    const of = put('a');
    registry.isAway = true;
    await sweep.run();
    expect(shared.of(of).value?.state).toBe('live');
  });
});
