import { SluiceError } from '../core/errors.js';
import { formatResult, formatSecond, type LoadOptions, runLoad } from '../load/index.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';
import { stopSignal } from './stop-signal.js';

/** The flags of `sluice load`. */
export type LoadFlags = Omit<LoadOptions, 'mode' | 'url' | 'signal' | 'onSecond' | 'onSteady'> & {
  readonly json?: boolean;
};

/**
 * `sluice load`: opens many connections, counts what flows, prints the result.
 *
 * @returns the exit code: 0 when all connections were up, stayed, and bytes flowed while it measured
 * @throws SluiceError ERR_CLI_USAGE, ERR_CLIENT_URL, ERR_LOAD_*, ERR_FLV_*
 */
export async function load(mode: string, url: string, flags: LoadFlags, io: Io): Promise<number> {
  if (mode !== 'play' && mode !== 'publish') {
    throw new SluiceError('ERR_CLI_USAGE', `load ${mode}; expected load play URL or load publish URL`);
  }
  const { json, ...options } = flags;
  const line = (value: object): void => io.out(`${JSON.stringify(value)}\n`);
  const result = await runLoad({
    ...options,
    mode,
    url,
    signal: AbortSignal.any([stopSignal(), io.gone]),
    onSecond: (second) => {
      if (json === true) line(second);
      // A log file does not need a line a second, and who wants them there asks for JSON.
      else if (io.live) io.err(`${formatSecond(second)}\n`);
    },
    onSteady: (second) => (json === true ? line(second) : undefined),
  });
  if (json === true) line(result);
  else io.out(`${formatResult(result)}\n`);
  const flowed = result.failed === 0 && result.disconnects === 0 && result.bytes > 0;
  return flowed ? EXIT.ok : EXIT.failed;
}
