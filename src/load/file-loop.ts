import { SluiceError } from '../core/errors.js';
import { readFlvFile } from '../flv/flv-file.js';
import { FlvTagType } from '../flv/flv-format.js';
import { mediaBodies } from '../media/payload.js';
import type { LoopMessage, MediaLoop } from './synthetic.js';

/** Largest file. It is held in memory once, shared by all publishers. */
const MAX_BYTES = 512 * 1024 * 1024;
const DEFAULT_GAP_MS = 33;

/**
 * Loads an FLV file as a loop. Its first sequence headers go before the loop, later ones stay inside it.
 *
 * @throws SluiceError what `readFlvFile` throws; `ERR_LOAD_FILE` when it holds no frames or is over 512 MiB
 */
export async function fileLoop(path: string): Promise<MediaLoop> {
  let metadata: Buffer | undefined;
  const headers: { type: number; payload: Buffer }[] = [];
  const messages: LoopMessage[] = [];
  let bytes = 0;
  let baseMs: number | undefined;
  let latestMs = 0;
  for await (const tag of readFlvFile(path)) {
    bytes += tag.payload.length;
    if (bytes > MAX_BYTES) throw new SluiceError('ERR_LOAD_FILE', `${path} is over ${MAX_BYTES} bytes`);
    const payload = Buffer.from(tag.payload);
    if (tag.type === FlvTagType.Script) metadata ??= payload;
    if (tag.type !== FlvTagType.Audio && tag.type !== FlvTagType.Video) continue;
    const kind = tag.type === FlvTagType.Video ? 'video' : 'audio';
    const isHeader = mediaBodies(kind, payload)[0]?.packet === 'config';
    if (isHeader && !messages.some((message) => message.type === tag.type)) {
      headers.push({ type: tag.type, payload });
      continue;
    }
    baseMs ??= tag.timestamp;
    latestMs = Math.max(latestMs, tag.timestamp - baseMs);
    messages.push({ type: tag.type, timestamp: latestMs, payload, stampAt: -1 });
  }
  if (messages.length === 0) throw new SluiceError('ERR_LOAD_FILE', `${path} holds no audio or video`);
  const video = messages.filter((message) => message.type === FlvTagType.Video);
  const gap = video.length < 2 ? DEFAULT_GAP_MS : Math.max(1, Math.round(latestMs / (video.length - 1)));
  return { metadata, headers, messages, durationMs: latestMs + gap };
}
