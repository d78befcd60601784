/**
 * Times and places of keyframes, at most so many. When it is full, every second one is left out, and of those that come
 * as well: a longer file is indexed more coarsely, in the same room.
 */
export class KeyframeIndex {
  readonly capacity: number;
  #timesMs: number[] = [];
  #positions: number[] = [];
  /** Of so many keyframes one is kept. */
  #stride = 1;
  /** Keyframes since the last one that was kept. */
  #since = 0;

  /** @param capacity at least 2 */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Times of the keyframes in ms; a view. */
  get timesMs(): readonly number[] {
    return this.#timesMs;
  }

  /** Offsets of the keyframes' tags in the file; a view. */
  get positions(): readonly number[] {
    return this.#positions;
  }

  /** A keyframe follows those before it. @param position offset of its tag in the file */
  add(timeMs: number, position: number): void {
    this.#since++;
    if (this.#timesMs.length > 0 && this.#since < this.#stride) return;
    if (this.#timesMs.length === this.capacity) {
      this.#timesMs = this.#timesMs.filter((_, i) => i % 2 === 0);
      this.#positions = this.#positions.filter((_, i) => i % 2 === 0);
      this.#stride *= 2;
    }
    this.#since = 0;
    this.#timesMs.push(timeMs);
    this.#positions.push(position);
  }

  /** Leaves out what does not lie before this offset. */
  cut(end: number): void {
    const kept = this.#positions.filter((position) => position < end).length;
    this.#positions.length = kept;
    this.#timesMs.length = kept;
  }
}
