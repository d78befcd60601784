/** One claim that a bench checks. Red ones stay in the table. */
export interface Verdict {
  /** The claim in words, with the comparison: `fan-out, CPU per GB ≤ 0.5 × nginx-rtmp`. */
  readonly target: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  readonly pass: boolean;
}

/** The claim that `value` is at most `limit`. A missing value (NaN) fails. */
export function atMost(target: string, value: number, limit: number, unit = '×'): Verdict {
  return { target: `${target} ≤ ${limit} ${unit}`.trim(), value, limit, unit, pass: value <= limit };
}

/** The claim that `value` is at least `limit`. A missing value (NaN) fails. */
export function atLeast(target: string, value: number, limit: number, unit = '×'): Verdict {
  return { target: `${target} ≥ ${limit} ${unit}`.trim(), value, limit, unit, pass: value >= limit };
}
