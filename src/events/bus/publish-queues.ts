import type { JournalEntry } from '../journal/journal.js';

/** `node.stopped` is sent when everything before it has been stored. */
const LAST_TYPE = 'io.sluice.node.stopped';

/** The waiting events of one stream (or boot), in order. At most one of them is being sent. */
export interface PublishQueue {
  readonly key: string;
  readonly entries: JournalEntry[];
  busy: boolean;
  tries: number;
  /** Refusals of this queue's event while events of other queues got through. */
  refusals: number;
  /** Value of {@link PublishQueues.passed} at the last failure. */
  passedThen: number;
  /** The note of the fence, see {@link file://./stream-fence.ts}. */
  checkedIn: number;
}

/** All queues, and those that may send, in the order of their arrival. */
export class PublishQueues {
  readonly #queues = new Map<string, PublishQueue>();
  #ready: PublishQueue[] = [];
  #readyAt = 0;
  /** Queues whose next event is sent when no other is left. */
  readonly #deferred: PublishQueue[] = [];
  /** Events held. */
  size = 0;
  /** Events on their way. */
  inFlight = 0;
  /** Events that were settled so far. */
  passed = 0;

  /** Adds an event at the end of its queue. */
  push(key: string, entry: JournalEntry): void {
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = { key, entries: [], busy: false, tries: 0, refusals: 0, passedThen: 0, checkedIn: -1 };
      this.#queues.set(key, queue);
    }
    queue.entries.push(entry);
    this.size++;
    if (queue.entries.length === 1) this.#ready.push(queue);
  }

  /** The next queue that may send; it is busy until {@link settle} or {@link rest}. */
  take(): PublishQueue | undefined {
    while (this.#readyAt < this.#ready.length) {
      const queue = this.#ready[this.#readyAt++];
      if (this.#readyAt > 1024 && this.#readyAt * 2 > this.#ready.length) {
        this.#ready = this.#ready.slice(this.#readyAt);
        this.#readyAt = 0;
      }
      if (queue.busy || queue.entries.length === 0) continue;
      if (queue.entries[0].type === LAST_TYPE && this.size > this.#deferred.length + 1) {
        this.#deferred.push(queue);
        continue;
      }
      queue.busy = true;
      this.inFlight++;
      return queue;
    }
    this.#ready = [];
    this.#readyAt = 0;
    return undefined;
  }

  /** The event at the head of a busy queue is done with. @returns it */
  settle(queue: PublishQueue): JournalEntry | undefined {
    const entry = queue.entries.shift();
    this.size--;
    this.passed++;
    this.inFlight--;
    queue.busy = false;
    queue.tries = 0;
    queue.refusals = 0;
    if (queue.entries.length > 0) this.#ready.push(queue);
    else this.#queues.delete(queue.key);
    if (this.size === this.#deferred.length) this.#ready.push(...this.#deferred.splice(0));
    return entry;
  }

  /** The event of a busy queue did not get through. The queue is ready again when {@link wake} is called for it. */
  rest(queue: PublishQueue): void {
    this.inFlight--;
    queue.busy = false;
  }

  /** Makes a resting queue ready again. */
  wake(queue: PublishQueue): void {
    if (!queue.busy && queue.entries.length > 0) this.#ready.push(queue);
  }

  /** Whether any queue may send. */
  get hasReady(): boolean {
    return this.#readyAt < this.#ready.length;
  }
}
