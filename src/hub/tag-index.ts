/**
 * Where each message of a publication's log stands in the log of tags that was made of it. Both positions only grow, so
 * either finds the other by a binary search.
 */
export class TagIndex {
  readonly #messages: number[] = [];
  readonly #tags: number[] = [];

  /** Messages that it knows. */
  get size(): number {
    return this.#messages.length;
  }

  /** The message at `message` in its log became the tag at `tag`; both behind all others. */
  add(message: number, tag: number): void {
    this.#messages.push(message);
    this.#tags.push(tag);
  }

  /** Where the tag of the message at `message` is; undefined when no message begins there. */
  tagOf(message: number): number | undefined {
    return counterpart(this.#messages, this.#tags, message);
  }

  /** Where the message is whose tag is at `tag`; undefined when no tag begins there. */
  messageOf(tag: number): number | undefined {
    return counterpart(this.#tags, this.#messages, tag);
  }

  /** Forgets the tags before `tag`. */
  trim(tag: number): void {
    const gone = placeOf(this.#tags, tag);
    if (gone === 0) return;
    this.#messages.splice(0, gone);
    this.#tags.splice(0, gone);
  }
}

function counterpart(from: readonly number[], to: readonly number[], position: number): number | undefined {
  const at = placeOf(from, position);
  return from[at] === position ? to[at] : undefined;
}

/** The index of the first of `positions`, which grow, that is at or behind `position`. */
function placeOf(positions: readonly number[], position: number): number {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (positions[middle] < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
