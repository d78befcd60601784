/** Bounds of the GOP that is kept for late joiners. */
export interface GopLimits {
  readonly gopMaxBytes: number;
  readonly gopMaxMessages: number;
  readonly gopMaxMs: number;
}

/** Differences of u32 times above this are small steps back (RTMP 1.0 §5.3.1.1: serial arithmetic). */
const BACKWARDS_MS = 2 ** 31;

/** Tracks where the GOP for late joiners begins, within its bounds. */
export class Gop {
  /** Log position of the keyframe with which it begins; undefined when there is none. */
  start: number | undefined;
  /** Length of the last whole GOP, in ms; undefined before the second keyframe. */
  lengthMs: number | undefined;
  keyframes = 0;
  /** Messages since its keyframe. */
  messages = 0;
  readonly #limits: GopLimits;
  #keyTimestamp: number | undefined;

  constructor(limits: GopLimits) {
    this.#limits = limits;
  }

  /** A keyframe is at `position`. `messages` came with it and behind it. `timestamp`: ms, modulo 2^32. */
  begin(position: number, messages: number, timestamp: number): void {
    const lastedMs = (timestamp - (this.#keyTimestamp ?? timestamp)) >>> 0;
    if (lastedMs > 0 && lastedMs < BACKWARDS_MS) this.lengthMs = lastedMs;
    this.#keyTimestamp = timestamp;
    this.keyframes++;
    this.start = position;
    this.messages = messages;
  }

  /** Time since its keyframe, in ms; undefined before the first. `timestamp`: of the newest message. */
  openMs(timestamp: number): number | undefined {
    if (this.#keyTimestamp === undefined) return undefined;
    const lastedMs = ((timestamp >>> 0) - this.#keyTimestamp) >>> 0;
    return lastedMs < BACKWARDS_MS ? lastedMs : 0;
  }

  /**
   * Gives the GOP up when it has grown past a bound. `head` is the end of the log, `timestamp` the time of the newest
   * message.
   */
  bound(head: number, timestamp: number): void {
    if (this.start === undefined) return;
    const { gopMaxMessages, gopMaxBytes, gopMaxMs } = this.#limits;
    const lastedMs = ((timestamp >>> 0) - this.#keyTimestamp!) >>> 0;
    const tooLong = this.messages > gopMaxMessages || (lastedMs > gopMaxMs && lastedMs < BACKWARDS_MS);
    if (tooLong || head - this.start > gopMaxBytes) this.start = undefined;
  }
}
