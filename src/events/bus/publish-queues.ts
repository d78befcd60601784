import type { JournalEntry } from '../journal/journal.js';

/** A node says that it has stopped when all it had to say before has been stored. */
const LAST_TYPE = 'io.sluice.node.stopped';

/** The events of one stream (or boot) that wait, in order; one of them at a time is on its way. */
export interface PublishQueue {
  readonly key: string;
  readonly queue: JournalEntry[];
  busy: boolean;
  tries: number;
  /** Failures that only this lane has seen while others got through. */
  strikes: number;
  /** Value of {@link PublishQueues.passed} at the last failure. */
  passedThen: number;
  /** The fence's own note, see {@link file://./stream-fence.ts}. */
  checkedIn: number;
}

/** All lanes, and those that may send, first come first served. */
export class PublishQueues {
  readonly #lanes = new Map<string, PublishQueue>();
  #ready: PublishQueue[] = [];
  #readyAt = 0;
  /** PublishQueues whose next event goes out when no other is left. */
  readonly #deferred: PublishQueue[] = [];
  /** Events held. */
  size = 0;
  /** Events on their way. */
  inFlight = 0;
  /** Events that were settled so far. */
  passed = 0;

  /** Adds an event at the end of its lane. */
  push(key: string, entry: JournalEntry): void {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { key, queue: [], busy: false, tries: 0, strikes: 0, passedThen: 0, checkedIn: -1 };
      this.#lanes.set(key, lane);
    }
    lane.queue.push(entry);
    this.size++;
    if (lane.queue.length === 1) this.#ready.push(lane);
  }

  /** The next lane that may send; it is busy until {@link settle} or {@link rest}. */
  take(): PublishQueue | undefined {
    while (this.#readyAt < this.#ready.length) {
      const lane = this.#ready[this.#readyAt++];
      if (this.#readyAt > 1024 && this.#readyAt * 2 > this.#ready.length) {
        this.#ready = this.#ready.slice(this.#readyAt);
        this.#readyAt = 0;
      }
      if (lane.busy || lane.queue.length === 0) continue;
      if (lane.queue[0].type === LAST_TYPE && this.size > this.#deferred.length + 1) {
        this.#deferred.push(lane);
        continue;
      }
      lane.busy = true;
      this.inFlight++;
      return lane;
    }
    this.#ready = [];
    this.#readyAt = 0;
    return undefined;
  }

  /** The event at the head of a busy lane is done with. @returns it */
  settle(lane: PublishQueue): JournalEntry | undefined {
    const entry = lane.queue.shift();
    this.size--;
    this.passed++;
    this.inFlight--;
    lane.busy = false;
    lane.tries = 0;
    lane.strikes = 0;
    if (lane.queue.length > 0) this.#ready.push(lane);
    else this.#lanes.delete(lane.key);
    if (this.size === this.#deferred.length) this.#ready.push(...this.#deferred.splice(0));
    return entry;
  }

  /** A busy lane's event did not get through; it is ready again when {@link wake} is called for it. */
  rest(lane: PublishQueue): void {
    this.inFlight--;
    lane.busy = false;
  }

  /** Makes a resting lane ready again. */
  wake(lane: PublishQueue): void {
    if (!lane.busy && lane.queue.length > 0) this.#ready.push(lane);
  }

  /** Whether any lane may send. */
  get hasReady(): boolean {
    return this.#readyAt < this.#ready.length;
  }
}
