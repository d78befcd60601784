/** Times, and what was measured at them. */
export interface Columns {
  /** Ms since the epoch, rising. */
  readonly times: readonly number[];
  /** One list for each series, as long as `times`; null: nothing was measured then. */
  readonly series: readonly (readonly (number | null)[])[];
}

/** The last values of some series, in a ring. */
export class History {
  readonly #rows: Float64Array;
  readonly #width: number;
  readonly #capacity: number;
  #count = 0;

  /** @param series how many there are @param capacity how many moments are kept */
  constructor(series: number, capacity: number) {
    this.#width = series + 1;
    this.#capacity = capacity;
    this.#rows = new Float64Array(this.#width * capacity);
  }

  /** How many moments it holds. */
  get length(): number {
    return Math.min(this.#count, this.#capacity);
  }

  /** The time of the newest moment; 0: there is none. */
  get newestMs(): number {
    return this.#count === 0 ? 0 : this.#at(this.length - 1, 0);
  }

  /**
   * Adds a moment; one that is not after the newest is left out.
   *
   * @param values one for each series; undefined: not measured
   */
  push(timeMs: number, values: readonly (number | undefined)[]): void {
    if (timeMs <= this.newestMs) return;
    const start = (this.#count % this.#capacity) * this.#width;
    this.#rows[start] = timeMs;
    for (let index = 1; index < this.#width; index += 1) this.#rows[start + index] = values[index - 1] ?? Number.NaN;
    this.#count += 1;
  }

  /** All it holds, oldest first. */
  columns(): Columns {
    const column = (index: number): number[] => Array.from({ length: this.length }, (_, row) => this.#at(row, index));
    const series = Array.from({ length: this.#width - 1 }, (_, index) =>
      column(index + 1).map((value) => (Number.isNaN(value) ? null : value)),
    );
    return { times: column(0), series };
  }

  #at(row: number, index: number): number {
    const first = Math.max(0, this.#count - this.#capacity);
    return this.#rows[((first + row) % this.#capacity) * this.#width + index]!;
  }
}

/**
 * A line through values, as the points of an SVG polyline in a box of `width` by `height`; the box begins at 0.
 *
 * @returns `''` where there are fewer than two values
 */
export function sparkline(values: readonly (number | null)[], width: number, height: number): string {
  const known = values.map((value) => value ?? 0);
  if (known.length < 2) return '';
  const most = Math.max(...known, 1e-9);
  const round = (value: number): number => Math.round(value * 10) / 10;
  return known
    .map((value, index) => `${round((index / (known.length - 1)) * width)},${round(height - (value / most) * height)}`)
    .join(' ');
}

/** What a chart shows, in words: the newest value, the smallest and the largest. */
export function summary(values: readonly (number | null)[], format: (value: number) => string): string {
  const known = values.filter((value) => value !== null);
  const newest = values.at(-1);
  if (known.length === 0) return 'nothing measured yet';
  const now = newest === null || newest === undefined ? 'not measured now' : `now ${format(newest)}`;
  return `${now}, between ${format(Math.min(...known))} and ${format(Math.max(...known))}`;
}

/** Indexes of at most `most` of `length` rows, spread evenly, with the newest among them. */
export function spread(length: number, most: number): readonly number[] {
  const step = Math.max(1, Math.ceil(length / most));
  const indexes: number[] = [];
  for (let index = length - 1; index >= 0; index -= step) indexes.unshift(index);
  return indexes;
}
