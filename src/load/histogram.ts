/** Buckets per doubling: a quantile is at most 1/64 too high. */
const STEPS = 64;
const DOUBLINGS = 40;

/** Counts of positive numbers in buckets that grow with them: constant memory, quantiles within 1.6 %. */
export class Histogram {
  readonly #counts = new Float64Array(STEPS * DOUBLINGS);
  #count = 0;
  #max = 0;

  /** Numbers recorded. */
  get count(): number {
    return this.#count;
  }

  /** The largest number recorded, exact; 0 when there is none. */
  get max(): number {
    return this.#max;
  }

  /** @param value 0 to 2^40; anything below 1 counts as 1 */
  record(value: number): void {
    const position = Math.log2(Math.max(1, value)) * STEPS;
    this.#counts[Math.min(this.#counts.length - 1, Math.floor(position))]!++;
    this.#count++;
    if (value > this.#max) this.#max = value;
  }

  /** @param share 0 to 1, such as 0.99; @returns the upper edge of the bucket that holds it, 0 when empty */
  quantile(share: number): number {
    let left = Math.ceil(share * this.#count);
    if (left <= 0) return 0;
    for (let i = 0; i < this.#counts.length; i++) {
      left -= this.#counts[i]!;
      if (left <= 0) return Math.min(this.#max, 2 ** ((i + 1) / STEPS));
    }
    return this.#max;
  }
}
