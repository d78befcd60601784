import { setTimeout as sleep } from 'node:timers/promises';
import { RtmpConnection } from '../../client/rtmp-connection.js';
import { parseRtmpUrl } from '../../client/rtmp-url.js';
import { SluiceError } from '../../core/errors.js';
import { FlvTagType } from '../../flv/flv-format.js';
import { TestPicture } from './test-picture.js';

/** The state of a publish of the test picture. */
interface TestPictureProgress {
  /** Media time sent. */
  readonly mediaMs: number;
  /** Wall time since the servers accepted. */
  readonly elapsedMs: number;
  /** Payload bytes sent to each server. */
  readonly bytes: number;
  readonly frames: number;
}

/** Options of {@link publishTestPicture}. */
export interface PublishTestPictureOptions {
  /** Pixels, even numbers from 160 to 3840; default 1280 and 720. */
  readonly width?: number;
  readonly height?: number;
  /** Whole frames a second, 1 to 60; default 30. */
  readonly fps?: number;
  /** Default true. */
  readonly hasAudio?: boolean;
  /** How long, in ms; without it until the signal. */
  readonly durationMs?: number;
  /** Publishers; more than one get the names `-1`, `-2` …; default 1, at most 1000. */
  readonly count?: number;
  /** With `rtmps://`: takes any certificate. Default false. */
  readonly insecure?: boolean;
  readonly signal?: AbortSignal;
  /** Called once, when the servers have accepted all. */
  readonly onStarted?: () => void;
  /** Called at most twice a second. */
  readonly onProgress?: (progress: TestPictureProgress) => void;
}

const MIN_PIXELS = 160;
const MAX_PIXELS = 3840;
const MAX_FPS = 60;
const MAX_COUNT = 1000;
const PROGRESS_EVERY_MS = 500;
/** Bytes waiting for one server at which its frames are left out until the next key frame. */
const MAX_BACKLOG_BYTES = 1 << 20;

/**
 * Publishes a test picture that it draws and encodes itself, in real time: colour bars, the time, the number of the
 * frame, a moving bar, and a beep at each full second.
 *
 * @param url `rtmp://host[:port]/app/name[?query]`, or the same with `rtmps://`
 * @returns the last progress, when the duration is over or the signal asked to stop
 * @throws SluiceError `ERR_LOAD_OPTION`; what {@link RtmpConnection.open} throws; `ERR_CLIENT_ENDED`, `ERR_CLIENT_LOST`
 *   when one of the publishes ended
 */
export async function publishTestPicture(
  url: string,
  options: PublishTestPictureOptions = {},
): Promise<TestPictureProgress> {
  const { width = 1280, height = 720, fps = 30, count = 1 } = options;
  checked('width', width, MIN_PIXELS, MAX_PIXELS, 2);
  checked('height', height, MIN_PIXELS, MAX_PIXELS, 2);
  checked('fps', fps, 1, MAX_FPS, 1);
  checked('count', count, 1, MAX_COUNT, 1);
  parseRtmpUrl(url);
  const { insecure, signal } = options;
  const opening = Array.from({ length: count }, (_, index) =>
    RtmpConnection.open(count === 1 ? url : numbered(url, index + 1), { mode: 'publish', insecure, signal }),
  );
  try {
    const connections = await Promise.all(opening);
    options.onStarted?.();
    const shape = { width, height, fps, hasAudio: options.hasAudio !== false };
    const result = await send(new TestPicture({ ...shape, startMs: Date.now() }), connections, options);
    await closeAll(connections);
    const failed = (await Promise.all(connections.map(({ ended }) => ended))).find(({ error }) => error !== undefined);
    if (failed?.error !== undefined) throw failed.error;
    return result;
  } finally {
    const settled = await Promise.allSettled(opening);
    await closeAll(settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
  }
}

async function closeAll(connections: readonly RtmpConnection[]): Promise<void> {
  await Promise.all(connections.map((each) => each.close()));
}

/** Sends each tag to all at its time, until the duration, the signal or the end of a connection. */
async function send(
  picture: TestPicture,
  connections: readonly RtmpConnection[],
  { durationMs = Number.POSITIVE_INFINITY, signal, onProgress }: PublishTestPictureOptions,
): Promise<TestPictureProgress> {
  const startMs = performance.now();
  const over = new AbortController();
  for (const { ended } of connections) void ended.then(() => over.abort());
  signal?.addEventListener('abort', () => over.abort(), { once: true });
  if (signal?.aborted === true) over.abort();
  const behind = new Set<RtmpConnection>();
  const progress = { mediaMs: 0, elapsedMs: 0, bytes: 0, frames: 0 };
  for (const tag of picture.headers()) for (const connection of connections) connection.send(tag);
  let reportedMs = startMs;
  for (let tag = picture.next(); tag.timestamp < durationMs; tag = picture.next()) {
    await until(startMs + tag.timestamp, over.signal);
    if (over.signal.aborted) break;
    const isVideo = tag.type === FlvTagType.Video;
    const isKey = isVideo && tag.payload[0] === 0x17;
    for (const connection of connections) {
      const isLate = connection.backlogBytes > MAX_BACKLOG_BYTES;
      if (isLate) behind.add(connection);
      else if (isKey) behind.delete(connection);
      if (!behind.has(connection)) connection.send(tag);
    }
    progress.mediaMs = tag.timestamp;
    progress.bytes += tag.payload.length;
    if (isVideo) progress.frames++;
    const nowMs = performance.now();
    progress.elapsedMs = nowMs - startMs;
    if (nowMs - reportedMs < PROGRESS_EVERY_MS) continue;
    reportedMs = nowMs;
    onProgress?.({ ...progress });
  }
  if (Number.isFinite(durationMs)) await until(startMs + durationMs, over.signal);
  return { ...progress, elapsedMs: performance.now() - startMs };
}

/** Waits until a time of `performance.now`, or until the signal. */
async function until(atMs: number, signal: AbortSignal): Promise<void> {
  const waitMs = atMs - performance.now();
  if (waitMs < 1) return;
  await sleep(waitMs, undefined, { signal }).catch(() => {});
}

/** The URL with `-1`, `-2` … behind the name, before the query. */
function numbered(url: string, number: number): string {
  const at = url.indexOf('?');
  return at < 0 ? `${url}-${number}` : `${url.slice(0, at)}-${number}${url.slice(at)}`;
}

function checked(name: string, value: number, low: number, high: number, step: number): void {
  if (Number.isInteger(value / step) && value >= low && value <= high) return;
  const kind = step === 2 ? 'an even number' : 'a whole number';
  throw new SluiceError('ERR_LOAD_OPTION', `${name} is ${value}; ${kind} from ${low} to ${high} is allowed`);
}
