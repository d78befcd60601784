/** Whose fault an error is: the peer's bytes or behaviour, the operator's set-up, or a defect of ours. */
export type Blame = 'peer' | 'operator' | 'internal';

/** One row of the registry: who is to blame, what happened and was expected, and what to do about it. */
export interface ErrorEntry {
  readonly blame: Blame;
  /** What happened and what was expected; one sentence without a final stop. */
  readonly says: string;
  /** What the reader can do. */
  readonly hint: string;
}

/** Makes a row; keeps the table narrow. */
export function entry(blame: Blame, says: string, hint: string): ErrorEntry {
  return { blame, says, hint };
}
