import { describe, expect, it } from 'vitest';
import { MemoryAccount } from '../../../src/core/memory-account.js';
import { Hub } from '../../../src/hub/hub.js';
import { Player } from '../../../src/hub/player.js';
import type { Publication } from '../../../src/hub/publication.js';
import { collectGarbage } from '../../support/collect-garbage.js';
import { batch, message } from '../../support/hub/media.js';
import { LIMITS } from '../../support/hub/publication-harness.js';
import { RecordingSink, type SinkMode } from '../../support/hub/sinks.js';

const MiB = 2 ** 20;
const observer = { ready: () => {}, updated: () => {}, codecRefused: () => {} };

/** Streams with players on a hub; only the newest keyframe is kept for late joiners. */
class House {
  nowMs = 1000;
  readonly hub: Hub;
  readonly account: MemoryAccount;

  constructor(memoryBytes?: number, gopMaxBytes = 64 * MiB) {
    const options = { ...LIMITS, gopMaxBytes, lingerMs: 0, maxDelayMs: 0, playersAtMaxDelay: 1 };
    this.hub = new Hub(options, () => this.nowMs);
    this.account = new MemoryAccount(memoryBytes);
    this.hub.joinAccount(this.account);
  }

  tick(): void {
    this.hub.tick(this.nowMs);
    this.account.relieve();
  }

  stream(name: string): Publication {
    return this.hub.claim('live', name)!.open(name, observer, this.nowMs);
  }

  join(name: string, mode: SinkMode): RecordingSink {
    const sink = new RecordingSink(mode);
    const player = new Player(`${name}-${mode}`, sink, 1, { maxLagBytes: 1024 * MiB }, this.hub.writes);
    sink.player = player;
    sink.onEvicted = () => {
      this.hub.unsubscribe('live', name, player);
      player.drained();
    };
    this.hub.subscribe('live', name, player);
    return sink;
  }

  /** Appends keyframes of 100 KB; each player is served after each of them. */
  send(publication: Publication, count: number): void {
    const one = batch(message('key', 1, 100_000));
    for (let i = 0; i < count; i++) {
      publication.append(one, this.nowMs);
      for (const player of publication.players) player.visit();
    }
  }
}

/** One player that takes nothing any more, 4 MB behind, beside one that is served. */
function behind(memoryBytes?: number): {
  house: House;
  publication: Publication;
  stuck: RecordingSink;
  served: RecordingSink;
} {
  const house = new House(memoryBytes);
  const publication = house.stream('cam');
  const stuck = house.join('cam', 'stuck');
  const served = house.join('cam', 'sync');
  house.send(publication, 40);
  return { house, publication, stuck, served };
}

describe('media held past the limit', () => {
  it.each([
    [1, 0],
    [0, 0],
    [-1, 1],
  ])('is let go of at the cost of whoever is behind: limit %i bytes from what is held, %i skip', (room, skipped) => {
    const { house, stuck } = behind();
    const account = new MemoryAccount(house.account.total + room);
    house.hub.joinAccount(account);
    account.relieve();
    const { memory } = house.hub;
    expect([memory.skipped, memory.evicted, stuck.player!.skips]).toEqual([skipped, 0, skipped]);
  });

  it('frees what the player that skips had kept, and nobody else loses a byte', () => {
    const { house, publication, stuck, served } = behind(2 * MiB);
    expect(house.hub.heldBytes).toBeGreaterThan(4_000_000);
    house.tick();
    expect(house.hub.heldBytes).toBeLessThan(2 * MiB);
    expect([stuck.player!.skips, served.player!.skips]).toEqual([1, 0]);
    house.send(publication, 1);
    expect(served.bytes.length).toBe(41 * (publication.bytes / 41));
    expect(stuck.evictions).toBe(0);
  });

  it('takes first from the player that keeps most, and no more than is needed', () => {
    const house = new House(6 * MiB);
    const [large, small] = ['large', 'small'].map((name) => house.stream(name));
    const [first, second] = ['large', 'small'].map((name) => house.join(name, 'stuck'));
    house.send(large, 40);
    house.send(small, 30);
    house.tick();
    expect([first.player!.skips, second.player!.skips]).toEqual([1, 0]);
    expect(house.hub.heldBytes).toBeLessThan(6 * MiB);
  });

  it('counts slabs that are still being sent, and cuts off who keeps them when skipping does not free enough', () => {
    const { house, stuck, served } = behind(150_000);
    const before = house.hub.heldBytes;
    house.tick();
    expect([house.hub.memory.skipped, house.hub.memory.evicted]).toEqual([1, 1]);
    expect([stuck.evictions, served.evictions]).toEqual([1, 0]);
    expect(house.hub.heldBytes).toBeLessThan(before);
    house.tick();
    expect(house.hub.memory.evicted).toBe(1);
  });

  it('is left alone where nobody is behind: what GOPs take is what new publishes are refused for', () => {
    const house = new House(MiB);
    const publication = house.stream('cam');
    const player = house.join('cam', 'sync');
    const one = batch(message('key', 1, 100_000), message('inter', 2, 3 * MiB));
    publication.append(one, house.nowMs);
    player.player!.visit();
    house.tick();
    expect(house.hub.heldBytes).toBeGreaterThan(3 * MiB);
    expect([house.hub.memory.skipped, house.hub.memory.evicted]).toEqual([0, 0]);
  });

  it('is within a fifth of what the process has taken for it', () => {
    const house = new House();
    const gop = batch(message('key', 1, 900_000));
    const inter = batch(message('inter', 2, 900_000));
    // What earlier tests have left would else be collected in between, and count against what is taken here.
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    const streams = Array.from({ length: 12 }, (_, i) => house.stream(`s${i}`));
    for (const publication of streams) {
      publication.append(gop, house.nowMs);
      for (let i = 0; i < 6; i++) publication.append(inter, house.nowMs);
    }
    const taken = process.memoryUsage().arrayBuffers - before;
    expect(house.hub.heldBytes / taken).toBeGreaterThan(0.8);
    expect(house.hub.heldBytes / taken).toBeLessThan(1.2);
  });
});
