/** A rate limit. */
export interface Rate {
  /** Most tokens at once, after a rest. */
  readonly burst: number;
  /** Steady rate, a second. */
  readonly perSecond: number;
}

/**
 * A token bucket lets through a burst and then a steady rate. Time comes in, nothing is scheduled. A clock that steps
 * back refills nothing.
 */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #atMs: number | undefined;

  /** @param rate how much at once and how much a second; the bucket begins full */
  constructor({ burst, perSecond }: Rate) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#tokens = burst;
  }

  /**
   * Takes `count` tokens. @param nowMs monotonic milliseconds @returns whether they were there; if not, none is taken
   */
  take(nowMs: number, count = 1): boolean {
    this.#fill(nowMs);
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /**
   * Takes one token that is there now or will be in time. Tokens that are not there yet are given out in the order of
   * the calls.
   *
   * @param nowMs monotonic milliseconds
   * @param longestMs the longest acceptable wait, in milliseconds
   * @returns how long to wait for the token, 0 when it is there; undefined when that would be too long, and then none
   *   is taken
   */
  reserve(nowMs: number, longestMs: number): number | undefined {
    this.#fill(nowMs);
    const waitMs = this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs);
    if (waitMs > longestMs) return undefined;
    this.#tokens--;
    return waitMs;
  }

  /**
   * Whether the bucket is full. A full bucket holds no more information than a new one. @param nowMs monotonic
   * milliseconds
   */
  isFull(nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#tokens >= this.#burst;
  }

  #fill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - (this.#atMs ?? nowMs));
    this.#atMs = nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsedMs * this.#perMs);
  }
}

/**
 * Most keys that one set of buckets remembers. Past it the one that was unused for longest is forgotten. A full set
 * takes about 2 MB.
 */
export const MAX_BUCKETS = 16_384;

/**
 * One token bucket for each key, such as the address of a peer. The number of keys is bounded, so that a peer that
 * comes with ever new keys costs no memory. A bucket that is full again is forgotten, because it holds no more
 * information than a new one.
 */
export class KeyedBuckets {
  #rate: Rate;
  /** In the order of their last use. */
  readonly #buckets = new Map<string, TokenBucket>();

  /** @param rate of every key; with `perSecond` 0 there is no limit */
  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Another rate holds from now on; every bucket is full again. The same rate changes nothing. */
  change(rate: Rate): void {
    if (rate.burst === this.#rate.burst && rate.perSecond === this.#rate.perSecond) return;
    this.#rate = rate;
    this.#buckets.clear();
  }

  /** Keys remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** As {@link TokenBucket.take}, from the bucket of `key`. */
  take(key: string, nowMs: number, count = 1): boolean {
    return this.#rate.perSecond === 0 || this.#of(key, nowMs).take(nowMs, count);
  }

  /** As {@link TokenBucket.reserve}, from the bucket of `key`. */
  reserve(key: string, nowMs: number, longestMs: number): number | undefined {
    return this.#rate.perSecond === 0 ? 0 : this.#of(key, nowMs).reserve(nowMs, longestMs);
  }

  /** Whether `key` has taken nothing, or nothing for so long that its bucket is full again. */
  isFresh(key: string, nowMs: number): boolean {
    return this.#buckets.get(key)?.isFull(nowMs) ?? true;
  }

  #of(key: string, nowMs: number): TokenBucket {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#rate);
    this.#buckets.delete(key);
    this.#forget(nowMs);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** Makes room. Two full buckets are looked for at each call, which keeps up with one bucket that is added. */
  #forget(nowMs: number): void {
    let looked = 0;
    for (const [key, bucket] of this.#buckets) {
      if (this.#buckets.size < MAX_BUCKETS && (looked++ === 2 || !bucket.isFull(nowMs))) return;
      this.#buckets.delete(key);
    }
  }
}
