import { ERRORS, type ErrorCode } from '../core/errors.js';
import type { EndReason, PlayEndReason } from '../model/reasons.js';

/** What a closed socket says of its peer. */
export function reasonOfSocketEnd(error: NodeJS.ErrnoException | undefined): EndReason {
  if (error === undefined) return 'client_closed';
  return error.code === 'ETIMEDOUT' || error.code === 'EHOSTUNREACH' ? 'dead_peer' : 'client_reset';
}

/** Whether a code says that a peer went past a configured limit. */
function isLimit(code: ErrorCode): boolean {
  return /^ERR_LIMIT_|_(?:LIMIT|TOO_LONG|TOO_SMALL|RATE)$/.test(code);
}

/** What a code means for the plays of a connection that is cut off for it; undefined when it says nothing of them. */
export function playReasonOfCode(code: ErrorCode): PlayEndReason | undefined {
  if (isLimit(code)) return 'limit';
  if (code === 'ERR_PLAY_STALLED') return 'stalled';
  return ERRORS[code].blame === 'internal' ? 'error' : undefined;
}

/** What a code with which a connection was closed means for the streams it published. */
export function reasonOfCode(code: ErrorCode): EndReason {
  if (code.startsWith('ERR_PEER_')) return 'client_closed';
  if (code === 'ERR_PUBLISH_NO_MEDIA' || code === 'ERR_PUBLISH_IDLE') return 'idle';
  if (code === 'ERR_SESSION_KICKED') return 'kicked';
  if (code === 'ERR_SESSION_SHUTDOWN') return 'server_drain';
  if (code === 'ERR_SESSION_PING_TIMEOUT') return 'dead_peer';
  return isLimit(code) ? 'limit' : 'protocol_error';
}
