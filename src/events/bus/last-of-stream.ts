import { type ApiAnswer, JsError, type StoredMessage } from '../../nats/jetstream.js';
import { countsOnItsOwn, eventFilter, parseStreamSubject, type StreamNames } from '../subjects.js';

/** Whether the event of a subject counts on its own, and not in the sequence of its stream, as recordings do. */
export function isOfItsOwn(subject: string): boolean {
  const parts = parseStreamSubject(subject);
  return parts !== undefined && countsOnItsOwn(parts);
}

/**
 * The last message of those that count in the sequence of a stream. What counts on its own may come between them, and
 * behind the end.
 *
 * @param of the stream; without app and name it is looked for under all
 * @param last asks for the last message of a subject, which may have wildcards
 */
export async function lastCounted(
  prefix: string,
  of: Partial<StreamNames> & { readonly streamId: string },
  last: (subject: string) => Promise<ApiAnswer<StoredMessage>>,
): Promise<ApiAnswer<StoredMessage>> {
  // Nothing else of it: callers have the whole subject of one event, and its entity would leave out the others.
  const { app, name, streamId } = of;
  const names = { app, name, streamId };
  const newest = await last(eventFilter(prefix, names));
  if (!newest.ok || !isOfItsOwn(newest.value.subject)) return newest;
  const found = [await last(eventFilter(prefix, { ...names, entity: 'stream' }))];
  found.push(await last(eventFilter(prefix, { ...names, entity: 'play' })));
  const failed = found.find((answer) => !answer.ok && answer.code !== JsError.MessageNotFound);
  if (failed !== undefined) return failed;
  const [stream, play] = found as [ApiAnswer<StoredMessage>, ApiAnswer<StoredMessage>];
  return play.ok && (!stream.ok || play.value.seq > stream.value.seq) ? play : stream;
}
