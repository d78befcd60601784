import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import { EVENTS_TRACE } from '../../core/trace.js';
import type { AckInbox } from '../../nats/ack-inbox.js';
import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import { type NatsConnection, natsHeaders } from '../../nats/connection.js';
import { lastMessage } from '../../nats/jetstream.js';
import { backoffMs, type Outcome, outcomeOf, type WaitReason } from '../../nats/publish-outcome.js';
import { orderKey } from '../envelope.js';
import type { Journal, JournalEntry } from '../journal/journal.js';
import { JournalReader } from '../journal/reader.js';
import type { ResolvedEventsOptions } from '../options.js';
import { type PublishQueue, PublishQueues } from './publish-queues.js';
import type { Quarantine } from './quarantine.js';
import { StreamFence } from './stream-fence.js';

/** What the publisher needs from its surroundings. */
interface PublisherDeps {
  readonly journal: Journal;
  readonly quarantine: Quarantine;
  readonly log: Logger;
  readonly clock: Clock;
  readonly answerTimeout: AnswerTimeout;
  /** The connection, when events may be sent now. */
  connection(): NatsConnection | undefined;
  /** The inbox for acknowledgements of that connection. */
  acks(): Pick<AckInbox, 'publish'>;
  /** Called at each failed attempt while everything waits, and with `undefined` when sending goes on. */
  onWait(why: WaitReason | undefined, text: string): void;
}

/** What the publisher counts. */
export interface PublisherCounts {
  published: number;
  retries: number;
  quarantined: number;
  superseded: number;
}

const WINDOW = 4096;
const PAGE = 512;
const MAX_REFUSALS = 20;
const ODD_STREAK = 3;

/**
 * Sends the journal's events to JetStream: one event of each stream at a time, many streams side by side, each tried
 * until it is stored. It holds a bounded window of events in memory; a longer backlog is read from the journal.
 */
export class JetStreamPublisher {
  readonly counts: PublisherCounts = { published: 0, retries: 0, quarantined: 0, superseded: 0 };
  readonly #deps: PublisherDeps;
  readonly #o: ResolvedEventsOptions;
  readonly #queues = new PublishQueues();
  readonly #headers = natsHeaders({
    'Nats-Expected-Last-Subject-Sequence': '0',
    'content-type': 'application/cloudevents+json',
  });
  readonly #fence: StreamFence;
  #reader: JournalReader | undefined;
  #filling = false;
  #pumping = false;
  #waiting: WaitReason | undefined;
  #waitTries = 0;
  #oddStreak = 0;
  #probing = false;
  #timers = new Set<NodeJS.Timeout>();
  #idleWaiters: (() => void)[] = [];
  #closed = false;

  constructor(o: ResolvedEventsOptions, deps: PublisherDeps) {
    this.#o = o;
    this.#deps = deps;
    this.#fence = new StreamFence({ stream: o.stream, answerTimeout: deps.answerTimeout });
  }

  /** Begins with the oldest event that is not committed. */
  start(): void {
    this.#reader = new JournalReader(this.#deps.journal, this.#deps.journal.table.lowWater + 1);
    this.#deps.journal.subscribe((entries) => this.#offer(entries));
    void this.#fill();
  }

  /** The connection or the stream may be there again: tries at once. */
  retry(): void {
    this.#waitTries = 0;
    this.#probing = false;
    this.#pump();
  }

  /** Another node has ended these streams: their remaining events are settled without being sent. */
  fence(streamIds: Iterable<string>): void {
    this.#fence.close(streamIds);
  }

  /** This process was taken for lost: each stream with waiting events is checked before its events are sent. */
  doubtAll(): void {
    this.#fence.doubt(this.#deps.journal.position);
  }

  /** Resolves when everything visible has been settled, or when {@link close} is called. */
  whenIdle(): Promise<void> {
    if (this.idle || this.#closed) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Whether everything visible has been settled. */
  get idle(): boolean {
    return this.#reader === undefined && this.#queues.size === 0;
  }

  /** Stops sending. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #offer(entries: readonly JournalEntry[]): void {
    if (this.#reader === undefined) {
      for (const entry of entries) {
        if (this.#queues.size >= WINDOW) {
          this.#reader = new JournalReader(this.#deps.journal, entry.sequence);
          break;
        }
        this.#push(entry);
      }
    }
    this.#pump();
  }

  #push(entry: JournalEntry): void {
    if (this.#deps.journal.table.isOpen(entry.sequence)) this.#queues.push(orderKey(entry.id), entry);
  }

  /** Reads the backlog into the window. */
  async #fill(): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    try {
      while (this.#reader !== undefined && this.#queues.size < WINDOW && !this.#closed) {
        const page = await this.#reader.next(PAGE);
        for (const entry of page) this.#push(entry);
        // Everything is read, and nothing came meanwhile: from here on events arrive as they become visible.
        if (page.length === 0 && this.#reader.position > this.#deps.journal.shown) this.#reader = undefined;
        if (this.idle) for (const resolve of this.#idleWaiters.splice(0)) resolve();
        this.#pump();
      }
    } finally {
      this.#filling = false;
    }
  }

  #pump(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      const connection = this.#deps.connection();
      if (connection === undefined || this.#closed) return;
      // While everything waits, one event at a time is sent to find out whether sending works again.
      const most = this.#waiting === undefined ? this.#o.maxInFlight : 1;
      while (this.#queues.inFlight < most && !this.#probing) {
        const queue = this.#queues.take();
        if (queue === undefined) break;
        void this.#send(queue, connection);
      }
      if (this.#reader !== undefined && this.#queues.size < WINDOW / 2) void this.#fill();
    });
  }

  async #send(queue: PublishQueue, connection: NatsConnection): Promise<void> {
    const entry = queue.entries[0];
    const verdict = await this.#fence.look(queue, entry, connection);
    if (this.#closed) return;
    if (verdict.kind === 'unknown') {
      this.#holdAll(queue, 'not_answering', verdict.why);
      return;
    }
    if (verdict.kind !== 'send') {
      if (verdict.kind === 'over') this.counts.superseded++;
      else this.counts.published++;
      // A server that answers this answers the next event as well.
      if (this.#waiting === 'not_answering') this.#goOn();
      this.#done(queue);
      return;
    }
    // The lease may have lapsed while the fence asked, or the process have stood still: another node may be about to
    // end the stream.
    if (this.#deps.connection() !== connection) {
      this.#queues.rest(queue);
      this.#queues.wake(queue);
      return;
    }
    // One object serves all: the client has written it out when `publish` returns.
    this.#headers.set('Nats-Msg-Id', entry.id);
    this.#headers.set('ce-type', entry.type);
    let outcome = outcomeOf(await this.#deps.acks().publish(entry.subject, verdict.json, this.#headers));
    if (outcome.kind === 'taken') outcome = await this.#readBack(entry, entry.id, connection);
    if (this.#closed && outcome.kind !== 'stored') return;
    this.#settle(queue, entry, outcome);
  }

  #settle(queue: PublishQueue, entry: JournalEntry, outcome: Outcome): void {
    if (EVENTS_TRACE.hasSubscribers)
      EVENTS_TRACE.publish({ what: outcome.kind, name: entry.subject, detail: entry.sequence });
    switch (outcome.kind) {
      case 'stored':
        this.counts.published++;
        this.#oddStreak = 0;
        this.#goOn();
        this.#done(queue);
        return;
      case 'unstorable':
        this.#setAside(queue, entry, outcome.text);
        return;
      case 'wait':
        this.#holdAll(queue, outcome.why, outcome.text);
        return;
      case 'taken':
      case 'odd': {
        const text = outcome.kind === 'odd' ? outcome.text : 'the subject is taken';
        // Events were refused one after the other and none got through, so the reason is not this event.
        if (++this.#oddStreak >= ODD_STREAK) this.#holdAll(queue, 'denied', text);
        else this.#refused(queue, entry, text);
        return;
      }
    }
  }

  #done(queue: PublishQueue): void {
    const entry = this.#queues.settle(queue);
    if (entry !== undefined) this.#deps.journal.commit(entry.sequence);
    if (this.idle) for (const resolve of this.#idleWaiters.splice(0)) resolve();
    this.#pump();
  }

  #goOn(): void {
    if (this.#waiting === undefined) return;
    this.#waiting = undefined;
    this.#waitTries = 0;
    this.#probing = false;
    this.#deps.onWait(undefined, '');
  }

  /** Nothing can be sent at present: the event of this queue is the next to be tried, after a pause that grows. */
  #holdAll(queue: PublishQueue, why: WaitReason, text: string): void {
    this.counts.retries++;
    this.#queues.rest(queue);
    this.#queues.wake(queue);
    this.#waiting = why;
    if (this.#probing) return;
    this.#deps.onWait(why, text);
    this.#probing = true;
    this.#later(backoffMs(this.#waitTries++, Math.random()), () => {
      this.#probing = false;
      this.#pump();
    });
  }

  /** Only this event is refused. It is tried again alone, and quarantined when others get through and it never does. */
  #refused(queue: PublishQueue, entry: JournalEntry, text: string): void {
    this.counts.retries++;
    if (queue.passedThen !== this.#queues.passed || queue.tries === 0) queue.refusals++;
    queue.passedThen = this.#queues.passed;
    if (queue.refusals >= MAX_REFUSALS) {
      this.#setAside(queue, entry, text);
      return;
    }
    if (queue.tries === 0)
      this.#deps.log.warn({ subject: entry.subject, cause: text }, 'nats: an event is refused; it is tried again');
    this.#queues.rest(queue);
    this.#later(backoffMs(queue.tries++, Math.random(), 100, 30_000), () => {
      this.#queues.wake(queue);
      this.#pump();
    });
    this.#pump();
  }

  #setAside(queue: PublishQueue, entry: JournalEntry, text: string): void {
    this.counts.quarantined++;
    this.#deps.log.error(
      { subject: entry.subject, cause: text },
      'nats: an event can never be stored; it is in the quarantine file',
    );
    void this.#deps.quarantine.add(entry, text).finally(() => this.#done(queue));
  }

  /** The subject holds a message already. It is this event when its id says so. */
  async #readBack(entry: JournalEntry, id: string, connection: NatsConnection): Promise<Outcome> {
    const held = await lastMessage(connection, this.#o.stream, entry.subject, this.#deps.answerTimeout);
    if (held.ok) {
      return held.value.headers.get('nats-msg-id') === id
        ? { kind: 'stored' }
        : { kind: 'unstorable', text: `its subject holds another message (sequence ${held.value.seq})` };
    }
    // Without the right to read, the refusal itself is taken as proof: the subject contains the event's id.
    if (held.code === 'PERMISSIONS_VIOLATION') return { kind: 'stored' };
    return { kind: 'wait', why: 'not_answering', text: `read-back: ${held.code} ${held.text}` };
  }

  #later(ms: number, call: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      call();
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }
}
