/** The facts of one segment that the journal knows without reading it. */
export interface Segment {
  readonly name: string;
  bytes: number;
  /** Sequence of the first and last event; `first > last` when it holds none. */
  first: number;
  last: number;
  /** Events that wait for their commit. */
  pending: number;
  /** Wall clock of the last record, milliseconds since the epoch. */
  lastWallMs: number;
  /** Where some of its events begin, in order: a reader need not begin at the first byte. */
  readonly marks: Mark[];
}

/** The place of an event in its segment. */
interface Mark {
  readonly sequence: number;
  /** Its first byte. */
  readonly offset: number;
}

/** Bytes between two marks: what a reader may read in vain before it is where it begins. */
const MARK_BYTES = 16 << 10;

/**
 * The segments in order, which events are committed, and the sums of both. Pure bookkeeping, without input or output.
 */
export class SegmentTable {
  readonly list: Segment[] = [];
  /** Every event up to this sequence is committed. */
  lowWater = 0;
  readonly #above = new Set<number>();
  #pending = 0;

  /** Events that wait for their commit. */
  get pending(): number {
    return this.#pending;
  }

  /** Bytes of all segments. */
  get bytes(): number {
    let sum = 0;
    for (const segment of this.list) sum += segment.bytes;
    return sum;
  }

  /** Bytes of the segments that cannot be deleted: from the first that has an uncommitted event, and the open one. */
  get heldBytes(): number {
    let sum = 0;
    let held = false;
    for (const [i, segment] of this.list.entries()) {
      held ||= segment.pending > 0 || i === this.list.length - 1;
      if (held) sum += segment.bytes;
    }
    return sum;
  }

  /** The open segment. */
  get current(): Segment {
    return this.list[this.list.length - 1];
  }

  /** Adds an empty segment, which becomes the open one. */
  add(name: string): Segment {
    const none = { bytes: 0, last: 0, pending: 0, lastWallMs: 0 };
    const segment: Segment = { name, first: Number.POSITIVE_INFINITY, ...none, marks: [] };
    this.list.push(segment);
    return segment;
  }

  /** Notes where an event begins in `segment`. Most are left out. */
  mark({ marks }: Segment, sequence: number, offset: number): void {
    const last = marks[marks.length - 1];
    if (last === undefined || offset - last.offset >= MARK_BYTES) marks.push({ sequence, offset });
  }

  /** Notes an event in `segment`; `pending` when it waits for a commit. */
  noteEvent(segment: Segment, sequence: number, pending: boolean): void {
    if (segment.first > sequence) segment.first = sequence;
    segment.last = Math.max(segment.last, sequence);
    if (pending && this.isOpen(sequence)) {
      segment.pending++;
      this.#pending++;
    } else {
      this.#settle(sequence);
    }
  }

  /** Whether `sequence` has not been committed. */
  isOpen(sequence: number): boolean {
    return sequence > this.lowWater && !this.#above.has(sequence);
  }

  /** Notes that an event is committed. Doing so twice is harmless. */
  commit(sequence: number): void {
    if (!this.isOpen(sequence)) return;
    const segment = this.#find(sequence);
    if (segment !== undefined && segment.pending > 0) {
      segment.pending--;
      this.#pending--;
    }
    this.#settle(sequence);
  }

  /** Notes that a sequence will never be written, so nothing waits for it. */
  skip(sequence: number): void {
    this.#settle(sequence);
  }

  /** Moves the low-water mark up: everything up to `sequence` counts as committed. */
  raiseLowWater(sequence: number): void {
    if (sequence <= this.lowWater) return;
    for (const segment of this.list) {
      if (segment.pending === 0 || segment.first > sequence) continue;
      for (let s = Math.max(segment.first, this.lowWater + 1); s <= Math.min(segment.last, sequence); s++) {
        if (this.#above.has(s) || segment.pending === 0) continue;
        segment.pending--;
        this.#pending--;
      }
    }
    this.lowWater = sequence;
    for (const s of this.#above) if (s <= sequence) this.#above.delete(s);
    while (this.#above.delete(this.lowWater + 1)) this.lowWater++;
  }

  #settle(sequence: number): void {
    if (sequence <= this.lowWater) return;
    this.#above.add(sequence);
    while (this.#above.delete(this.lowWater + 1)) this.lowWater++;
  }

  #find(sequence: number): Segment | undefined {
    for (let i = this.list.length - 1; i >= 0; i--) {
      const segment = this.list[i];
      if (segment.first <= sequence && sequence <= segment.last) return segment;
    }
    return undefined;
  }
}

/** A place in `segment` that is not behind the event at `sequence`, and not far before it. */
export function offsetBefore({ marks }: Segment, sequence: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (marks[middle]!.sequence <= sequence) low = middle + 1;
    else high = middle;
  }
  return marks[low - 1]?.offset ?? 0;
}
