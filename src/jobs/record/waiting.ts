import type { Clock } from '../../core/clock.js';
import type { JobRecord } from './record.js';

/**
 * When an open job may be taken, by the monotonic clock here, if it is seen now. The wall clock of whoever opened it
 * may be ahead of the one here: it is waited for no longer than that one meant, by its own clock.
 */
export function dueMsOf({ notBefore, requestedAt, last }: JobRecord, clock: Clock): number {
  const openedMs = Math.max(Date.parse(requestedAt), last === undefined ? 0 : Date.parse(last.time));
  return clock.monotonicMs() + Math.max(0, Math.min(notBefore - clock.wallMs(), notBefore - openedMs));
}
