import type { Writable } from 'node:stream';
import { SluiceError } from '../core/errors.js';
import { type FlvSink, openFlvSink } from '../flv/flv-file.js';
import { type FlvTag, FlvTagType } from '../flv/flv-format.js';
import { PASSES_ON_ANYTHING } from './enhanced-rtmp.js';
import { RtmpConnection } from './rtmp-connection.js';

/** The state of a play. */
export interface PlayProgress {
  /** Media time received, ms from the first frame. */
  readonly mediaMs: number;
  /** Wall time since the server accepted the play, ms. */
  readonly elapsedMs: number;
  readonly tags: number;
  /** Payload bytes received. */
  readonly bytes: number;
}

/** Options of {@link playTo}. */
export interface PlayToOptions {
  /** File to write as FLV, or a stream, which the caller still has to end. Without it nothing is written. */
  readonly output?: string | Writable;
  /** Every tag as written: time starts at 0 with the first frame. The callee owns the payload. Must not throw. */
  readonly onTag?: (tag: FlvTag) => void;
  /** Called once a second. */
  readonly onProgress?: (progress: PlayProgress) => void;
  /** Called once, when the server accepted the play. Media may come much later. */
  readonly onStarted?: () => void;
  /** Called once, when the first audio or video came. */
  readonly onFirstMedia?: () => void;
  /** Ends the play in good order. */
  readonly signal?: AbortSignal;
  /** Media time to receive, ms; without it until the server ends the stream. */
  readonly durationMs?: number;
  /** With `rtmps://`: takes any certificate. Default false. */
  readonly insecure?: boolean;
  /** From connecting until the server accepts; default 15000. */
  readonly timeoutMs?: number;
}

/** Why a play is over. */
export type PlayEnd = 'duration' | 'stopped' | 'stream_ended';

/** The result of {@link playTo}. */
export interface PlayResult extends PlayProgress {
  readonly end: PlayEnd;
}

const PROGRESS_EVERY_MS = 1000;
/** Unwritten payload bytes at which reading from the server stops, and half of them at which it goes on. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;
/** How long an output may take for what is left once the play was asked to stop, in ms. Its reader may never go on. */
const LEFT_OVER_MS = 1000;
/** A stream that stalls cannot reach its duration; the play ends this much wall time later. */
const DURATION_GRACE_MS = 2000;

/**
 * Plays a stream into an FLV file, a stream, a callback, or nowhere.
 *
 * @param url `rtmp://host[:port]/app/name[?token]`
 * @returns what was received, when the duration is reached, the signal asked to stop, or the server ended the stream
 * @throws SluiceError what {@link RtmpConnection.open} throws; `ERR_FLV_FILE` when the output fails; `ERR_CLIENT_LOST`
 *   when the connection broke
 */
export async function playTo(url: string, options: PlayToOptions = {}): Promise<PlayResult> {
  const player = new PlayTo(options);
  let connection: RtmpConnection;
  try {
    connection = await RtmpConnection.open(url, {
      mode: 'play',
      timeoutMs: options.timeoutMs,
      insecure: options.insecure,
      signal: options.signal,
      connectExtras: PASSES_ON_ANYTHING,
      onMedia: (tag) => player.take(tag, tag.unwrapped),
      onData: (tag) => {
        // This is a right granted to this player, not part of the stream.
        if (tag.name !== '|RtmpSampleAccess') player.take(tag, undefined);
      },
    });
  } catch (error) {
    await player.discard();
    throw error;
  }
  options.onStarted?.();
  return player.run(connection);
}

class PlayTo {
  readonly #options: PlayToOptions;
  #connection: RtmpConnection | undefined;
  #sink: FlvSink | undefined;
  #queue: FlvTag[] = [];
  #queuedBytes = 0;
  #writing: Promise<void> | undefined;
  #failure: SluiceError | undefined;
  #end: PlayEnd | undefined;
  #baseMs: number | undefined;
  #startMs = performance.now();
  #mediaMs = 0;
  #tags = 0;
  #bytes = 0;
  #durationTimer: NodeJS.Timeout | undefined;

  constructor(options: PlayToOptions) {
    this.#options = options;
  }

  async run(connection: RtmpConnection): Promise<PlayResult> {
    const { onProgress, signal } = this.#options;
    this.#connection = connection;
    this.#startMs = performance.now();
    const stop = (): void => this.#stop('stopped');
    signal?.addEventListener('abort', stop, { once: true });
    const timer =
      onProgress === undefined ? undefined : setInterval(() => onProgress(this.#progress()), PROGRESS_EVERY_MS);
    if (this.#failure !== undefined || this.#end !== undefined) void connection.close();
    // The output is opened before the first frame, which may come late, so that an output that cannot be written is
    // reported at once.
    if (this.#options.output !== undefined) this.#writing ??= this.#write();
    const { error } = await connection.ended;
    clearInterval(timer);
    clearTimeout(this.#durationTimer);
    signal?.removeEventListener('abort', stop);
    await Promise.race([this.#finishOutput(), leftOverTime(signal)]);
    if (this.#failure !== undefined) throw this.#failure;
    const result = { ...this.#progress(), end: this.#end ?? 'stream_ended' };
    onProgress?.(result);
    if (this.#end !== undefined || error === undefined || error.code === 'ERR_CLIENT_ENDED') return result;
    throw error;
  }

  /** @param unwrapped its time past 32 bits; data messages have none and take the time of the media before them */
  take(tag: FlvTag, unwrapped: number | undefined): void {
    if (this.#end !== undefined) return;
    if (unwrapped !== undefined) {
      if (this.#baseMs === undefined) {
        this.#baseMs = unwrapped;
        this.#startDuration();
        this.#options.onFirstMedia?.();
      }
      this.#mediaMs = Math.max(this.#mediaMs, unwrapped - this.#baseMs);
    }
    const timestamp = unwrapped === undefined ? this.#mediaMs : Math.max(0, unwrapped - this.#baseMs!);
    const { durationMs } = this.#options;
    if (durationMs !== undefined && tag.type !== FlvTagType.Script && timestamp > durationMs) {
      this.#stop('duration');
      return;
    }
    const rebased = { type: tag.type, timestamp, payload: tag.payload };
    this.#tags++;
    this.#bytes += tag.payload.length;
    this.#options.onTag?.(rebased);
    if (this.#options.output === undefined) return;
    this.#queue.push(rebased);
    this.#queuedBytes += tag.payload.length;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) this.#connection?.pause();
    this.#writing ??= this.#write();
  }

  /** Closes what was opened for a play that never began. */
  async discard(): Promise<void> {
    clearTimeout(this.#durationTimer);
    await this.#writing;
    await this.#sink?.close();
  }

  async #write(): Promise<void> {
    try {
      await this.#open();
      for (let tag = this.#queue.shift(); tag !== undefined; tag = this.#queue.shift()) {
        await this.#sink!.write(tag);
        this.#queuedBytes -= tag.payload.length;
        if (this.#queuedBytes < MAX_QUEUED_BYTES / 2) this.#connection?.resume();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#writing = undefined;
  }

  async #finishOutput(): Promise<void> {
    await this.#writing;
    await this.#open();
    await this.#sink?.close().catch((cause: unknown) => this.#fail(cause));
  }

  async #open(): Promise<void> {
    if (this.#sink !== undefined || this.#options.output === undefined || this.#failure !== undefined) return;
    try {
      this.#sink = await openFlvSink(this.#options.output);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??=
      error instanceof SluiceError ? error : new SluiceError('ERR_INTERNAL', 'writing', { cause: error });
    this.#queue = [];
    this.#stop('stopped');
  }

  #stop(end: PlayEnd): void {
    this.#end ??= end;
    void this.#connection?.close();
  }

  #startDuration(): void {
    const { durationMs } = this.#options;
    if (durationMs === undefined) return;
    this.#durationTimer = setTimeout(() => this.#stop('duration'), durationMs + DURATION_GRACE_MS);
  }

  #progress(): PlayProgress {
    return {
      mediaMs: this.#mediaMs,
      elapsedMs: Math.round(performance.now() - this.#startMs),
      tags: this.#tags,
      bytes: this.#bytes,
    };
  }
}

/**
 * Resolves {@link LEFT_OVER_MS} after the signal was given, or from now when it was given before; never without one.
 */
function leftOverTime(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const begin = (): unknown => setTimeout(resolve, LEFT_OVER_MS);
    if (signal?.aborted === true) begin();
    else signal?.addEventListener('abort', begin, { once: true });
  });
}
