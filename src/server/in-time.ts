import type { Logger } from '../core/log.js';
import { within } from '../core/within.js';

/**
 * Does one part of the shutdown. The next part follows also when this one fails or hangs.
 *
 * @param timeoutMs longest wait, in ms
 */
export async function inTime(
  log: Logger,
  what: string,
  work: Promise<unknown> | undefined,
  timeoutMs: number,
): Promise<void> {
  const failed = (error: unknown): void => log.error({ err: error, what }, 'a part of the shutdown failed');
  const done = await within(work?.catch(failed), timeoutMs);
  if (!done) log.error({ what, timeoutMs: Math.round(timeoutMs) }, 'a part of the shutdown was not done in time');
}
