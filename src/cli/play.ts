import { type PlayEnd, playTo } from '../client/play-to.js';
import { parseRtmpUrl } from '../client/rtmp-url.js';
import { parseDuration } from '../core/duration.js';
import { SluiceError } from '../core/errors.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';
import { ProgressLine } from './progress-line.js';
import { stopSignal } from './stop-signal.js';

const ENDED: { readonly [E in PlayEnd]: string } = {
  duration: 'played',
  stopped: 'stopped',
  stream_ended: 'the stream ended',
};

/** Media of a live stream comes at once. After this time without any, in ms, the person is told why. */
const WAITING_AFTER_MS = 500;

/** The flags of `sluice play`. */
export interface PlayFlags {
  readonly output?: string;
  readonly for?: string;
  readonly insecure?: boolean;
}

/**
 * `sluice play URL`: receives a stream until it ends, a duration is over, or a signal comes.
 *
 * @returns the exit code
 * @throws SluiceError ERR_CLI_USAGE, ERR_CLIENT_*, ERR_FLV_*
 */
export async function play(url: string, options: PlayFlags, io: Io): Promise<number> {
  const { display } = parseRtmpUrl(url);
  const durationMs = options.for === undefined ? undefined : parseDuration(options.for, 's');
  if (options.for !== undefined && durationMs === undefined) {
    throw new SluiceError('ERR_CLI_USAGE', `--for ${options.for}; expected seconds, or a duration such as 10s or 5m`);
  }
  const line = new ProgressLine(io, 'playing', durationMs);
  let waiting: NodeJS.Timeout | undefined;
  try {
    const result = await playTo(url, {
      output: options.output === '-' ? process.stdout : options.output,
      durationMs,
      insecure: options.insecure === true,
      signal: AbortSignal.any([stopSignal(), io.gone]),
      onStarted: () => {
        waiting = setTimeout(() => io.err(`waiting for a publisher of ${display}\n`), WAITING_AFTER_MS);
      },
      onFirstMedia: () => {
        clearTimeout(waiting);
        io.err(`playing ${display}${options.output === undefined ? '' : ` into ${options.output}`}\n`);
      },
      onProgress: (progress) => line.show(progress),
    });
    line.finish(ENDED[result.end], result);
    return EXIT.ok;
  } catch (error) {
    line.abandon();
    // The reader of the pipe has gone, as in `sluice events | head`.
    if (options.output === '-' && io.gone.aborted) return EXIT.ok;
    throw error;
  } finally {
    clearTimeout(waiting);
  }
}
