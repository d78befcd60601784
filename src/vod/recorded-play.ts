import type { RecordedPlayer, RecordedRequest, RecordedSink } from '../doors/recorded-player.js';
import { MessageType } from '../protocol/messages/message-types.js';
import type { OpenFile } from './media-files.js';
import type { MediaMessage, MediaSource, Piece, Place } from './media-source.js';
import { framedBytes, frameMessages } from './message-framer.js';
import type { Pacer } from './pacer.js';
import type { WindowBuffers } from './window-buffers.js';

/** Bytes of one window: what is read, framed and written at once for a player. */
const WINDOW_BYTES = 65_536;
/** Media that is waited for before a window is sent: at most so many ms, and this part of what is had in advance. */
const MAX_SLICE_MS = 1000;
const SLICES_IN_ADVANCE = 4;
/** What a client gets in advance that says nothing, and the least, in ms: a few turns of the pacer. */
const USUAL_BUFFER_MS = 3000;
const LEAST_BUFFER_MS = 1000;

/** The parts that a play shares with all others. */
interface PlayParts {
  readonly pacer: Pacer;
  readonly buffers: WindowBuffers;
  readonly nowMs: () => number;
  /** `vod.maxBufferMs` as it is now. */
  readonly maxBufferMs: () => number;
  /** So many bytes more, or fewer, are held for players. */
  readonly held: (bytes: number) => void;
}

/**
 * One client that plays a file: a place in it, and a clock. It sends as much as the client wants to have in advance,
 * then as fast as the media goes. At most one window is read or being sent.
 */
export class RecordedPlay implements RecordedPlayer {
  readonly id: string;
  readonly skips = 0;
  bytesSent = 0;
  readonly #request: RecordedRequest;
  readonly #sink: RecordedSink;
  readonly #parts: PlayParts;
  #file: OpenFile | undefined;
  #place: Place = [0, 0];
  /** Timestamp of the next message; undefined: there is none. */
  #nextMs: number | undefined;
  /** Decoder configurations that go before the next messages. */
  #before: readonly MediaMessage[] = [];
  #isMetadataDue = true;
  /** Last timestamp that is played. */
  #endMs = Number.POSITIVE_INFINITY;
  /** Timestamp that is at {@link #clockAtMs}. */
  #clockMs = 0;
  #clockAtMs = 0;
  #pausedAtMs: number | undefined;
  #bufferMs = USUAL_BUFFER_MS;
  #audio = true;
  #video = true;
  #isReading = false;
  /** Bytes of a write under way. */
  #unsent = 0;
  /** The buffer of a write under way. */
  #writing: Buffer | undefined;
  /** Counted up by each seek, so that a window that was read before it is left out. */
  #epoch = 0;
  #isOver = false;
  #firstMs = 0;
  #lastMs = 0;
  /**
   * Taken off the timestamps of the file. A client that begins in the middle counts from there: librtmp adds the start
   * that it has asked for. After a seek all clients have the times of the file.
   */
  #offsetMs = 0;
  /** A seek that came before the file was open. */
  #startMs: number;

  /** @param file opened for this play */
  constructor(request: RecordedRequest, sink: RecordedSink, parts: PlayParts, file: Promise<OpenFile>) {
    this.id = request.id;
    this.#request = request;
    this.#sink = sink;
    this.#parts = parts;
    this.#startMs = request.startMs;
    parts.pacer.add(this);
    file.then((opened) => this.#opened(opened)).catch((error: unknown) => this.#fail(error));
  }

  setPaused(paused: boolean): void {
    const nowMs = this.#parts.nowMs();
    if (paused === (this.#pausedAtMs !== undefined)) return;
    if (paused) this.#pausedAtMs = nowMs;
    else {
      this.#clockAtMs += nowMs - this.#pausedAtMs!;
      this.#pausedAtMs = undefined;
      this.#parts.pacer.wake(this);
    }
  }

  setReceive(kinds: { readonly audio?: boolean; readonly video?: boolean }): void {
    this.#audio = kinds.audio ?? this.#audio;
    this.#video = kinds.video ?? this.#video;
  }

  setBuffer(ms: number): void {
    this.#bufferMs = ms;
    this.#parts.pacer.wake(this);
  }

  seek(ms: number): void {
    this.#startMs = ms;
    if (this.#file === undefined || this.#isOver) return;
    this.#epoch++;
    this.#isReading = false;
    this.#offsetMs = 0;
    this.#begin(this.#file.source, ms);
    this.#parts.pacer.wake(this);
  }

  drained(): void {
    this.#parts.held(-this.#unsent);
    this.#unsent = 0;
    if (this.#writing !== undefined) this.#parts.buffers.give(this.#writing);
    this.#writing = undefined;
    if (!this.#isOver) this.#parts.pacer.wake(this);
  }

  unclogged(): void {
    if (this.#unsent === 0) this.#parts.pacer.wake(this);
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#parts.pacer.remove(this);
    this.#file?.release();
    this.#file = undefined;
    // What the channel still has is its own from here on.
    this.#parts.held(-this.#unsent);
    this.#unsent = 0;
  }

  /** Called by the pacer. */
  isDue(nowMs: number): boolean {
    const isFree = this.#file !== undefined && !this.#isReading && this.#unsent === 0;
    if (!isFree || this.#pausedAtMs !== undefined || this.#sink.clogged) return false;
    if (this.#isMetadataDue || this.#before.length > 0) return true;
    const last = Math.min(this.#endMs, this.#lastMs);
    if (this.#isAtEnd) return this.#isPlayedOut(nowMs, last);
    // A write that holds more than one frame costs little more than one of a frame.
    const sliceMs = Math.min(MAX_SLICE_MS, this.#advanceMs / SLICES_IN_ADVANCE);
    return this.#untilMs(nowMs) >= Math.min(this.#nextMs! + sliceMs, Math.max(this.#nextMs!, last));
  }

  /** Called by the pacer, when a window is due. */
  serve(nowMs: number): void {
    if (this.#isAtEnd && !this.#isMetadataDue && this.#before.length === 0) {
      this.#complete();
      return;
    }
    const epoch = this.#epoch;
    this.#isReading = true;
    try {
      const untilMs = Math.min(this.#untilMs(nowMs), this.#endMs);
      const piece = this.#file!.source.read(this.#place, untilMs, WINDOW_BYTES);
      if (!(piece instanceof Promise)) this.#send(piece);
      else {
        piece
          .then((read) => {
            if (epoch === this.#epoch && !this.#isOver) this.#send(read);
          })
          .catch((error: unknown) => {
            if (epoch === this.#epoch) this.#fail(error);
          });
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  get #isAtEnd(): boolean {
    return this.#nextMs === undefined || this.#nextMs > this.#endMs;
  }

  /**
   * Whether the client has played the last frame by now. Until then it may seek: ffmpeg takes the end for final. A
   * client that wants more in advance than there is plays nothing, it fetches.
   */
  #isPlayedOut(nowMs: number, last: number): boolean {
    return this.#bufferMs >= last - this.#firstMs || this.#clockMs + (nowMs - this.#clockAtMs) >= last;
  }

  /** Timestamp up to which the client may have everything now. */
  #untilMs(nowMs: number): number {
    return this.#clockMs + (nowMs - this.#clockAtMs) + this.#advanceMs;
  }

  /** How much media the client has in advance. */
  get #advanceMs(): number {
    return Math.max(LEAST_BUFFER_MS, Math.min(this.#bufferMs, this.#parts.maxBufferMs()));
  }

  #opened(file: OpenFile): void {
    if (this.#isOver) {
      file.release();
      return;
    }
    this.#file = file;
    const { source } = file;
    const startMs = this.#startMs;
    this.#begin(source, startMs);
    if (startMs === this.#request.startMs && startMs > 0) this.#offsetMs = startMs;
    this.#firstMs = Math.max(this.#clockMs, startMs);
    this.#lastMs = source.lastMs;
    const { durationMs } = this.#request;
    if (durationMs >= 0) this.#endMs = Math.max(startMs, source.firstMs) + durationMs;
    this.#parts.pacer.wake(this);
  }

  /** Goes to the last keyframe at or before a time; the clock begins there anew. */
  #begin(source: MediaSource, ms: number): void {
    const { place, messages, ms: beginsMs } = source.beginAt(ms);
    this.#place = place;
    this.#before = messages;
    this.#nextMs = beginsMs;
    this.#clockMs = beginsMs;
    this.#clockAtMs = this.#parts.nowMs();
    if (this.#pausedAtMs !== undefined) this.#pausedAtMs = this.#clockAtMs;
  }

  #send({ messages, place, nextMs }: Piece): void {
    this.#isReading = false;
    this.#place = place;
    this.#nextMs = nextMs;
    const wanted = [...this.#metadata(), ...this.#before, ...messages].filter(({ type }) => this.#wants(type));
    this.#before = [];
    if (wanted.length > 0) {
      const { messageStreamId, chunkSize } = this.#request;
      const moved = this.#moved(wanted);
      const length = framedBytes(moved, chunkSize);
      const buffer = this.#parts.buffers.take(length);
      frameMessages(moved, messageStreamId, chunkSize, buffer);
      this.bytesSent += length;
      if (!this.#sink.write(buffer.subarray(0, length))) {
        this.#unsent = length;
        this.#writing = buffer;
        this.#parts.held(length);
        return;
      }
      this.#parts.buffers.give(buffer);
    }
    this.#parts.pacer.wake(this);
  }

  /** Frames before the start that was asked for are needed to decode what follows: they come at time 0. */
  #moved(messages: readonly MediaMessage[]): readonly MediaMessage[] {
    if (this.#offsetMs === 0) return messages;
    return messages.map((message) => ({ ...message, timestamp: Math.max(0, message.timestamp - this.#offsetMs) }));
  }

  #metadata(): MediaMessage[] {
    if (!this.#isMetadataDue) return [];
    this.#isMetadataDue = false;
    return [{ type: MessageType.DataAmf0, timestamp: 0, parts: [this.#file!.source.metadata] }];
  }

  #wants(type: number): boolean {
    if (type === MessageType.Audio) return this.#audio;
    return type !== MessageType.Video || this.#video;
  }

  #complete(): void {
    const endMs = Math.min(this.#endMs, this.#lastMs);
    const totals = { durationMs: Math.max(0, endMs - this.#firstMs), bytes: this.bytesSent };
    this.close();
    this.#sink.complete(totals);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.close();
    this.#sink.failed(error);
  }
}
