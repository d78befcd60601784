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

function entry(blame: Blame, says: string, hint: string): ErrorEntry {
  return { blame, says, hint };
}

/**
 * Every error code there is. The docs list exactly these (a policy test compares both ways). Codes are stable: match on them.
 */
export const ERRORS = {
  ERR_INTERNAL: entry('internal', 'an unexpected failure inside Sluice', 'report it with the log line that names this code'),
} as const satisfies Record<string, ErrorEntry>;

/** A stable error code: a key of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/**
 * The one error class. `code` is stable and is what callers match on; `message` is for people:
 * what happened (registry sentence, then `detail`) and what to do (registry hint).
 */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  /** Facts of this occurrence: numbers, names, limits. Never secrets. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, detail = '', options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    const { says, hint } = ERRORS[code];
    super(`${says}${detail === '' ? '' : `: ${detail}`} (${hint})`, { cause: options.cause });
    this.name = 'SluiceError';
    this.code = code;
    this.details = options.details ?? {};
  }

  /** Who is to blame, from the registry. */
  get blame(): Blame {
    return ERRORS[this.code].blame;
  }
}
