import { parseRtmpUrl } from '../client/rtmp-url.js';
import { parseDuration } from '../core/duration.js';
import { SluiceError } from '../core/errors.js';
import { type PublishTestPictureOptions, publishTestPicture } from '../load/index.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';
import { ProgressLine } from './progress-line.js';
import { stopSignal } from './stop-signal.js';

/** The flags of `sluice publish --test`. */
export interface PublishTestFlags {
  readonly size?: string;
  readonly fps?: number;
  readonly for?: string;
  /** False with `--no-audio`. */
  readonly audio?: boolean;
  readonly count?: number;
  readonly insecure?: boolean;
}

/**
 * `sluice publish --test URL`: sends a test picture until a duration is over or a signal comes.
 *
 * @returns the exit code
 * @throws SluiceError ERR_CLI_USAGE, ERR_LOAD_OPTION, ERR_CLIENT_*
 */
export async function publishTest(url: string, flags: PublishTestFlags, io: Io): Promise<number> {
  const { display } = parseRtmpUrl(url);
  const options = optionsOf(flags);
  const line = new ProgressLine(io, 'publishing', options.durationMs);
  const { count = 1 } = flags;
  try {
    const total = await publishTestPicture(url, {
      ...options,
      signal: stopSignal(),
      onStarted: () => io.err(`publishing a test picture to ${count === 1 ? display : `${display}-1 … -${count}`}\n`),
      onProgress: (progress) => line.show(progress),
    });
    line.finish('published', total);
    return EXIT.ok;
  } catch (error) {
    line.abandon();
    throw error;
  }
}

function optionsOf({ size, fps, for: lasts, audio, count, insecure }: PublishTestFlags): PublishTestPictureOptions {
  const [, width, height] = /^(\d{2,4})x(\d{2,4})$/.exec(size ?? '1280x720') ?? [];
  if (width === undefined || height === undefined)
    throw new SluiceError('ERR_CLI_USAGE', `--size ${size}; expected WIDTHxHEIGHT, such as 640x360`);
  const durationMs = lasts === undefined ? undefined : parseDuration(lasts, 's');
  if (lasts !== undefined && durationMs === undefined)
    throw new SluiceError('ERR_CLI_USAGE', `--for ${lasts}; expected seconds, or a duration such as 10s or 5m`);
  return {
    ...{ width: Number(width), height: Number(height), hasAudio: audio !== false, insecure: insecure === true },
    ...(fps === undefined ? {} : { fps }),
    ...(count === undefined ? {} : { count }),
    ...(durationMs === undefined ? {} : { durationMs }),
  };
}
