import { SluiceError } from '../core/errors.js';

/** Codes of the system for: this process, or all processes together, have as many descriptors as they may. */
const NO_DESCRIPTORS = ['EMFILE', 'ENFILE'];

/**
 * What kept the server from starting, with the code that is true of it: whatever was opened when descriptors ran out, it is about them.
 *
 * @param error anything that was thrown
 */
export function startError(error: unknown): unknown {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (NO_DESCRIPTORS.includes(code)) return new SluiceError('ERR_DESCRIPTORS', cause.message, { cause: error });
  }
  return error;
}

/** Refuses a clock that ids cannot be stamped with. @throws SluiceError ERR_CLOCK */
export function checkClock(wallMs: number): void {
  if (wallMs < 0) throw new SluiceError('ERR_CLOCK', `${new Date(wallMs).toISOString()}`);
}
