/** How long an answer is repeated for the same request id, in ms. */
const KEEP_MS = 600_000;
/** Most answers that are kept, and most bytes of them; past either the oldest go. */
const MOST_ANSWERS = 10_000;
const MOST_BYTES = 8 << 20;
/** Bytes of an entry besides its answer, about. */
const ENTRY_BYTES = 400;

interface Entry<T> {
  readonly fingerprint: string;
  readonly atMs: number;
  readonly result: Promise<T>;
  bytes: number;
}

/** Answers of this node by request id, so that a request which is sent again acts once. */
export class Idempotency<T> {
  readonly #nowMs: () => number;
  readonly #most: number;
  readonly #entries = new Map<string, Entry<T>>();
  #bytes = 0;

  /** @param nowMs monotonic milliseconds */
  constructor(nowMs: () => number, most = MOST_ANSWERS) {
    this.#nowMs = nowMs;
    this.#most = most;
  }

  /** Bytes that the kept answers take, about. */
  get heldBytes(): number {
    return this.#bytes;
  }

  /** How many answers are kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether the work of an id was begun or is done. */
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /**
   * Does the work for the first request of an id, and gives its result to all others.
   *
   * @param fingerprint what the request wants: another one under the same id is a mistake of the caller
   * @param bytesOf about how many bytes a result takes; undefined: it is not kept, because nothing was done
   * @returns undefined when the id was used for something else
   */
  once(
    id: string,
    fingerprint: string,
    work: () => Promise<T>,
    bytesOf: (result: T) => number | undefined,
  ): Promise<T> | undefined {
    this.#expire();
    const known = this.#entries.get(id);
    if (known !== undefined) return known.fingerprint === fingerprint ? known.result : undefined;
    const result = work();
    const entry: Entry<T> = { fingerprint, atMs: this.#nowMs(), result, bytes: ENTRY_BYTES };
    this.#entries.set(id, entry);
    this.#bytes += entry.bytes;
    const settled = (bytes: number | undefined): void => {
      if (this.#entries.get(id) !== entry) return;
      if (bytes === undefined) this.#remove(id, entry);
      else {
        entry.bytes += bytes;
        this.#bytes += bytes;
        this.#expire();
      }
    };
    result.then(
      (value) => settled(bytesOf(value)),
      () => settled(undefined),
    );
    return result;
  }

  #expire(): void {
    const before = this.#nowMs() - KEEP_MS;
    for (const [id, entry] of this.#entries) {
      if (entry.atMs > before && this.#entries.size <= this.#most && this.#bytes <= MOST_BYTES) return;
      this.#remove(id, entry);
    }
  }

  #remove(id: string, entry: Entry<T>): void {
    this.#entries.delete(id);
    this.#bytes -= entry.bytes;
  }
}
