/** Bytes of objects that nobody uses any more and that the garbage collector has not taken yet. */
export class Uncollected {
  #bytes = 0;
  readonly #registry = new FinalizationRegistry<number>((bytes) => {
    this.#bytes -= bytes;
  });

  /** What is let go of and still there, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts `bytes` from now until `object` is collected. */
  letGo(object: object, bytes: number): void {
    this.#bytes += bytes;
    this.#registry.register(object, bytes);
  }
}
