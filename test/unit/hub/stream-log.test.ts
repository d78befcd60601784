import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SLAB_BYTES, MIN_SLAB_BYTES, type Slab, SlabPool } from '../../../src/hub/slab-pool.js';
import { StreamLog } from '../../../src/hub/stream-log.js';

/** The byte that stands at a log position. */
function byteAt(position: number): number {
  return (position * 31 + (position >> 8)) & 255;
}

function append(log: StreamLog, bytes: number, overlapFrom: number, nowMs: number): Slab {
  const slab = log.reserve(bytes, overlapFrom, nowMs);
  for (let i = 0; i < bytes; i++) slab.buffer[slab.used + i] = byteAt(log.head + i);
  log.commit(bytes);
  return slab;
}

/** Reads from `position` to the head as a player does: slab after slab. */
function readFrom(log: StreamLog, position: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = position; at < log.head; ) {
    const slab = log.slabAt(at)!;
    parts.push(log.view(slab, at));
    at = slab.end;
  }
  return Buffer.concat(parts);
}

function expected(from: number, to: number): Buffer {
  const out = Buffer.alloc(to - from);
  for (let i = 0; i < out.length; i++) out[i] = byteAt(from + i);
  return out;
}

describe('the slab pool', () => {
  it('rounds up to a power of two between its bounds and gives a larger batch exactly its size', () => {
    const pool = new SlabPool();
    expect(pool.acquire(1, 0).buffer.length).toBe(MIN_SLAB_BYTES);
    expect(pool.acquire(MIN_SLAB_BYTES + 1, 0).buffer.length).toBe(MIN_SLAB_BYTES * 2);
    expect(pool.acquire(MAX_SLAB_BYTES, 0).buffer.length).toBe(MAX_SLAB_BYTES);
    expect(pool.acquire(MAX_SLAB_BYTES + 1, 0).buffer.length).toBe(MAX_SLAB_BYTES + 1);
  });

  it('hands a released slab out again, empty and at its new place', () => {
    const pool = new SlabPool();
    const slab = pool.acquire(100, 5);
    slab.used = 77;
    pool.release(slab);
    expect(pool.pooledBytes).toBe(MIN_SLAB_BYTES);
    const again = pool.acquire(200, 1000);
    expect(again).toBe(slab);
    expect([again.start, again.used, again.end]).toEqual([1000, 0, 1000]);
    expect(pool.pooledBytes).toBe(0);
  });

  it('never hands out a slab that is still being sent from', () => {
    const pool = new SlabPool();
    const slab = pool.acquire(100, 0);
    slab.inFlight = 1;
    pool.release(slab);
    expect(pool.pooledBytes).toBe(0);
    expect(pool.acquire(100, 0)).not.toBe(slab);
  });

  it('keeps nothing larger than the largest slab', () => {
    const pool = new SlabPool();
    pool.release(pool.acquire(MAX_SLAB_BYTES + 1, 0));
    expect(pool.pooledBytes).toBe(0);
  });

  it('keeps what many streams let go of at once, and frees what nobody needed for ten seconds', () => {
    const pool = new SlabPool();
    const slabs = Array.from({ length: 40 }, () => pool.acquire(MAX_SLAB_BYTES, 0));
    for (const slab of slabs) pool.release(slab);
    pool.tick(10_000);
    expect(pool.pooledBytes).toBe(40 * MAX_SLAB_BYTES);
    for (const slab of Array.from({ length: 30 }, () => pool.acquire(MAX_SLAB_BYTES, 0))) pool.release(slab);
    pool.tick(19_999);
    expect(pool.pooledBytes).toBe(40 * MAX_SLAB_BYTES);
    pool.tick(20_000);
    expect(pool.pooledBytes).toBe(30 * MAX_SLAB_BYTES);
    pool.tick(30_000);
    expect(pool.pooledBytes).toBe(0);
  });
});

describe('the stream log', () => {
  it('reads back every byte from every batch boundary it still holds, whatever the sizes, overlaps and trims', () => {
    const step = fc.record({
      bytes: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 30_000, max: 90_000 })),
      lag: fc.integer({ min: 0, max: 6 }),
      trim: fc.integer({ min: 0, max: 12 }),
      waitMs: fc.integer({ min: 0, max: 2000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
        const log = new StreamLog(new SlabPool());
        const boundaries = [0];
        let needed = 0;
        let nowMs = 1;
        for (const { bytes, lag, trim, waitMs } of steps) {
          nowMs += waitMs;
          if (log.needsSlab(bytes)) {
            needed = Math.max(needed, boundaries.at(-1 - trim) ?? 0);
            log.trim(needed);
          }
          append(log, bytes, boundaries.at(-1 - lag) ?? 0, nowMs);
          boundaries.push(log.head);
        }
        for (const position of boundaries.filter((boundary) => boundary >= needed)) {
          expect(readFrom(log, position).equals(expected(position, log.head))).toBe(true);
        }
        expect(log.tail).toBeLessThanOrEqual(needed);
      }),
      { seed: 20_260, numRuns: 60 },
    );
  });

  it('begins a new slab with what most players have yet to send, so that their next write is one stretch', () => {
    const log = new StreamLog(new SlabPool());
    append(log, 60_000, 0, 1);
    const second = append(log, 20_000, 50_000, 2);
    expect(second.start).toBe(50_000);
    expect(log.slabAt(50_000)).toBe(second);
    expect(log.slabAt(49_999)).not.toBe(second);
    expect(log.view(second, 50_000).equals(expected(50_000, 80_000))).toBe(true);
  });

  it('carries over at most half a slab for a player that is far behind', () => {
    const log = new StreamLog(new SlabPool());
    append(log, 65_000, 0, 1);
    expect(append(log, 1000, 0, 1000).start).toBe(65_000 - MIN_SLAB_BYTES / 2);
  });

  it('takes a batch of 8 MiB as one slab of its own and gives its memory up after it', () => {
    const pool = new SlabPool();
    const log = new StreamLog(pool);
    append(log, 1000, 0, 1);
    append(log, 8 * 2 ** 20, 1000, 2);
    expect(readFrom(log, 0).equals(expected(0, log.head))).toBe(true);
    append(log, 1000, log.head, 3);
    log.trim(log.head);
    expect(log.heldBytes).toBeLessThanOrEqual(MAX_SLAB_BYTES);
    expect(pool.pooledBytes).toBe(MIN_SLAB_BYTES);
  });

  it('gives players at the same place the same view object, and a new one once more has come', () => {
    const log = new StreamLog(new SlabPool());
    const slab = append(log, 100, 0, 1);
    const view = log.view(slab, 20);
    expect(log.view(slab, 20)).toBe(view);
    append(log, 50, 0, 2);
    expect(log.view(slab, 20).length).toBe(130);
    expect(view.length).toBe(80);
  });

  it('grows its slabs while they fill fast, and shrinks them for a slow stream', () => {
    const log = new StreamLog(new SlabPool());
    let nowMs = 1;
    let largest = 0;
    for (let i = 0; i < 200; i++, nowMs += 10) {
      if (log.needsSlab(60_000)) log.trim(log.head);
      largest = Math.max(largest, append(log, 60_000, log.head, nowMs).buffer.length);
    }
    expect(largest).toBe(MAX_SLAB_BYTES);
    let last = largest;
    for (let i = 0; i < 200; i++, nowMs += 1000) {
      if (log.needsSlab(60_000)) log.trim(log.head);
      last = append(log, 60_000, log.head, nowMs).buffer.length;
    }
    expect(last).toBeLessThan(MAX_SLAB_BYTES / 2);
  });

  it('lets everything go when it is closed, but for the slab that is being sent from', () => {
    const pool = new SlabPool();
    const log = new StreamLog(pool);
    const slab = append(log, 100, 0, 1);
    slab.inFlight = 1;
    append(log, MIN_SLAB_BYTES, 100, 1000);
    log.close();
    expect(log.heldBytes).toBe(0);
    expect(pool.pooledBytes).toBe(MIN_SLAB_BYTES);
  });
});
