import { EXIT } from './exit-codes.js';

/**
 * A signal that comes again within this time is not a second request, in ms. After Ctrl-C the terminal signals the
 * whole process group, and npm hands on to its child a signal that the child has already got.
 */
const SAME_WISH_MS = 1000;

/**
 * A signal that aborts at the first SIGINT or SIGTERM; one that comes more than a second later ends the process at
 * once. SIGHUP counts as one of them while the process has a terminal to lose, and is ignored otherwise: `nohup` takes
 * the terminal away and asks the process to go on, and Node does not let a program see that SIGHUP was ignored before
 * it started.
 *
 * @param hasTerminal whether one of the standard streams is a terminal
 */
export function stopSignal(hasTerminal: boolean = standsOnTerminal()): AbortSignal {
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
    if (hasTerminal) wish(signal);
  });
  return stop.signal;
}

function standsOnTerminal(): boolean {
  return process.stdin.isTTY === true || process.stdout.isTTY === true || process.stderr.isTTY === true;
}
