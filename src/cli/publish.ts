import { publishFile } from '../client/publish-file.js';
import { parseRtmpUrl } from '../client/rtmp-url.js';
import { flvLengthMs } from '../flv/flv-length.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';
import { ProgressLine } from './progress-line.js';
import { stopSignal } from './stop-signal.js';

/**
 * `sluice publish FILE URL`: sends an FLV file until its end or a signal.
 *
 * @returns the exit code
 * @throws SluiceError ERR_CLIENT_*, ERR_FLV_*
 */
export async function publish(
  file: string,
  url: string,
  options: { readonly fast?: boolean; readonly loop?: boolean; readonly insecure?: boolean },
  io: Io,
): Promise<number> {
  const { display } = parseRtmpUrl(url);
  // Only a line that is shown needs it, and a file that begins again has no end.
  const lengthMs = io.live && options.loop !== true ? await flvLengthMs(file) : undefined;
  const line = new ProgressLine(io, 'publishing', lengthMs);
  try {
    const total = await publishFile(file, url, {
      realtime: options.fast !== true,
      loop: options.loop === true,
      insecure: options.insecure === true,
      signal: stopSignal(),
      onCut: (bytes) => io.err(`\nsluice: ${file} ends inside a tag: its last ${bytes} bytes are left out\n`),
      onStarted: () => io.err(`publishing ${file} to ${display}\n`),
      onProgress: (progress) => line.show(progress),
    });
    line.finish('published', total);
    return EXIT.ok;
  } catch (error) {
    line.abandon();
    throw error;
  }
}
