import { afterEach, describe, expect, it, vi } from 'vitest';
import { MemoryAccount } from '../../../src/core/memory-account.js';
import { CodecPool } from '../../../src/wasm/pool.js';

const MiB = 2 ** 20;

/** A pool on an account, and what the account says of a kind. */
function onAccount(warm: number) {
  const pool = new CodecPool({ limits: {}, warm });
  const account = new MemoryAccount();
  pool.joinAccount(account);
  const bytes = (of: string): number => {
    return account.list().find(({ kind }) => kind === of)!.bytes;
  };
  return { pool, bytes };
}

describe('the memories of connections on the account', () => {
  it('count a part of a message as it arrives, and not what it announces', () => {
    const { pool, bytes } = onAccount(0);
    const codec = pool.acquire();
    codec.setPublishing(true);
    // fmt 0 on chunk stream 6, type 9, 4 MiB; after Set Chunk Size to 60000.
    codec.input.set([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0xea, 0x60]);
    codec.next(0, 16);
    codec.input.set([6, 0, 0, 0, 0x40, 0, 0, 9, 1, 0, 0, 0, ...new Array<number>(1000).fill(7)]);
    codec.next(0, 1012);
    expect(bytes('reassembly')).toBeGreaterThanOrEqual(1000);
    expect(bytes('reassembly')).toBeLessThan(MiB);
  });

  it('are counted as they are after every read, and leave nothing behind', () => {
    const { pool, bytes } = onAccount(0);
    const one = pool.acquire();
    const small = bytes('linear');
    const other = pool.acquire();
    expect([small > 0, bytes('linear')]).toEqual([true, 2 * small]);
    one.setPublishing(true);
    const large = bytes('linear') - small;
    expect(large).toBeGreaterThan(small);
    // fmt 0 on chunk stream 6, type 9, 200 KB; after Set Chunk Size to 60000. Then the rest of it, and the message is
    // whole.
    one.input.set([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0xea, 0x60, 6, 0, 0, 0, 0, 0xff, 0, 9, 1, 0, 0, 0]);
    one.next(0, 128);
    expect([bytes('reassembly'), bytes('linear')]).toEqual([one.reassemblyBytes, one.touchedBytes + small]);
    expect(bytes('reassembly')).toBeGreaterThan(0);
    one.next(128, 28 + 0xff);
    expect([bytes('reassembly'), bytes('linear')]).toEqual([one.reassemblyBytes, one.touchedBytes + small]);
    pool.release(one);
    pool.release(other);
    expect([bytes('reassembly'), bytes('linear')]).toEqual([0, 0]);
  });

  it('are counted with what an earlier connection has touched, when they are used again', () => {
    const { pool, bytes } = onAccount(1);
    const first = pool.acquire();
    // A command of 3,000 bytes on chunk stream 3, of which 2,000 come.
    first.input.set([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0xea, 0x60, 3, 0, 0, 0, 0, 0x0b, 0xb8, 20, 0, 0, 0, 0]);
    first.next(0, 2000);
    first.noteInput(50_000);
    const touched = first.touchedBytes + first.reassemblyBytes;
    expect(touched).toBeGreaterThan(50_000);
    pool.release(first);
    expect([bytes('linear_pooled'), bytes('linear')]).toEqual([touched, 0]);
    expect(pool.acquire()).toBe(first);
    expect([bytes('linear_pooled'), bytes('linear'), bytes('reassembly')]).toEqual([0, touched, 0]);
  });

  it('move from open to pooled when a small one comes back, and from open to dropped when a publisher has gone', () => {
    const { pool, bytes } = onAccount(1);
    const [one, two] = [pool.acquire(), pool.acquire()];
    const open = bytes('linear');
    expect([open > 0, bytes('linear_pooled')]).toEqual([true, 0]);
    pool.release(one);
    expect(bytes('linear')).toBeLessThan(open);
    expect(bytes('linear_pooled')).toBeGreaterThan(0);
    two.setPublishing(true);
    const region = two.slabs!.acquire(MiB)!;
    expect(bytes('linear')).toBeLessThan(MiB);
    two.slabs!.release(region);
    expect(bytes('linear')).toBeGreaterThan(MiB);
    pool.release(two);
    expect(bytes('linear')).toBe(0);
    expect(bytes('linear_dropped')).toBeGreaterThan(MiB);
  });

  it('of many publishers that go at once are let go of one after the other, and stay on the account until then', () => {
    vi.useFakeTimers();
    const letGo = vi.spyOn(FinalizationRegistry.prototype, 'register');
    const { pool, bytes } = onAccount(0);
    const codecs = Array.from({ length: 20 }, () => pool.acquire());
    for (const codec of codecs) {
      codec.setPublishing(true);
      const region = codec.slabs!.acquire(2 * MiB)!;
      codec.slabs!.release(region);
    }
    const before = bytes('linear');
    for (const codec of codecs) pool.release(codec);
    expect([letGo.mock.calls.length, bytes('linear'), bytes('linear_dropped')]).toEqual([0, 0, before]);
    const gone: number[] = [];
    for (let n = 0; n < 4; n++) {
      vi.advanceTimersByTime(20);
      gone.push(letGo.mock.calls.length);
    }
    expect([gone, bytes('linear_dropped')]).toEqual([[2, 4, 5, 6], before]);
    vi.advanceTimersByTime(1000);
    expect([letGo.mock.calls.length, bytes('linear_dropped')]).toEqual([20, before]);
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
