import { ERRORS, type ErrorCode } from '../core/errors.js';
import type { EndReason, PlayEndReason } from '../model/reasons.js';

/**
 * Reasons after which a publisher may come back: its connection was lost, it did not end the publish, and it was not
 * sent away.
 */
export const RESUMABLE: readonly EndReason[] = ['client_closed', 'client_reset', 'dead_peer', 'idle'];

/** The end reason that a closed socket means. */
export function reasonOfSocketEnd(error: NodeJS.ErrnoException | undefined): EndReason {
  if (error === undefined) return 'client_closed';
  return error.code === 'ETIMEDOUT' || error.code === 'EHOSTUNREACH' ? 'dead_peer' : 'client_reset';
}

/** The meaning of a code for the plays of a connection that is closed for it; undefined when it has none. */
export function playReasonOfCode(code: ErrorCode): PlayEndReason | undefined {
  return ERRORS[code].endsPlaysAs;
}

/** The meaning of a code with which a connection was closed for the streams it published. */
export function reasonOfCode(code: ErrorCode): EndReason {
  // A code that is not for connections is a defect; their streams end all the same.
  return ERRORS[code].endsStreamsAs ?? 'protocol_error';
}
