/** Counts bytes of objects that are no longer used and that the garbage collector has not freed yet. */
export class Uncollected {
  #bytes = 0;
  readonly #registry = new FinalizationRegistry<number>((bytes) => {
    this.#bytes -= bytes;
  });

  /** Bytes that are no longer used and not freed yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts `bytes` from now until `object` is collected. */
  letGo(object: object, bytes: number): void {
    this.#bytes += bytes;
    this.#registry.register(object, bytes);
  }
}
