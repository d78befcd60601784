import type { Exit } from '../core/error-entry.js';
import { ERRORS, type ErrorCode } from '../core/errors.js';

/** Exit codes of the process. Scripts may rely on them. */
export const EXIT = {
  /** Done, or stopped by a first SIGINT or SIGTERM. */
  ok: 0,
  /** An unexpected failure. */
  failed: 1,
  /** A flag, a key or a value is wrong; nothing was started. */
  usage: 2,
  /** An address cannot be listened on, or a server cannot be reached. */
  unreachable: 3,
  /** The other side refused. */
  refused: 4,
  /** Some nodes did not answer, or refused: what was printed is a part. */
  partial: 5,
} as const satisfies Record<Exit | 'partial', number>;

/** The exit code for an error code. */
export function exitCodeOf(code: ErrorCode): number {
  return EXIT[ERRORS[code].exit];
}
