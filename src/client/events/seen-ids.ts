/** Remembers the newest ids, in two generations, so that memory is bounded and nothing has to be sorted. */
export class SeenIds {
  readonly #limit: number;
  #recent = new Set<string>();
  #earlier = new Set<string>();

  /** @param limit at least this many ids are remembered */
  constructor(limit: number) {
    this.#limit = limit;
  }

  has(id: string): boolean {
    return this.#recent.has(id) || this.#earlier.has(id);
  }

  add(id: string): void {
    this.#recent.add(id);
    if (this.#recent.size < this.#limit) return;
    this.#earlier = this.#recent;
    this.#recent = new Set();
  }
}
