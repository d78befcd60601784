import { describe, expect, it } from 'vitest';
import type { NameRegistry } from '../../../src/cluster/name-registry.js';
import { OwnerCache } from '../../../src/cluster/owner-cache.js';
import type { HeldName } from '../../../src/cluster/owner-value.js';
import type { OwnerNews } from '../../../src/live/owners.js';
import type { NatsMessage, NatsRequests } from '../../../src/nats/requests.js';

const OF = { app: 'live', name: 'one' };
const REGISTRY = '2026-01-01T00:00:00Z';

class World {
  nowMs = 0;
  reads = 0;
  isDown = false;
  held: HeldName = { value: undefined, epoch: { registry: REGISTRY, revision: 0 } };
  /** Answers that are held back. */
  gate: Promise<void> | undefined;
  readonly subjects = new Map<string, (message: NatsMessage) => void>();
  readonly cache: OwnerCache;

  constructor() {
    const registry: Pick<NameRegistry, 'read'> = {
      read: async () => {
        this.reads++;
        const { held } = this;
        await this.gate;
        return this.isDown ? { kind: 'down', why: 'away', isUnsure: false } : { kind: 'held', ...held };
      },
    };
    const requests: Pick<NatsRequests, 'subscribe'> = {
      subscribe: (subject, _queue, take) => {
        this.subjects.set(subject, take);
        return { isRefused: false, close: () => this.subjects.delete(subject) };
      },
    };
    const clock = { wallMs: () => 0, monotonicMs: () => this.nowMs };
    this.cache = new OwnerCache({ registry, requests, clock, prefix: 'sluice.v1' });
  }

  owns(nodeId: string, revision: number, state: 'live' | 'moving' | 'released' = 'live', liveRevision?: number): void {
    const value = {
      ...{ state, nodeId, bootId: `${nodeId}-boot`, streamId: `s${revision}` },
      ...{ principalHash: '', claimedAt: REGISTRY, nonce: 'n' },
      ...(liveRevision === undefined ? {} : { liveRevision }),
    };
    this.held = { value, epoch: { registry: REGISTRY, revision } };
  }

  tell(news: object | string): void {
    const body = Buffer.from(typeof news === 'string' ? news : JSON.stringify(news));
    this.subjects.get('sluice.v1.reg.live.one')?.({
      ...{ subject: '', body, headers: {}, wantsReply: false },
      reply: () => false,
    });
  }
}

describe('OwnerCache', () => {
  it('remembers an answer for 2 s', async () => {
    const world = new World();
    world.owns('a', 7);
    const owner = await world.cache.find(OF);
    expect(owner).toEqual({
      ...{ nodeId: 'a', bootId: 'a-boot', streamId: 's7', state: 'live' },
      epoch: { registry: REGISTRY, revision: 7 },
    });
    world.owns('b', 8);
    world.nowMs = 1999;
    expect(await world.cache.find(OF)).toBe(owner);
    expect(world.reads).toBe(1);
    world.nowMs = 2000;
    expect(await world.cache.find(OF)).toMatchObject({ nodeId: 'b' });
  });

  it('asks at once when it is to', async () => {
    const world = new World();
    expect(await world.cache.find(OF)).toBe('none');
    world.owns('b', 8);
    expect(await world.cache.find(OF)).toBe('none');
    expect(await world.cache.find(OF, true)).toMatchObject({ nodeId: 'b' });
  });

  it('serves what it remembers for 60 s while the registry is away', async () => {
    const world = new World();
    expect(await world.cache.find({ app: 'live', name: 'two' })).toBe('none');
    world.owns('a', 7);
    await world.cache.find(OF);
    world.isDown = true;
    world.nowMs = 59_999;
    expect(await world.cache.find(OF)).toMatchObject({ nodeId: 'a' });
    world.nowMs = 60_000;
    expect(await world.cache.find(OF)).toBe('unknown');
  });

  it('asks once for all who ask at once', async () => {
    const world = new World();
    world.owns('a', 7);
    const all = await Promise.all(Array.from({ length: 50 }, () => world.cache.find(OF)));
    expect(world.reads).toBe(1);
    expect(new Set(all).size).toBe(1);
  });

  it('forgets what was told to have changed, and what was asked before that', async () => {
    const world = new World();
    const told: OwnerNews[] = [];
    const stop = world.cache.listen(OF, (news) => told.push(news));
    world.owns('a', 7);
    await world.cache.find(OF);
    let open = (): void => {};
    world.gate = new Promise((resolve) => {
      open = resolve;
    });
    const older = world.cache.find(OF, true);
    world.tell({ epoch: 8, registry: REGISTRY, state: 'live', nodeId: 'b' });
    world.owns('b', 8);
    const newer = world.cache.find(OF);
    open();
    expect(await older).toMatchObject({ nodeId: 'a' });
    expect(await newer).toMatchObject({ nodeId: 'b' });
    expect(await world.cache.find(OF)).toMatchObject({ nodeId: 'b' });
    expect(world.reads).toBe(3);
    expect(told).toEqual([{ state: 'live', nodeId: 'b', epoch: { registry: REGISTRY, revision: 8 } }]);
    stop();
    expect(world.subjects.size).toBe(0);
  });

  it('has one subscription for all who listen to a name', () => {
    const world = new World();
    let told = 0;
    const listener = (): void => {
      told++;
    };
    const stops = [world.cache.listen(OF, listener), world.cache.listen(OF, listener)];
    expect(world.subjects.size).toBe(1);
    world.tell({ epoch: 1, registry: REGISTRY, state: 'released', nodeId: 'a' });
    expect(told).toBe(2);
    stops[0]!();
    stops[0]!();
    expect(world.subjects.size).toBe(1);
    stops[1]!();
    expect(world.subjects.size).toBe(0);
  });

  it.each(['', 'null', '[]', '{"state":"live"}', '{"epoch":-1,"registry":"","state":"live","nodeId":"a"}'])(
    'takes no notice of %s',
    async (text) => {
      const world = new World();
      let told = 0;
      world.cache.listen(OF, () => {
        told++;
      });
      await world.cache.find(OF);
      world.tell(text);
      await world.cache.find(OF);
      expect(told).toBe(0);
      expect(world.reads).toBe(1);
    },
  );

  it('keeps the epoch of a stream while its name moves', async () => {
    const world = new World();
    world.owns('a', 9, 'moving', 7);
    expect(await world.cache.find(OF)).toMatchObject({ state: 'moving', epoch: { revision: 7 } });
    world.owns('a', 10, 'released', 7);
    expect(await world.cache.find(OF, true)).toBe('none');
  });
});
