import { EXIT } from './exit-codes.js';

/** A signal that aborts at the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(EXIT.failed);
      stop.abort(signal);
    });
  }
  return stop.signal;
}
