const MOST_OPEN = 10_000;

/** How far a webhook is, as it is kept on disk. */
export interface CursorState {
  /** Position up to which every event has been looked at. */
  readonly read: number;
  /** Positions of events that are to be delivered. All others up to `read` are done. In order. */
  readonly open: readonly number[];
  /** A replay: the events up to this position count as new since then, in ms since the epoch. */
  readonly again?: { readonly upTo: number; readonly atMs: number };
}

/** An event that is to be delivered. Its body stays in the journal until it is sent. */
interface OpenEvent {
  readonly position: number;
  /** Wall clock of its writing, ms since the epoch. */
  readonly wallMs: number;
  /** Since when it counts as tried, monotonic: a wall clock that jumps makes no event old. May be negative. */
  triedSinceMs: number;
}

/** The events of one stream that are to be delivered, in order. At most the first of them is on its way. */
export interface Lane {
  readonly key: string;
  readonly events: OpenEvent[];
  /** Failed attempts to deliver the first event. */
  tries: number;
  /** When the first event may be sent again, in monotonic ms. */
  dueMs: number;
  /** Whether the first event is about to be deleted from the journal: it is tried no more after this attempt. */
  isLeaving: boolean;
}

/**
 * Which events a webhook has still to deliver. Events of one stream are handed out one after the other, those of
 * several streams at once. It holds positions, not bodies. Pure bookkeeping, without input, output or clock.
 */
export class Backlog {
  readonly #mostOpen: number;
  #read: number;
  #again: CursorState['again'];
  /** Open events as the cursor on disk has them, until they have been read again. */
  readonly #restored: Set<number>;
  readonly #open = new Map<number, OpenEvent>();
  readonly #lanes = new Map<string, Lane>();
  readonly #ready = new Set<Lane>();
  readonly #waiting = new Set<Lane>();
  readonly #busy = new Set<Lane>();
  /** Streams whose first event has failed and is still to be delivered. */
  failing = 0;
  /** Grows with each change of {@link state}. */
  changes = 0;

  /**
   * @param state where an earlier process was
   * @param mostOpen events that are known and not delivered; past it no more should be read
   */
  constructor(state: CursorState, mostOpen = MOST_OPEN) {
    this.#mostOpen = mostOpen;
    this.#read = state.read;
    this.#again = state.again;
    this.#restored = new Set(state.open);
  }

  /** Position up to which every event has been looked at. */
  get read(): number {
    return this.#read;
  }

  /** Position behind which reading has to begin, so that every open event is read. */
  get start(): number {
    let start = this.#read;
    for (const position of this.#restored) start = Math.min(start, position - 1);
    return start;
  }

  /** Events to be delivered, as far as they are known. */
  get open(): number {
    return this.#open.size + this.#restored.size;
  }

  /** Whether no more events should be read now. */
  get isFull(): boolean {
    return this.#open.size >= this.#mostOpen;
  }

  /** Events on their way. */
  get busy(): number {
    return this.#busy.size;
  }

  /** Whether an event could be handed out now. */
  get hasReady(): boolean {
    return this.#ready.size > 0;
  }

  /** Streams whose first event waits for another attempt. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** The event that is open for longest; undefined: none is known. */
  get oldest(): OpenEvent | undefined {
    let oldest: OpenEvent | undefined;
    for (const { events } of this.#lanes.values())
      if (oldest === undefined || events[0]!.position < oldest.position) oldest = events[0];
    return oldest;
  }

  /** Bytes that it holds, by estimate. */
  get heldBytes(): number {
    return this.#open.size * 128 + this.#restored.size * 32 + this.#lanes.size * 384;
  }

  /** What is kept on disk. */
  get state(): CursorState {
    const open = [...this.#open.keys(), ...this.#restored].sort((a, b) => a - b);
    return { read: this.#read, open, ...(this.#again === undefined ? {} : { again: this.#again }) };
  }

  /**
   * Notes that an event has been read. Events are read in order; after a start or a replay some are read once more.
   *
   * @returns whether it is to be looked at: it is neither done nor open
   */
  looksAt(position: number): boolean {
    const isNew = position > this.#read;
    const wasOpen = this.#restored.delete(position);
    if (isNew) {
      // What has not been found below is no longer in the journal.
      for (const lost of this.#restored) if (lost < position) this.#restored.delete(lost);
      this.#read = position;
    }
    if (isNew || wasOpen) this.changes++;
    return (isNew || wasOpen) && !this.#open.has(position);
  }

  /** Adds an event that is to be delivered, behind those of its stream. @param key of the stream */
  add(key: string, event: OpenEvent): void {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { key, events: [], tries: 0, dueMs: 0, isLeaving: false };
      this.#lanes.set(key, lane);
    }
    lane.events.push(event);
    this.#open.set(event.position, event);
    this.changes++;
    if (lane.events.length === 1) this.#ready.add(lane);
  }

  /** The next stream whose first event is to be sent. It is on its way until {@link settle} or {@link rest}. */
  take(): Lane | undefined {
    for (const lane of this.#ready) {
      this.#ready.delete(lane);
      this.#busy.add(lane);
      return lane;
    }
    return undefined;
  }

  /** The first event of a stream is done with. */
  settle(lane: Lane): void {
    this.#busy.delete(lane);
    this.#drop(lane);
  }

  /** The first event of a stream could not be delivered, and is tried again. @param dueMs when, monotonic */
  rest(lane: Lane, dueMs: number): void {
    this.#busy.delete(lane);
    if (lane.tries++ === 0) this.failing++;
    lane.dueMs = dueMs;
    this.#waiting.add(lane);
  }

  /** Makes the streams ready whose time has come. @param nowMs monotonic; Infinity: all of them */
  wake(nowMs: number): void {
    for (const lane of this.#waiting) {
      if (lane.dueMs > nowMs) continue;
      this.#waiting.delete(lane);
      this.#ready.add(lane);
    }
  }

  /**
   * The events up to a position are about to be deleted from the journal. Those on their way may still arrive and stay.
   *
   * @returns the others, in order; they are done with
   */
  leave(upTo: number): number[] {
    const left: number[] = [];
    for (const lane of [...this.#lanes.values()]) {
      const isBusy = this.#busy.has(lane);
      if (isBusy) lane.isLeaving ||= lane.events[0]!.position <= upTo;
      const kept = isBusy ? 1 : 0;
      while (lane.events.length > kept && lane.events[kept]!.position <= upTo) {
        left.push(lane.events[kept]!.position);
        if (kept === 0) this.#drop(lane);
        else this.#open.delete(lane.events.splice(kept, 1)[0]!.position);
      }
    }
    if (left.length > 0) this.changes++;
    return left.sort((a, b) => a - b);
  }

  /**
   * Has every event behind `after` looked at once more; those that are open stay in front.
   *
   * @param atMs wall clock from which on the attempts for them count
   * @param nowMs the same time, monotonic
   */
  rewind(after: number, atMs: number, nowMs: number): void {
    for (const event of this.#open.values()) event.triedSinceMs = nowMs;
    // A replay that an earlier one has not come to the end of takes over what that one has still to look at.
    this.#again = { upTo: Math.max(this.#read, this.#again?.upTo ?? 0), atMs };
    this.#read = Math.min(this.#read, after);
    this.changes++;
  }

  /** Since when an event is tried, in ms since the epoch: since it was written, or replayed. */
  sinceMs({ position, wallMs }: Pick<OpenEvent, 'position' | 'wallMs'>): number {
    return this.#again !== undefined && position <= this.#again.upTo ? Math.max(wallMs, this.#again.atMs) : wallMs;
  }

  /** Removes the first event of a stream, and the stream with its last one. */
  #drop(lane: Lane): void {
    const event = lane.events.shift();
    if (event !== undefined) this.#open.delete(event.position);
    this.changes++;
    if (lane.tries > 0) this.failing--;
    lane.tries = 0;
    lane.isLeaving = false;
    this.#waiting.delete(lane);
    this.#ready.delete(lane);
    if (lane.events.length > 0) this.#ready.add(lane);
    else this.#lanes.delete(lane.key);
  }
}
