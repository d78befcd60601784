import { sequenceText } from '../envelope.js';
import { sequenceOf } from '../event-types.js';
import type { JournalEntry } from '../journal/journal.js';
import { END_TYPE, eventSubject, parseStreamSubject, sequenceIn } from '../subjects.js';

const LATE_REASON = Buffer.from('"reason":"node_restart"', 'utf8');

/** Whether an entry is the end that a start of the node gave to a stream that an earlier process had left open. */
export function isLateEnd(entry: JournalEntry): boolean {
  return entry.type === END_TYPE && entry.json.includes(LATE_REASON);
}

/**
 * Subject of the end of the stream to which an event's subject belongs; `undefined` for an event that belongs to none.
 */
export function endSubject(subject: string): string | undefined {
  const parts = parseStreamSubject(subject);
  return parts === undefined ? undefined : eventSubject(parts.prefix, parts, END_TYPE, 0);
}

/**
 * An end that follows the last event that JetStream holds of its stream. A power loss can take events from the journal
 * that had been stored in JetStream already (unless `events.fsync` is `always`). An end made from what the journal
 * still knew would repeat the sequence of one of them.
 *
 * @param json the end as the journal holds it; not changed
 * @param lastSubject subject of the stream's last event in JetStream
 * @returns `json` itself when its sequence is behind that event's already
 */
export function endAfter(json: Buffer, lastSubject: string): Buffer {
  // An end has no number there. It is stored already, and this one will be refused.
  const parts = parseStreamSubject(lastSubject);
  const last = parts === undefined ? undefined : sequenceIn(parts);
  if (last === undefined) return json;
  const event = JSON.parse(json.toString('utf8')) as { sequence: string | number };
  if (sequenceOf(event) > last) return json;
  return Buffer.from(JSON.stringify({ ...event, sequence: sequenceText(last + 1) }), 'utf8');
}
