import type { RtmpTrace } from '../core/trace.js';
import { DEFAULT_CODEC_LIMITS } from '../wasm/limits.js';
import { mediaHead } from './media-says.js';
import { faultSays, handshakeSays, messageSays } from './render.js';
import type { MaskOptions } from './secrets.js';
import { type ReadableMessage, type StreamItem, StreamWalker } from './stream-walker.js';

/** Messages of audio and of video that are shown one by one at the beginning of each direction. */
const FIRST_FRAMES = 3;
/** How often the messages after those are summed up, in ms. */
const SUMMARY_MS = 1000;

/** Audio and video that is not shown one by one. */
interface Sums {
  audio: number;
  video: number;
  keyframes: number;
  bytes: number;
  sinceMs: number;
}

interface Direction {
  readonly walker: StreamWalker;
  readonly arrow: string;
  /** Messages of audio and video so far, by type. */
  readonly frames: Map<number, number>;
  sums: Sums | undefined;
}

/** RTMP connections as lines of text: one for each message, in and out, and one a second for audio and video. */
export class RtmpLines {
  readonly #write: (line: string) => void;
  readonly #nowMs: () => number;
  readonly #connections = new Map<string, { readonly in: Direction; readonly out: Direction }>();

  readonly #mask: MaskOptions;

  /** @param write takes a line, without control characters and secrets */
  constructor(write: (line: string) => void, nowMs: () => number, mask: MaskOptions = {}) {
    this.#mask = mask;
    this.#write = write;
    this.#nowMs = nowMs;
  }

  take(trace: RtmpTrace): void {
    const { connectionId } = trace;
    if (trace.kind === 'opened') {
      this.#connections.set(connectionId, {
        in: direction('client', '<', this.#mask),
        out: direction('server', '>', this.#mask),
      });
      this.#line(connectionId, `opened from ${trace.peer}`);
      return;
    }
    const connection = this.#connections.get(connectionId);
    if (connection === undefined) return;
    if (trace.kind === 'closed') {
      for (const each of [connection.in, connection.out]) this.#sumUp(connectionId, each);
      this.#connections.delete(connectionId);
      this.#line(connectionId, 'closed');
      return;
    }
    const side = trace.kind === 'received' ? connection.in : connection.out;
    for (const item of side.walker.push(trace.bytes)) this.#item(connectionId, side, item);
  }

  #item(connectionId: string, side: Direction, item: StreamItem): void {
    if (item.kind === 'chunk') return;
    if (item.kind === 'message' && (item.type === 8 || item.type === 9) && !this.#isShown(side, item)) {
      this.#count(connectionId, side, item);
      return;
    }
    this.#sumUp(connectionId, side);
    const says =
      item.kind === 'message'
        ? `${messageSays(item)}  ${item.timestamp} ms stream ${item.messageStreamId}`
        : item.kind === 'fault'
          ? faultSays(item)
          : handshakeSays(item);
    this.#line(connectionId, `${side.arrow} ${says}`);
  }

  /** Whether an audio or video message has a line of its own: the first ones, and each sequence header. */
  #isShown({ frames }: Direction, { type, payload }: ReadableMessage): boolean {
    if (mediaHead(type, payload)?.isSequenceHeader === true) return true;
    const count = (frames.get(type) ?? 0) + 1;
    frames.set(type, count);
    return count <= FIRST_FRAMES;
  }

  #count(connectionId: string, side: Direction, { type, payload, length }: ReadableMessage): void {
    const nowMs = this.#nowMs();
    side.sums ??= { audio: 0, video: 0, keyframes: 0, bytes: 0, sinceMs: nowMs };
    const { sums } = side;
    if (type === 8) sums.audio++;
    else sums.video++;
    if (mediaHead(type, payload)?.isKeyframe === true) sums.keyframes++;
    sums.bytes += length;
    if (nowMs - sums.sinceMs >= SUMMARY_MS) this.#sumUp(connectionId, side);
  }

  #sumUp(connectionId: string, side: Direction): void {
    if (side.sums === undefined) return;
    const { audio, video, keyframes, bytes } = side.sums;
    side.sums = undefined;
    this.#line(connectionId, `${side.arrow} … ${video} video (${keyframes} keyframes), ${audio} audio, ${bytes} bytes`);
  }

  #line(connectionId: string, text: string): void {
    // The end of an id tells connections apart; its beginning is the time.
    this.#write(`rtmp ${connectionId.slice(-6)} ${text}`);
  }
}

function direction(side: 'client' | 'server', arrow: string, mask: MaskOptions): Direction {
  return {
    walker: new StreamWalker(DEFAULT_CODEC_LIMITS, { side, places: false, ...mask }),
    arrow,
    frames: new Map(),
    sums: undefined,
  };
}
