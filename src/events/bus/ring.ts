import { createHash } from 'node:crypto';

/** How many processes behind its own place each one watches, so that each is watched by as many. */
export const WATCHED = 3;

/**
 * The processes of a cluster in a circle, in the order of a hash of their keys. Each watches those that follow it, so
 * the work of a process does not grow with their number.
 */
export class Ring {
  /** Key by place, as hex digits. */
  readonly #places = new Map<string, string>();
  #order: readonly string[] | undefined;

  get size(): number {
    return this.#places.size;
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  keys(): IterableIterator<string> {
    return this.#places.keys();
  }

  add(key: string): void {
    if (this.#places.has(key)) return;
    this.#places.set(key, placeOf(key));
    this.#order = undefined;
  }

  delete(key: string): void {
    if (this.#places.delete(key)) this.#order = undefined;
  }

  /** The other keys, beginning behind `own`, which need not be in the ring. */
  after(own: string): readonly string[] {
    const place = (key: string): string => this.#places.get(key) ?? placeOf(key);
    this.#order ??= [...this.#places.keys()].sort((a, b) => compare(place(a), place(b)) || compare(a, b));
    const from = place(own);
    const behind = this.#order.findIndex((key) => (compare(place(key), from) || compare(key, own)) > 0);
    const order = behind <= 0 ? this.#order : [...this.#order.slice(behind), ...this.#order.slice(0, behind)];
    return order.filter((key) => key !== own);
  }
}

/** Where a key stands: evenly spread, and the same for everyone. */
function placeOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
