import { ERRORS, type ErrorCode } from '../core/errors.js';
import type { EndReason, PlayEndReason } from '../model/reasons.js';

/** What a closed socket says of its peer. */
export function reasonOfSocketEnd(error: NodeJS.ErrnoException | undefined): EndReason {
  if (error === undefined) return 'client_closed';
  return error.code === 'ETIMEDOUT' || error.code === 'EHOSTUNREACH' ? 'dead_peer' : 'client_reset';
}

/** What a code means for the plays of a connection that is cut off for it; undefined when it says nothing of them. */
export function playReasonOfCode(code: ErrorCode): PlayEndReason | undefined {
  return ERRORS[code].endsPlaysAs;
}

/** What a code with which a connection was closed means for the streams it published. */
export function reasonOfCode(code: ErrorCode): EndReason {
  // A code that is not meant for connections is a defect; their streams end all the same.
  return ERRORS[code].endsStreamsAs ?? 'protocol_error';
}
