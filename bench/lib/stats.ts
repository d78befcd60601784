/** Middle value and spread of one measured quantity over the rounds of one run. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

/** Median, least and greatest of `values`. An empty list gives NaN throughout. */
export function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    min: sorted[0] ?? Number.NaN,
    max: sorted[sorted.length - 1] ?? Number.NaN,
    rounds: sorted.length,
  };
}

/**
 * Quantile by linear interpolation between the two nearest ranks.
 * @param sorted ascending; @param q 0…1.
 */
export function quantile(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const rank = (sorted.length - 1) * q;
  const low = Math.floor(rank);
  const high = Math.ceil(rank);
  return sorted[low] + (sorted[high] - sorted[low]) * (rank - low);
}

/**
 * Ratios of two quantities round by round. Round i of both was measured back to back, so the machine's drift cancels;
 * a ratio of medians of different rounds would carry it.
 */
export function pairedRatios(numerators: readonly number[], denominators: readonly number[]): Summary {
  const ratios: number[] = [];
  for (let i = 0; i < Math.min(numerators.length, denominators.length); i++) {
    if (denominators[i] > 0) ratios.push(numerators[i] / denominators[i]);
  }
  return summarise(ratios);
}

/** A number for people: three significant digits, thousands with a comma. */
export function format(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-GB');
  if (Math.abs(value) >= 100) return value.toFixed(0);
  if (Math.abs(value) >= 10) return value.toFixed(1);
  return value.toFixed(2);
}

/** `median (min–max)`. */
export function formatSummary(s: Summary): string {
  return s.rounds > 1 ? `${format(s.median)} (${format(s.min)}–${format(s.max)})` : format(s.median);
}
