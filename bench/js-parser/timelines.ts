import {
  FLAG_COMMAND,
  FLAG_CONFIG,
  FLAG_EMPTY,
  FLAG_END_OF_SEQUENCE,
  FLAG_REBASED,
  FLAG_SEQUENCE_HEADER,
  TS_BACK_MS,
  TS_FORWARD_MS,
  TS_STEP_MS,
} from '../../assembly/constants.js';
import type { ChunkStream } from './chunk-stream.js';

const WRAP = 2 ** 32;
/** Messages without a frame take no part in a timeline. */
export const NO_FRAME = FLAG_SEQUENCE_HEADER | FLAG_CONFIG | FLAG_END_OF_SEQUENCE | FLAG_COMMAND | FLAG_EMPTY;

/**
 * Audio or video of a timeline. Low words are int32, as in ChunkStream; whole times are doubles, for the slow path
 * only.
 */
class Kind {
  seen = false;
  lastLow = 0;
  lastHigh = 0;
  /** The least timestamp that the first frame may get. */
  least = 0;
  /** Added to timestamps. */
  offsetLow = 0;
  offsetHigh = 0;

  get offset(): number {
    return this.offsetHigh * WRAP + (this.offsetLow >>> 0);
  }

  set offset(offset: number) {
    this.offsetLow = offset | 0;
    this.offsetHigh = Math.floor(offset / WRAP);
  }

  get last(): number {
    return this.lastHigh * WRAP + (this.lastLow >>> 0);
  }

  copyFrom(other: Kind): void {
    this.seen = other.seen;
    this.lastLow = other.lastLow;
    this.lastHigh = other.lastHigh;
    this.least = other.least;
    this.offsetLow = other.offsetLow;
    this.offsetHigh = other.offsetHigh;
  }
}

class Timeline {
  readonly audio = new Kind();
  readonly video = new Kind();
  runs = false;
  from = -1;
  spare = 0;

  constructor(from: number) {
    this.from = from;
  }

  copyFrom(other: Timeline): void {
    this.audio.copyFrom(other.audio);
    this.video.copyFrom(other.video);
    this.runs = other.runs;
    this.from = other.from;
    this.spare = other.spare;
  }

  get newest(): number {
    return Math.max(this.audio.seen ? this.audio.last : 0, this.video.seen ? this.video.last : 0);
  }

  /**
   * Whether the first frame of its kind, behind one of the other kind, would come before the point from which the
   * publish goes on.
   */
  beginsEarly({ seen, least }: Kind, timestamp: number): boolean {
    const early = timestamp < least && timestamp >= least - TS_FORWARD_MS;
    return !seen && early && this.audio.offset === this.video.offset;
  }

  follows(kind: Kind, timestamp: number): boolean {
    const front = this.newest;
    const least = kind.seen ? kind.last - TS_BACK_MS : front - TS_FORWARD_MS;
    return timestamp >= 0 && timestamp >= least && timestamp <= front + TS_FORWARD_MS;
  }
}

/** Guards the timestamps of each publish as assembly/timeline.ts does. */
export class Timelines {
  readonly #begun = new Map<number, Timeline>();
  /** The timeline of the last message that began; `undefined`: its timestamps pass as they are. */
  current: Timeline | undefined;
  currentId = -1;
  /** The message that began last, and its timeline as it was before. */
  #last: ChunkStream | undefined;
  readonly #before = new Timeline(-1);

  begin(messageStreamId: number, from: number): void {
    this.#begun.set(messageStreamId | 0, new Timeline(from));
    this.#select(this.currentId);
  }

  /** A media message of `cs` begins: gives it its timestamp for players. */
  next(cs: ChunkStream): void {
    if (this.currentId !== cs.messageStreamId) this.#select(cs.messageStreamId);
    const timeline = this.current;
    cs.marks = 0;
    this.#last = cs;
    if (timeline === undefined) {
      cs.outTimestamp = cs.timestamp;
      cs.outHigh = cs.high;
      return;
    }
    this.#before.copyFrom(timeline);
    const kind = cs.type === 8 ? timeline.audio : timeline.video;
    const low = (cs.timestamp + kind.offsetLow) | 0;
    const high = (cs.high + kind.offsetHigh + (low >>> 0 < cs.timestamp >>> 0 ? 1 : 0)) | 0;
    // Close to the last one, and of the same high word: a step over 2^32 takes the slow path once.
    const step = (low >>> 0) - (kind.lastLow >>> 0);
    if (timeline.runs && kind.seen && high === kind.lastHigh && step >= -TS_BACK_MS && step <= TS_FORWARD_MS) {
      if (step > 0) kind.lastLow = low;
      cs.outTimestamp = low;
      cs.outHigh = high;
      return;
    }
    this.#settle(timeline, kind, cs);
  }

  /**
   * The message of `cs` is complete: with its first frame a timeline runs; without one the timeline is as it was
   * before.
   */
  complete(cs: ChunkStream, flags: number): void {
    const timeline = this.#begun.get(cs.messageStreamId);
    if (timeline === undefined) return;
    if ((flags & NO_FRAME) !== 0) {
      if (this.#last !== cs) return;
      timeline.copyFrom(this.#before);
      cs.marks = 0;
    }
    if (timeline.runs || timeline.from >= 0 || (flags & NO_FRAME) !== 0) return;
    timeline.runs = true;
    timeline.audio.seen = cs.type === 8;
    timeline.video.seen = cs.type !== 8;
    const kind = cs.type === 8 ? timeline.audio : timeline.video;
    kind.lastLow = cs.outTimestamp;
    kind.lastHigh = cs.outHigh;
  }

  #select(messageStreamId: number): void {
    this.currentId = messageStreamId;
    this.current = this.#begun.get(messageStreamId);
  }

  #settle(timeline: Timeline, kind: Kind, cs: ChunkStream): void {
    const timestamp = cs.high * WRAP + (cs.timestamp >>> 0);
    if (timeline.from >= 0) {
      timeline.spare = timeline.from - timestamp;
      timeline.audio.offset = timeline.spare;
      timeline.video.offset = timeline.spare;
      timeline.audio.least = timeline.from;
      timeline.video.least = timeline.from;
      timeline.from = -1;
      timeline.runs = true;
    } else if (timeline.runs && timeline.beginsEarly(kind, timestamp + kind.offset)) {
      timeline.spare = kind.least - timestamp;
      timeline.audio.offset = timeline.spare;
      timeline.video.offset = timeline.spare;
    } else if (timeline.runs && !timeline.follows(kind, timestamp + kind.offset)) {
      const own = kind.offset;
      const other = (kind === timeline.audio ? timeline.video : timeline.audio).offset;
      if (timeline.follows(kind, timestamp + other)) kind.offset = other;
      else if (timeline.follows(kind, timestamp + timeline.spare)) kind.offset = timeline.spare;
      else {
        kind.offset = timeline.newest + TS_STEP_MS - timestamp;
        cs.marks = FLAG_REBASED;
      }
      timeline.spare = own;
    }
    const moved = timestamp + kind.offset;
    cs.outTimestamp = moved | 0;
    cs.outHigh = Math.floor(moved / WRAP);
    if (kind.seen && moved <= kind.last) return;
    kind.lastLow = cs.outTimestamp;
    kind.lastHigh = cs.outHigh;
    kind.seen = true;
  }
}
