/** How often one address may connect. */
export interface AcceptRateOptions {
  /** Steady rate, a second; 0: no limit. */
  readonly acceptsPerSecondPerIp: number;
  /** Most at once. */
  readonly acceptBurstPerIp: number;
}

/** Addresses remembered at most: past it the one that was longest quiet is forgotten. About 2 MB when full. */
export const MAX_ADDRESSES = 16_384;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** A token bucket per address, taken from before anything is done for a socket. Time comes in, nothing is scheduled. */
export class AcceptRate {
  readonly #perMs: number;
  readonly #burst: number;
  /** In the order of their last accept. */
  readonly #buckets = new Map<string, Bucket>();

  constructor({ acceptsPerSecondPerIp, acceptBurstPerIp }: AcceptRateOptions) {
    this.#perMs = acceptsPerSecondPerIp / 1000;
    this.#burst = acceptBurstPerIp;
  }

  /** Addresses remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes a token of `address`. @param nowMs monotonic @returns whether there was one */
  take(address: string, nowMs: number): boolean {
    if (this.#perMs === 0) return true;
    const known = this.#buckets.get(address);
    const tokens = known === undefined ? this.#burst : this.#filled(known, nowMs);
    this.#buckets.delete(address);
    this.#forget(nowMs);
    this.#buckets.set(address, { tokens: tokens < 1 ? tokens : tokens - 1, atMs: nowMs });
    return tokens >= 1;
  }

  #filled({ tokens, atMs }: Bucket, nowMs: number): number {
    return Math.min(this.#burst, tokens + (nowMs - atMs) * this.#perMs);
  }

  /** A bucket that is full again is as good as none. Two at a time keep up with one that is added. */
  #forget(nowMs: number): void {
    let looked = 0;
    for (const [address, bucket] of this.#buckets) {
      if (this.#buckets.size < MAX_ADDRESSES && (looked++ === 2 || this.#filled(bucket, nowMs) < this.#burst)) return;
      this.#buckets.delete(address);
    }
  }
}
