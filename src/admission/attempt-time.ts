import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../core/clock.js';
import type { AdmissionRequest } from './request.js';

/** How long a responder is let alone before it is asked once more. */
const RETRY_PAUSE_MS = 100;

/**
 * How long one attempt may take: the responder's own time-out, within what is left of the chain's.
 *
 * @returns milliseconds; 0 when there is no time left
 */
export function attemptMs(request: AdmissionRequest, timeoutMs: number, clock: Clock): number {
  return Math.max(0, Math.min(timeoutMs, request.deadlineMs - clock.monotonicMs()));
}

/**
 * Waits for a moment before the second and last attempt.
 *
 * @returns whether it may be made: somebody still wants the answer, and there is time
 */
export async function mayRetry(request: AdmissionRequest, clock: Clock): Promise<boolean> {
  if (attemptMs(request, RETRY_PAUSE_MS, clock) < RETRY_PAUSE_MS) return false;
  await pause(RETRY_PAUSE_MS);
  return !request.signal.aborted && request.question.isWanted() && request.deadlineMs > clock.monotonicMs();
}
