import type { Config, DeepPartial } from '../config/table.js';
import { SluiceError } from '../core/errors.js';

/** Codes of the system which say that this process, or all processes together, have as many descriptors as they may. */
const NO_DESCRIPTORS = ['EMFILE', 'ENFILE'];

/**
 * Finds the error that describes why the server could not start. When descriptors ran out, that is the cause, whatever
 * was being opened.
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

/** Refuses a clock whose time cannot be used for ids. @throws SluiceError ERR_CLOCK */
export function checkClock(wallMs: number): void {
  if (wallMs < 0) throw new SluiceError('ERR_CLOCK', `${new Date(wallMs).toISOString()}`);
}

/** What a program gives has to be an object of settings. @throws SluiceError ERR_CONFIG_INVALID_VALUE */
export function checkedGiven(config: unknown): DeepPartial<Config> {
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as DeepPartial<Config>;
  throw new SluiceError('ERR_CONFIG_INVALID_VALUE', 'the configuration; expected an object of settings');
}
