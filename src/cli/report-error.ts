import { ERRORS, SluiceError } from '../core/errors.js';
import { tellText } from '../core/tell.js';
import { startError } from '../server/start-error.js';
import { EXIT, exitCodeOf } from './exit-codes.js';
import type { Io } from './io.js';

/**
 * Tells a person what happened, what was expected, what to do and the code.
 *
 * @returns the exit code for it
 */
export function reportError(cause: unknown, io: Io): number {
  // Commands are loaded when they are used, which needs descriptors too.
  const error = startError(cause);
  if (!(error instanceof SluiceError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    io.err(
      `sluice: ${tellText(text)}\n  This is a defect: please report it with the lines above.\n  code: ERR_INTERNAL\n`,
    );
    return EXIT.failed;
  }
  const { hint } = ERRORS[error.code];
  const what = error.message.endsWith(` (${hint})`) ? error.message.slice(0, -hint.length - 3) : error.message;
  io.err(`sluice: ${tellText(what)}\n  what to do: ${hint}\n  code: ${error.code}\n`);
  return exitCodeOf(error.code);
}
