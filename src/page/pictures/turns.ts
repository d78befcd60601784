/** How often the picture of a stream is asked for, in ms. */
const EVERY_MS = 15_000;
/** How many are asked for at a time. */
const AT_ONCE = 2;

/**
 * Whose turn it is: pictures of what is seen, each every 15 seconds at most, two at a time, those that waited longest
 * first.
 */
export class Turns {
  /** From when on each may be asked for again, in ms of the clock that is given; it stays when one is out of sight. */
  readonly #due = new Map<string, number>();
  readonly #seen = new Set<string>();
  readonly #running = new Set<string>();

  /** It came into sight. */
  see(id: string): void {
    this.#seen.add(id);
  }

  /** It went out of sight. */
  lose(id: string): void {
    this.#seen.delete(id);
  }

  /** It is no more. */
  forget(id: string): void {
    this.#seen.delete(id);
    this.#due.delete(id);
  }

  get isIdle(): boolean {
    return this.#seen.size === 0;
  }

  /** The next one to be asked for, which is running from then on; undefined: none now. */
  next(nowMs: number): string | undefined {
    if (this.#running.size >= AT_ONCE) return undefined;
    let first: string | undefined;
    let firstDue = nowMs;
    for (const id of this.#seen) {
      const due = this.#due.get(id) ?? 0;
      if (this.#running.has(id) || due > firstDue || (first !== undefined && due === firstDue)) continue;
      first = id;
      firstDue = due;
    }
    if (first === undefined) return undefined;
    this.#running.add(first);
    this.#due.set(first, nowMs + EVERY_MS);
    return first;
  }

  /** What was asked for came, or did not. */
  done(id: string): void {
    this.#running.delete(id);
  }
}
