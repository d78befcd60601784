import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../core/errors.js';
import { readFlvFile } from '../flv/flv-file.js';
import { type FlvTag, FlvTagType } from '../flv/flv-format.js';
import { lookAhead, PASSES_ON_ANYTHING } from './enhanced-rtmp.js';
import { RtmpConnection } from './rtmp-connection.js';

/** The state of a publish. */
export interface PublishProgress {
  /** Media time sent, ms from the first tag. */
  readonly mediaMs: number;
  /** Wall time since the server accepted the publish, ms. */
  readonly elapsedMs: number;
  readonly tags: number;
  /** Payload bytes sent. */
  readonly bytes: number;
  /** Whole runs through the file so far. */
  readonly loops: number;
}

/** Options of {@link publishFile}. */
export interface PublishFileOptions {
  /** Paces by the tags' timestamps; default `true`. Otherwise as fast as the server reads. */
  readonly realtime?: boolean;
  /** Starts the file again at its end, with timestamps going on; default `false`. */
  readonly loop?: boolean;
  /** Called at most twice a second, and once at the end. */
  readonly onProgress?: (progress: PublishProgress) => void;
  /** Called once, when the server accepted the publish. */
  readonly onStarted?: () => void;
  /** Called when the file ends inside a tag, with the bytes that were left out. */
  readonly onCut?: (bytes: number) => void;
  /** Ends the publish in good order. */
  readonly signal?: AbortSignal;
  /** With `rtmps://`: takes any certificate. Default false. */
  readonly insecure?: boolean;
  /** From connecting until the server accepts; default 15000. */
  readonly timeoutMs?: number;
  /** Bytes per chunk; default 60000. */
  readonly chunkSize?: number;
}

const PROGRESS_EVERY_MS = 500;
/** The distance of the first tag of a further loop from the last of the one before, when the file shows none. */
const LOOP_GAP_MS = 33;

/**
 * Publishes an FLV file as an encoder would: metadata, sequence headers and frames at their times, then unpublishes.
 *
 * @param file path of the FLV
 * @param url `rtmp://host[:port]/app/name[?key]`
 * @returns the last progress, when the file is over or the signal asked to stop
 * @throws SluiceError what {@link RtmpConnection.open} and `readFlvFile` throw; `ERR_FLV_EMPTY` when there is nothing
 *   to send; `ERR_CLIENT_ENDED` with the server's code when it ended the publish, `ERR_CLIENT_LOST` when the connection
 *   broke
 */
export async function publishFile(
  file: string,
  url: string,
  options: PublishFileOptions = {},
): Promise<PublishProgress> {
  const { signal } = options;
  // The first tags are read before connecting: a file that is no FLV must not appear as a stream, and connect announces
  // Enhanced RTMP when the file has it. Of other files servers get the connect that they know.
  const ahead = await lookAhead(readFlvFile(file, { onCut: options.onCut }));
  let { tags } = ahead;
  let next = await tags.next();
  if (next.done === true) throw new SluiceError('ERR_FLV_EMPTY', file);
  let connection: RtmpConnection;
  try {
    connection = await RtmpConnection.open(url, {
      mode: 'publish',
      signal,
      insecure: options.insecure,
      timeoutMs: options.timeoutMs,
      chunkSize: options.chunkSize,
      ...(ahead.isEnhanced ? { connectExtras: PASSES_ON_ANYTHING } : {}),
    });
  } catch (error) {
    await tags.return();
    throw error;
  }
  options.onStarted?.();
  const pacer = new Pacer(connection, options);
  try {
    for (;;) {
      while (next.done !== true && pacer.running) {
        await pacer.send(next.value);
        next = await tags.next();
      }
      if (options.loop !== true || !pacer.running || pacer.progress().tags === 0) break;
      pacer.nextLoop();
      tags = readFlvFile(file);
      next = await tags.next();
    }
    if (pacer.running) await pacer.finish();
    await connection.close();
  } finally {
    await tags.return();
    await connection.close();
  }
  const { error } = await connection.ended;
  if (error !== undefined) throw error;
  options.onProgress?.(pacer.progress());
  return pacer.progress();
}

/** Sends tags at their times and keeps count. */
class Pacer {
  readonly #connection: RtmpConnection;
  readonly #options: PublishFileOptions;
  readonly #startMs = performance.now();
  readonly #over = new AbortController();
  #baseMs: number | undefined;
  #loopOffsetMs = 0;
  #lastMs = 0;
  #gapMs = LOOP_GAP_MS;
  #lastVideoMs: number | undefined;
  #reportedMs = this.#startMs;
  #tags = 0;
  #bytes = 0;
  #loops = 0;

  constructor(connection: RtmpConnection, options: PublishFileOptions) {
    this.#connection = connection;
    this.#options = options;
    const over = (): void => this.#over.abort();
    void connection.ended.then(over);
    options.signal?.addEventListener('abort', over, { once: true });
    if (options.signal?.aborted === true) over();
  }

  /** Whether the connection is still open and no stop was asked for. */
  get running(): boolean {
    return !this.#over.signal.aborted;
  }

  progress(): PublishProgress {
    return {
      mediaMs: this.#lastMs,
      elapsedMs: Math.round(performance.now() - this.#startMs),
      tags: this.#tags,
      bytes: this.#bytes,
      loops: this.#loops,
    };
  }

  async send(tag: FlvTag): Promise<void> {
    this.#baseMs ??= tag.timestamp;
    const mediaMs = Math.max(0, tag.timestamp - this.#baseMs) + this.#loopOffsetMs;
    await this.#until(mediaMs);
    if (!this.running) return;
    if (!this.#connection.send({ type: tag.type, timestamp: mediaMs, payload: tag.payload }))
      await this.#connection.drained();
    if (tag.type === FlvTagType.Video) {
      const gap = mediaMs - (this.#lastVideoMs ?? mediaMs);
      if (gap > 0 && gap < 1000) this.#gapMs = gap;
      this.#lastVideoMs = mediaMs;
    }
    this.#lastMs = Math.max(this.#lastMs, mediaMs);
    this.#tags++;
    this.#bytes += tag.payload.length;
    this.#report();
  }

  /** Waits for the duration of the last frame, so that players get all of it before the unpublish. */
  async finish(): Promise<void> {
    await this.#until(this.#lastMs + this.#gapMs);
    await this.#connection.drained();
  }

  nextLoop(): void {
    this.#loops++;
    this.#baseMs = undefined;
    this.#loopOffsetMs = this.#lastMs + this.#gapMs;
  }

  async #until(mediaMs: number): Promise<void> {
    if (this.#options.realtime === false) return;
    const waitMs = this.#startMs + mediaMs - performance.now();
    if (waitMs < 1) return;
    await sleep(waitMs, undefined, { signal: this.#over.signal }).catch(ignoreAbort);
  }

  #report(): void {
    const now = performance.now();
    if (now - this.#reportedMs < PROGRESS_EVERY_MS) return;
    this.#reportedMs = now;
    this.#options.onProgress?.(this.progress());
  }
}

function ignoreAbort(error: unknown): void {
  if (error instanceof Error && error.name === 'AbortError') return;
  throw new SluiceError('ERR_INTERNAL', 'waiting', { cause: error });
}
