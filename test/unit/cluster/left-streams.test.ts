import { describe, expect, it } from 'vitest';
import { LeftStreams } from '../../../src/cluster/left-streams.js';
import type { OwnerValue } from '../../../src/cluster/owner-value.js';
import type { OpenStream } from '../../../src/events/open-streams.js';
import { OF } from '../../support/cluster/claiming-node.js';
import { NodeRegistry, SharedRegistry } from '../../support/cluster/memory-registry.js';
import { RecordingLog } from '../../support/events-parts.js';

const STREAM: OpenStream = {
  ...{ ...OF, streamId: 's1', connectionId: 'c', nodeId: 'a', bootId: 'b1', startedMs: 1, seq: 5 },
  ...{ state: 'live', tracks: [], transport: 'rtmp', bus: true, anchor: 0 },
};

/** What is decided about a stream that was left, by what the registry and the log of events hold. */
async function decided(value: Partial<OwnerValue> | undefined, last: number | 'ended' | 'unknown' = 5) {
  const shared = new SharedRegistry();
  const whole = { state: 'live', nodeId: 'a', bootId: 'b1', streamId: 's1', principalHash: '', nonce: 'n' } as const;
  if (value !== undefined) shared.put(OF, { ...whole, claimedAt: '', ...value }, 0);
  const registry = new NodeRegistry(shared);
  const decisions: boolean[] = [];
  const left = [STREAM];
  const moves = {
    left,
    decide: (_streamId: string, isOurs: boolean) => {
      decisions.push(isOurs);
      left.length = 0;
    },
  };
  const streams = new LeftStreams({
    registry,
    moves,
    lastOf: async () => (last === 'unknown' ? undefined : last),
    log: new RecordingLog(),
  });
  await streams.run();
  return { decisions, state: shared.of(OF).value?.state, streams, registry };
}

describe('a stream that a process left on its way', () => {
  it('is ended where the registry still names that process, and nobody can take it any more', async () => {
    expect(await decided({})).toMatchObject({ decisions: [true], state: 'released' });
    expect(await decided({ state: 'moving', to: 'b' })).toMatchObject({ decisions: [true], state: 'released' });
  });

  it('is not ended where another node has it, or has ended it', async () => {
    expect(await decided({ nodeId: 'b' })).toMatchObject({ decisions: [false], state: 'live' });
    expect(await decided({ bootId: 'b2' })).toMatchObject({ decisions: [false], state: 'live' });
    expect(await decided({ nodeId: 'b', state: 'released' }, 'ended')).toMatchObject({ decisions: [false] });
    expect(await decided({ nodeId: 'c', streamId: 's2' }, 6)).toMatchObject({ decisions: [false] });
  });

  it('is ended where nobody went on with it and its name is free or of another stream', async () => {
    for (const value of [undefined, { state: 'released' }, { nodeId: 'c', streamId: 's2' }] as const)
      expect(await decided(value)).toMatchObject({ decisions: [true] });
  });

  it('is decided about later where registry or log cannot be asked, every two seconds', async () => {
    const { decisions, streams, registry } = await decided(undefined, 'unknown');
    expect(decisions).toEqual([]);
    registry.isAway = true;
    const reads = registry.reads;
    for (let nowMs = 1000; nowMs < 5000; nowMs += 250) {
      streams.tick(nowMs);
      await new Promise(setImmediate);
    }
    expect([decisions.length, registry.reads - reads]).toEqual([0, 2]);
  });
});
