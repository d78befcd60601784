/** Most answers kept. A client that sends requests without reading the answers may lose several at once. */
const MOST_ANSWERS = 16;

/** The last answers of a session, by the number of their requests, to be sent again when they were lost. */
export class KeptAnswers {
  /** Bytes of those kept. */
  bytes = 0;
  readonly #most: number;
  readonly #answers = new Map<number, Buffer>();

  /** @param mostBytes kept; the last answer is kept however long it is */
  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  /** @param seq larger than that of every answer before */
  keep(seq: number, answer: Buffer): void {
    this.#answers.set(seq, answer);
    this.bytes += answer.length;
    for (const [oldest, { length }] of this.#answers) {
      if (oldest === seq || (this.bytes <= this.#most && this.#answers.size <= MOST_ANSWERS)) break;
      this.#answers.delete(oldest);
      this.bytes -= length;
    }
  }

  /** The answer that the request was given, byte for byte; undefined when it is not kept. */
  of(seq: number): Buffer | undefined {
    return this.#answers.get(seq);
  }
}
