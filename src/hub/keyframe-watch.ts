/** Differences of u32 times above this are small steps back (RTMP 1.0 §5.3.1.1: serial arithmetic). */
const BACKWARDS_MS = 2 ** 31;

/**
 * Decides for how long players of a stream wait for its next keyframe. The time runs from the last keyframe, so no
 * player waits longer than the bound, and a player that joins a stream without a keyframe for that long (intra refresh,
 * a GOP of minutes) does not wait at all.
 */
export class KeyframeWatch {
  readonly #maxWaitMs: number;
  #sinceMs: number | undefined;
  #sinceTimestamp = 0;
  #overdue = false;

  /** @param maxWaitMs `play.maxKeyframeWaitMs` */
  constructor(maxWaitMs: number) {
    this.#maxWaitMs = maxWaitMs;
  }

  /** Whether players get video as it comes, with or without a keyframe. */
  get overdue(): boolean {
    return this.#overdue;
  }

  /** Whether any video has come yet. */
  get begun(): boolean {
    return this.#sinceMs !== undefined;
  }

  /**
   * A keyframe came, or the wait for the first one begins: with the first video frame, or with a publisher that is
   * back.
   *
   * @param timestamp media time in ms, modulo 2^32
   */
  begin(nowMs: number, timestamp: number): void {
    this.#sinceMs = nowMs;
    this.#sinceTimestamp = timestamp;
    this.#overdue = this.#maxWaitMs === 0;
  }

  /**
   * Lets time pass, on the clock and in the media; the first of the two to reach the bound counts. Call it a few times
   * a second.
   */
  look(nowMs: number, timestamp: number): void {
    if (this.#sinceMs === undefined || this.#overdue) return;
    const mediaMs = (timestamp - this.#sinceTimestamp) >>> 0;
    const inMedia = mediaMs >= this.#maxWaitMs && mediaMs < BACKWARDS_MS;
    this.#overdue = inMedia || nowMs - this.#sinceMs >= this.#maxWaitMs;
  }
}
