import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import type { NatsConnection } from '../../nats/connection.js';
import { JsError, lastMessage, subjectsOf } from '../../nats/jetstream.js';
import type { JournalEntry } from '../journal/journal.js';
import { END_TYPE, parseStreamSubject } from '../subjects.js';
import { isOfItsOwn, lastCounted } from './last-of-stream.js';
import { endAfter, endSubject, isLateEnd } from './late-end.js';

/** What a fence is made with. */
interface FenceDeps {
  /** Name of the JetStream stream. */
  readonly stream: string;
  readonly answerTimeout: AnswerTimeout;
}

/**
 * What has to be done with an event. `send` with the bytes to send; `stored`: it is there already; `over`: another
 * process has ended its stream and no event of it may follow; `unknown`: it cannot be found out now which of these it
 * is.
 */
export type FenceVerdict =
  | { readonly kind: 'send'; readonly json: Buffer }
  | { readonly kind: 'stored' }
  | { readonly kind: 'over' }
  | { readonly kind: 'unknown'; readonly why: string };

/** What the fence remembers of one stream's waiting events. */
export interface FenceNote {
  /** Stream id. */
  readonly key: string;
  /** {@link StreamFence.round} in which it was found that no other process had ended the stream; -1 for never. */
  checkedIn: number;
}

/**
 * Keeps events from following an end that another process has stored for their stream. An event is in doubt when an
 * earlier process wrote it, or when this process was taken for lost after it was written. Doubt depends on its position
 * in the journal alone. JetStream is asked about each stream of which an event in doubt is to be sent.
 */
export class StreamFence {
  readonly #deps: FenceDeps;
  /** Streams with an end in JetStream that another process stored, until their own end has been skipped. */
  readonly #over = new Set<string>();
  #doubtUpTo = 0;
  #round = 0;

  constructor(deps: FenceDeps) {
    this.#deps = deps;
  }

  /** This process was taken for lost: events up to this position of the journal are in doubt. */
  doubt(position: number): void {
    this.#round++;
    this.#doubtUpTo = Math.max(this.#doubtUpTo, position);
  }

  /** Other processes have stored ends of these streams. */
  close(streamIds: Iterable<string>): void {
    for (const streamId of streamIds) this.#over.add(streamId);
  }

  /** Says what has to be done with the next event of a stream. Never rejects. */
  async look(note: FenceNote, entry: JournalEntry, connection: NatsConnection): Promise<FenceVerdict> {
    // A file may be closed after its stream has ended, wherever the end was told. Each such event has a subject of its
    // own, so that it is stored once.
    if (isOfItsOwn(entry.subject)) return { kind: 'send', json: entry.json };
    const isEnd = entry.type === END_TYPE;
    if (this.#over.has(note.key)) {
      if (isEnd) this.#over.delete(note.key);
      return { kind: 'over' };
    }
    const isInDoubt = !entry.own || entry.sequence <= this.#doubtUpTo;
    if (isEnd && (isLateEnd(entry) || (isInDoubt && note.checkedIn !== this.#round))) {
      return this.#lookAtEnd(entry, connection);
    }
    if (isEnd || !isInDoubt || note.checkedIn === this.#round) return { kind: 'send', json: entry.json };
    return this.#lookAtStream(note, entry, connection);
  }

  /** Whether the stream of an event has an end. */
  async #lookAtStream(note: FenceNote, entry: JournalEntry, connection: NatsConnection): Promise<FenceVerdict> {
    const round = this.#round;
    const subject = endSubject(entry.subject);
    if (subject !== undefined) {
      const end = await lastMessage(connection, this.#deps.stream, subject, this.#deps.answerTimeout);
      if (end.ok) {
        this.#over.add(note.key);
        return { kind: 'over' };
      }
      if (!isAbsent(end.code))
        return { kind: 'unknown', why: 'it cannot be read whether the stream was ended elsewhere' };
    }
    // An answer from before the latest doubt says nothing about it.
    if (round !== this.#round) return this.look(note, entry, connection);
    note.checkedIn = round;
    return { kind: 'send', json: entry.json };
  }

  /** What is stored last of the stream of an end: an end, or the event that this end has to follow. */
  async #lookAtEnd(entry: JournalEntry, connection: NatsConnection): Promise<FenceVerdict> {
    const ask = (subject: string) => lastMessage(connection, this.#deps.stream, subject, this.#deps.answerTimeout);
    const parts = parseStreamSubject(entry.subject);
    const subjects = (filter: string) => subjectsOf(connection, this.#deps.stream, filter, this.#deps.answerTimeout);
    const lookups = { last: ask, subjects };
    const last = parts === undefined ? await ask(entry.subject) : await lastCounted(parts.prefix, parts, lookups);
    if (!last.ok) {
      return isAbsent(last.code)
        ? { kind: 'send', json: entry.json }
        : { kind: 'unknown', why: 'it cannot be read how far the stream had come' };
    }
    if (last.value.subject !== entry.subject) return { kind: 'send', json: endAfter(entry.json, last.value.subject) };
    return { kind: sourceOf(last.value.data) === sourceOf(entry.json) ? 'stored' : 'over' };
  }
}

/** Whether an answer means that there is nothing, or that this user may not know. */
function isAbsent(code: number | string): boolean {
  return code === JsError.MessageNotFound || code === 'PERMISSIONS_VIOLATION';
}

/** The process that told an event. */
function sourceOf(json: Buffer): string {
  return (JSON.parse(json.toString('utf8')) as { source: string }).source;
}
