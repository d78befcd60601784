import { ERRORS, type ErrorCode } from '../core/errors.js';
import type { PublishRefusal } from '../model/refusals.js';
import type { Refusal } from './access.js';
import { toldEnd } from './told-end.js';

/** A refusal of a publish. @param message default: what the code says */
export function refusedWith(
  code: ErrorCode,
  status: PublishRefusal = 'NetStream.Publish.Rejected',
  message?: string,
): Refusal<PublishRefusal> {
  return { status, code, description: toldEnd(code, message) };
}

/**
 * The publisher has gone while its publish was decided, so no answer reaches it. Once admission was asked it is told as
 * a refusal: who let it in can see what became of that.
 */
export const GONE: Refusal<PublishRefusal> = {
  status: 'NetStream.Publish.Rejected',
  code: 'ERR_PEER_CLOSED',
  description: ERRORS.ERR_PEER_CLOSED.says,
};

/** What the publisher of a stream is told that another node, which took this one for lost, has ended. */
export const ENDED_ELSEWHERE = 'another node has ended this stream';

/** The stream was ended so while its start was written. Its client may publish again at once. */
export const LOST = refusedWith('ERR_SESSION_PUBLISH_REFUSED', undefined, ENDED_ELSEWHERE);

export const BUSY = refusedWith('ERR_PUBLISH_BUSY', 'NetStream.Publish.BadName');
export const BANNED = refusedWith('ERR_AUTH_BANNED');
export const TOO_MANY_SESSIONS = refusedWith('ERR_LIMIT_SESSIONS');
