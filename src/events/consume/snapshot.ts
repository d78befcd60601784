import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import type { NatsConnection } from '../../nats/connection.js';
import { JsError, lastMessage } from '../../nats/jetstream.js';
import type { NodeState, StreamState } from '../event-types.js';
import { type OpenStream, OpenStreams, openStreamOf, stateOf } from '../open-streams.js';
import { END_TYPE, eventFilter, parseStreamSubject } from '../subjects.js';
import { countedSequence } from './counted.js';
import type { Delivery } from './delivery.js';
import type { StreamPattern } from './pattern.js';
import { Puller } from './puller.js';
import { answerError, dropConsumer, makeReader, type StreamFacts, streamFacts } from './stream-info.js';

/** The stream and the buckets that a watcher reads. */
export interface WatchPlaces {
  readonly prefix: string;
  readonly stream: string;
  readonly streamsBucket: string;
  readonly nodesBucket: string;
}

/** The live streams at the time when `position` was the stream's last one. */
export interface Snapshot {
  readonly created: string;
  readonly position: number;
  readonly states: readonly StreamState[];
}

/** The bucket follows the events within moments; this much more is read again, in ms. */
const OVERLAP_MS = 30_000;
const MAX_LAG_MS = 600_000;
const AT_ONCE = 32;
const BATCH = 500;

/**
 * Reads the bucket, and brings it up to one position of the event stream: events that the bucket does not show yet are
 * applied, and streams whose end is stored by then are left out, whatever the bucket shows.
 *
 * @throws SluiceError ERR_EVENTS_STREAM_MISSING, ERR_EVENTS_UNREACHABLE
 */
export async function takeSnapshot(
  connection: NatsConnection,
  pattern: StreamPattern,
  places: WatchPlaces,
  answerTimeout: AnswerTimeout,
): Promise<Snapshot> {
  const ask = { connection, pattern, places, answerTimeout };
  const before = await facts(ask);
  const fromMs = (before.newestMs ?? Date.now()) - OVERLAP_MS - (await longestLagMs(ask));
  const states = await values<StreamState>(ask, places.streamsBucket);
  // Everything up to here is history. The bucket was read before, so nothing in it is younger than what is read now.
  const now = await facts(ask);
  if (now.created !== before.created) throw answerError(places.stream, { code: 'remade', text: 'while it was read' });
  const table = new OpenStreams();
  for (const state of states)
    if (pattern.matches(state.app, state.name)) table.open.set(state.streamId, openStreamOf(state));
  await apply(ask, table, fromMs, now.last);
  const open = [...table.open.values()].filter(({ app, name }) => pattern.matches(app, name));
  const over = await inTurn(open, (openStream) => isOver(ask, openStream, now.last));
  return {
    created: now.created,
    position: now.last,
    states: open.filter((_, i) => !over[i]).map(stateOf),
  };
}

interface Ask {
  readonly connection: NatsConnection;
  readonly pattern: StreamPattern;
  readonly places: WatchPlaces;
  readonly answerTimeout: AnswerTimeout;
}

async function facts({ connection, places, answerTimeout }: Ask): Promise<StreamFacts> {
  const answer = await streamFacts(connection, places.stream, answerTimeout);
  if (!answer.ok) throw answerError(places.stream, answer);
  return answer.value;
}

/** Applies the events since a time, up to a position. */
async function apply(ask: Ask, table: OpenStreams, fromMs: number, last: number): Promise<void> {
  const start = { deliver_policy: 'by_start_time', opt_start_time: new Date(fromMs).toISOString() };
  await readAll(ask, ask.places.stream, { filter_subject: ask.pattern.filter, ...start }, (item, { left }) => {
    if (item.position > last) return false;
    const known = table.open.get(parseStreamSubject(item.subject)?.streamId ?? '');
    const sequence = countedSequence(item.subject);
    // Events that the state includes already must not be applied again; an end always is.
    const isIncluded = known !== undefined && sequence !== undefined && sequence <= known.seq;
    if (!isIncluded) table.apply(item.position, item.subject, Buffer.from(item.data), true);
    return left > 0;
  });
}

/** Whether the end of a stream is stored: a bucket may still show a stream that is over. */
async function isOver(
  { connection, places, answerTimeout }: Ask,
  openStream: OpenStream,
  last: number,
): Promise<boolean> {
  const { app, name, streamId } = openStream;
  const end = eventFilter(places.prefix, { app, name, streamId, type: END_TYPE });
  const found = await lastMessage(connection, places.stream, end, answerTimeout);
  if (found.ok) return found.value.seq <= last;
  if (found.code === JsError.MessageNotFound) return false;
  throw answerError(places.stream, found);
}

/** The longest time by which the state of any living node is behind the events. */
async function longestLagMs(ask: Ask): Promise<number> {
  let lagMs = 0;
  for (const node of await values<NodeState>(ask, ask.places.nodesBucket)) {
    if (node.state === 'lost') continue;
    const silentMs = Math.max(0, Date.now() - Date.parse(node.time));
    if (silentMs < MAX_LAG_MS) lagMs = Math.max(lagMs, silentMs + node.stateLagMs);
  }
  return Math.min(lagMs, MAX_LAG_MS);
}

/**
 * Every value of a bucket; none when the bucket is not there yet. One reader takes them all: a bucket keeps a mark of
 * each key that was ever deleted, and asking for one key after the other would take longer the older the bucket is.
 *
 * Values that are written while it is read move to the end, so a count of the values at the start does not say when all
 * of them have come. They have come when the reader has been at the end for a moment: then the newest value of each key
 * was read.
 */
async function values<T>(ask: Ask, name: string): Promise<T[]> {
  const { connection, answerTimeout } = ask;
  const stream = `KV_${name}`;
  const newest = new Map<string, Uint8Array>();
  const before = await streamFacts(connection, stream, answerTimeout);
  if (!before.ok && before.code === JsError.StreamNotFound) return [];
  // A user who may not ask relies on the messages themselves.
  if (!before.ok && before.code !== 'PERMISSIONS_VIOLATION') throw answerError(stream, before);
  const last = before.ok ? before.value.last : 0;
  const all = { deliver_policy: 'all', filter_subject: `$KV.${name}.>` };
  await readAll(ask, stream, all, async ({ subject, data, position, pending }, { isNewest }) => {
    newest.set(subject, data);
    if (position < last || !isNewest) return true;
    if (pending === 0) return false;
    const now = await streamFacts(connection, stream, answerTimeout);
    return !now.ok || position < now.value.last;
  });
  return [...newest.values()].filter(({ length }) => length > 0).map((data) => JSON.parse(decoder.decode(data)) as T);
}

const decoder = new TextDecoder();

/** How far a reader is. */
interface Come {
  /** How many messages are left of those that were there at the start. */
  readonly left: number;
  /** Whether no further message has arrived here yet. */
  readonly isNewest: boolean;
}

/**
 * Reads a stream in order until `take` has enough; nothing when it is empty at first. A stream that is no bucket must
 * exist.
 */
async function readAll(
  { connection, answerTimeout }: Ask,
  stream: string,
  config: Parameters<typeof makeReader>[2],
  take: (delivery: Delivery, come: Come) => Promise<boolean> | boolean,
): Promise<void> {
  const made = await makeReader(connection, stream, config, answerTimeout);
  if (!made.ok && made.code === JsError.StreamNotFound && stream.startsWith('KV_')) return;
  if (!made.ok) throw answerError(stream, made);
  const { name, num_pending: count } = made.value;
  const puller = new Puller(connection, { stream, consumer: name, batch: BATCH });
  try {
    for (let ordinal = 1; count > 0; ordinal++) {
      const item = await puller.next();
      if (typeof item === 'string') throw answerError(stream, { code: item, text: 'while it was read' });
      if (item.ordinal !== ordinal) throw answerError(stream, { code: 'gap', text: 'a message was lost on its way' });
      if (!(await take(item, { left: count - ordinal, isNewest: puller.waiting.length === 0 }))) return;
    }
  } finally {
    await puller.close();
    dropConsumer(connection, stream, name);
  }
}

/** Does something with each item, some at the same time, and returns the results in the items' order. */
async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const out: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) out[i] = await work(items[i]);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return out;
}
