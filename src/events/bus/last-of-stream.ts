import { type ApiAnswer, JsError, type StoredMessage } from '../../nats/jetstream.js';
import { countsOnItsOwn, eventFilter, parseStreamSubject, type StreamNames, sequenceIn } from '../subjects.js';

/** Whether the event of a subject counts on its own, and not in the sequence of its stream, as recordings do. */
export function isOfItsOwn(subject: string): boolean {
  const parts = parseStreamSubject(subject);
  return parts !== undefined && countsOnItsOwn(parts);
}

/** How messages of the stream of events are looked for. */
interface Lookups {
  /** The last message of a subject, which may have wildcards. */
  last(subject: string): Promise<ApiAnswer<StoredMessage>>;
  /** All subjects of a filter. */
  subjects(filter: string): Promise<ApiAnswer<string[]>>;
}

/**
 * The last message of those that count in the sequence of a stream. What counts on its own may come between them, and
 * behind the end: files, relays, and the players of other nodes.
 *
 * @param of the stream; without app and name it is looked for under all
 */
export async function lastCounted(
  prefix: string,
  of: Partial<StreamNames> & { readonly streamId: string },
  lookups: Lookups,
): Promise<ApiAnswer<StoredMessage>> {
  // Nothing else of it: callers have the whole subject of one event, and its entity would leave out the others.
  const { app, name, streamId } = of;
  const names = { app, name, streamId };
  const newest = await lookups.last(eventFilter(prefix, names));
  if (!newest.ok || !isOfItsOwn(newest.value.subject)) return newest;
  const found = [await lookups.last(eventFilter(prefix, { ...names, entity: 'stream' }))];
  found.push(await lastPlay(eventFilter(prefix, { ...names, entity: 'play' }), lookups));
  const failed = found.find((answer) => !answer.ok && answer.code !== JsError.MessageNotFound);
  if (failed !== undefined) return failed;
  const [stream, play] = found as [ApiAnswer<StoredMessage>, ApiAnswer<StoredMessage>];
  return play.ok && (!stream.ok || play.value.seq > stream.value.seq) ? play : stream;
}

/**
 * The last of the plays that the owner of a stream has told. When a player of another node is behind it, all subjects
 * of plays are listed: no filter takes the numbers alone.
 */
async function lastPlay(filter: string, { last, subjects }: Lookups): Promise<ApiAnswer<StoredMessage>> {
  const newest = await last(filter);
  if (!newest.ok || !isOfItsOwn(newest.value.subject)) return newest;
  const listed = await subjects(filter);
  if (!listed.ok) return listed;
  let highest = { subject: '', sequence: -1 };
  for (const subject of listed.value) {
    const parts = parseStreamSubject(subject);
    const sequence = parts === undefined ? undefined : sequenceIn(parts);
    if (sequence !== undefined && sequence > highest.sequence) highest = { subject, sequence };
  }
  if (highest.sequence >= 0) return last(highest.subject);
  return { ok: false, code: JsError.MessageNotFound, text: 'only players of other nodes' };
}
