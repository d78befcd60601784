import { closeSync, openSync } from 'node:fs';
import { EXIT } from './exit-codes.js';

/**
 * A signal that comes again within this time is not a second request, in ms. After Ctrl-C the terminal signals the
 * whole process group, and npm hands on to its child a signal that the child has already got.
 */
const SAME_WISH_MS = 1000;

/**
 * A signal that aborts at the first SIGINT or SIGTERM; one that comes more than a second later ends the process at
 * once. SIGHUP counts as one of them when the process has lost its terminal. A process that has it still, or never had
 * one, goes on: somebody asks it to read its settings again. So does `nohup`, which takes the terminal away and wants
 * the process to go on, since Node does not let a program see that SIGHUP was ignored before it started.
 *
 * @param reload called at a SIGHUP after which the process goes on; without it, one with a terminal stops
 * @param hadTerminal whether one of the standard streams was a terminal
 * @param hasTerminal whether the process has its terminal still
 */
export function stopSignal(
  reload?: () => void,
  hadTerminal: boolean = standsOnTerminal(),
  hasTerminal: () => boolean = terminalIsThere,
): AbortSignal {
  const stop = new AbortController();
  let firstMs = 0;
  const wish = (signal: NodeJS.Signals): void => {
    if (!stop.signal.aborted) {
      firstMs = performance.now();
      stop.abort(signal);
    } else if (performance.now() - firstMs > SAME_WISH_MS) process.exit(EXIT.failed);
  };
  process.on('SIGINT', wish);
  process.on('SIGTERM', wish);
  process.on('SIGHUP', (signal) => {
    if (hadTerminal && (reload === undefined || !hasTerminal())) wish(signal);
    else reload?.();
  });
  return stop.signal;
}

function standsOnTerminal(): boolean {
  return process.stdin.isTTY === true || process.stdout.isTTY === true || process.stderr.isTTY === true;
}

/** A process whose terminal was closed cannot open it any more. */
function terminalIsThere(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
