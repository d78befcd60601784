import { describe, expect, it } from 'vitest';
import { KeyedBuckets, MAX_BUCKETS, TokenBucket } from '../../../src/core/token-bucket.js';

const RATE = { burst: 50, perSecond: 20 };

describe('a token bucket', () => {
  const taken = (bucket: TokenBucket, nowMs: number, times: number): number => {
    let count = 0;
    for (let i = 0; i < times; i++) if (bucket.take(nowMs)) count++;
    return count;
  };

  it('lets its burst through at once, and not one more', () => {
    expect([49, 50, 51].map((times) => taken(new TokenBucket(RATE), 0, times))).toEqual([49, 50, 50]);
  });

  it('gives back as many a second as it says, never more than the burst, and nothing for tries that failed', () => {
    const bucket = new TokenBucket(RATE);
    expect(taken(bucket, 0, 2000)).toBe(50);
    expect(taken(bucket, 49, 10)).toBe(0);
    expect(taken(bucket, 51, 10)).toBe(1);
    expect(taken(bucket, 1051, 100)).toBe(20);
    expect(taken(bucket, 60_000, 100)).toBe(50);
  });

  it('gives nothing back when the clock steps back', () => {
    const bucket = new TokenBucket({ burst: 1, perSecond: 1 });
    expect(bucket.take(1000)).toBe(true);
    expect(bucket.take(0)).toBe(false);
    expect(bucket.take(999)).toBe(false);
    expect(bucket.take(1000)).toBe(true);
  });

  it('takes several tokens together or none', () => {
    const bucket = new TokenBucket({ burst: 3, perSecond: 1 });
    expect([bucket.take(0, 2), bucket.take(0, 2), bucket.take(0, 1)]).toEqual([true, false, true]);
  });

  it('hands out tokens that are still to come, in order, as long as the wait is worth while', () => {
    const bucket = new TokenBucket({ burst: 2, perSecond: 4 });
    const waits = (nowMs: number, times: number): (number | undefined)[] =>
      Array.from({ length: times }, () => bucket.reserve(nowMs, 500));
    expect(waits(0, 6)).toEqual([0, 0, 250, 500, undefined, undefined]);
    expect(waits(250, 2)).toEqual([500, undefined]);
    expect(bucket.take(900)).toBe(false);
    expect(waits(5000, 3)).toEqual([0, 0, 250]);
  });
});

describe('token buckets by key', () => {
  const taken = (buckets: KeyedBuckets, key: string, nowMs: number, times: number): number => {
    let count = 0;
    for (let i = 0; i < times; i++) if (buckets.take(key, nowMs)) count++;
    return count;
  };

  it('are each their own', () => {
    const buckets = new KeyedBuckets(RATE);
    expect(taken(buckets, '192.0.2.1', 0, 2000)).toBe(50);
    expect(taken(buckets, '192.0.2.2', 0, 60)).toBe(50);
    expect([buckets.reserve('192.0.2.1', 0, 50), buckets.reserve('192.0.2.3', 0, 0)]).toEqual([50, 0]);
  });

  it('tell a key that has taken nothing, or nothing for long, from others', () => {
    const buckets = new KeyedBuckets({ burst: 2, perSecond: 1 });
    expect(buckets.isFresh('a', 0)).toBe(true);
    buckets.take('a', 0);
    expect([buckets.isFresh('a', 999), buckets.isFresh('a', 1000), buckets.isFresh('b', 0)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('limit nothing when their rate is 0', () => {
    const buckets = new KeyedBuckets({ burst: 1, perSecond: 0 });
    expect(taken(buckets, 'a', 0, 1000)).toBe(1000);
    expect([buckets.reserve('a', 0, 0), buckets.size]).toEqual([0, 0]);
  });

  it('remember so many keys and no more, and none whose bucket is full again', () => {
    const buckets = new KeyedBuckets(RATE);
    expect(taken(buckets, 'abuser', 0, 2000)).toBe(50);
    for (let i = 0; i < MAX_BUCKETS - 2; i++) buckets.take(`a${i}`, 1);
    expect(buckets.size).toBe(MAX_BUCKETS - 1);
    expect(taken(buckets, 'abuser', 1, 1)).toBe(0);
    for (let i = 0; i < 10; i++) buckets.take(`b${i}`, 1);
    expect(buckets.size).toBe(MAX_BUCKETS);
    for (let i = 0; i < MAX_BUCKETS; i++) buckets.take('one', 10_000);
    expect(buckets.size).toBe(1);
  });

  it('take another rate, with full buckets; the same rate changes nothing', () => {
    const buckets = new KeyedBuckets({ burst: 1, perSecond: 1 });
    expect([buckets.take('a', 0), buckets.take('a', 0)]).toEqual([true, false]);
    buckets.change({ burst: 1, perSecond: 1 });
    expect(buckets.take('a', 0)).toBe(false);
    buckets.change({ burst: 2, perSecond: 1 });
    expect([buckets.take('a', 0), buckets.take('a', 0), buckets.take('a', 0)]).toEqual([true, true, false]);
  });
});
