/** What is known of one metric, whoever counts it. */
export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** What one is: `bytes`, `seconds`, `streams`; `0 or 1` of a state. */
  readonly unit: string;
  /** By name of the label: all values that it can have, or in words what bounds them. Missing: it has no labels. */
  readonly labels?: Readonly<Record<string, readonly string[] | string>>;
  /** Upper bounds of a histogram, in its unit, without `+Inf`. */
  readonly bounds?: readonly number[];
  /** What it is, for `# HELP` and the documents, without a full stop. */
  readonly help: string;
  /** What to do when it is not as it should be; missing: it is there to look at. */
  readonly todo?: string;
  /** When there is such a metric; missing: always. */
  readonly only?: string;
}

/** A label whose values are error codes. */
export const CODES = 'codes of [errors.md](errors.md)';
/** A label whose values are the responders of `auth`, or the chain. */
export const RESPONDERS = 'names of the responders in `auth`, and `chain`';
