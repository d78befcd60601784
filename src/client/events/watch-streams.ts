import { setTimeout as delay } from 'node:timers/promises';
import { countedSequence } from '../../events/consume/counted.js';
import { textOf } from '../../events/consume/delivery.js';
import { readItems } from '../../events/consume/ordered-reader.js';
import type { StreamPattern } from '../../events/consume/pattern.js';
import { type Snapshot, takeSnapshot, type WatchPlaces } from '../../events/consume/snapshot.js';
import { consumerTimeout } from '../../events/consume/stream-info.js';
import { type AnySluiceEvent, sequenceOf } from '../../events/event-types.js';
import type { NatsConnection } from '../../nats/connection.js';
import type { StreamChange } from './stream-change.js';

const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5000;
/** A server that is only starting or busy may take this long to answer the first question. */
const BEGIN_WITHIN_MS = 15_000;

/**
 * The live streams, then every later event, without a gap or a duplicate, however busy the streams are and whatever
 * happens to the server, the event stream or the network.
 *
 * The states are those at one position of the event stream, and the events are those behind it: streams that were over
 * by then are not included. Each stream's `sequence` is checked; when it jumps, everything is read again.
 *
 * @param signal ends the iteration
 * @throws SluiceError ERR_EVENTS_STREAM_MISSING, ERR_EVENTS_UNREACHABLE when it cannot even begin
 */
export async function* watchStreams(
  connection: NatsConnection,
  pattern: StreamPattern,
  places: WatchPlaces,
  signal: AbortSignal,
): AsyncGenerator<StreamChange> {
  let reset: 'stream_remade' | 'events_missing' | undefined;
  while (!signal.aborted && !connection.isClosed()) {
    const snapshot = await snapshotOf(connection, pattern, places, signal, reset === undefined);
    if (snapshot === undefined) return;
    if (reset !== undefined) yield { kind: 'reset', reason: reset };
    for (const state of snapshot.states) yield { kind: 'state', state };
    yield { kind: 'synced' };
    reset = yield* eventsAfter(connection, pattern, places, signal, snapshot);
    if (reset === undefined) return;
  }
}

/**
 * Takes a snapshot, however long that takes. The first one may fail, when the stream is missing or no server answers
 * for a while.
 */
async function snapshotOf(
  connection: NatsConnection,
  pattern: StreamPattern,
  places: WatchPlaces,
  signal: AbortSignal,
  first: boolean,
): Promise<Snapshot | undefined> {
  const answerTimeout = consumerTimeout();
  const startMs = performance.now();
  for (let waitMs = FIRST_PAUSE_MS; ; waitMs = Math.min(waitMs * 2, LAST_PAUSE_MS)) {
    try {
      return await takeSnapshot(connection, pattern, places, answerTimeout);
    } catch (error) {
      if (signal.aborted || connection.isClosed()) return undefined;
      const { code } = error as { code?: string };
      const isLong = performance.now() - startMs > BEGIN_WITHIN_MS;
      if (first && (code === 'ERR_EVENTS_STREAM_MISSING' || isLong)) throw error;
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Events behind a snapshot. @returns why another one is needed, `undefined` when the watcher has ended */
async function* eventsAfter(
  connection: NatsConnection,
  pattern: StreamPattern,
  places: WatchPlaces,
  signal: AbortSignal,
  { created, position, states }: Snapshot,
): AsyncGenerator<StreamChange, 'stream_remade' | 'events_missing' | undefined> {
  /** The last `seq` that was given, by stream id. */
  const told = new Map<string, number>(states.map(({ streamId, seq }) => [streamId, seq]));
  const reading = { stream: places.stream, filter: pattern.filter, from: { sequence: position + 1 }, created, signal };
  for await (const item of readItems(connection, reading)) {
    if (item.kind === 'remade') return 'stream_remade';
    const event = JSON.parse(textOf(item.delivery)) as AnySluiceEvent;
    const { app = '', name = '' } = (event.data ?? {}) as { app?: string; name?: string };
    if (!pattern.matches(app, name)) continue;
    const counted = countedSequence(item.delivery.subject);
    if (counted !== undefined) {
      const before = told.get(event.streamid);
      const sequence = sequenceOf(event);
      const isStart = event.type === 'io.sluice.stream.started';
      // The stream was over before, or the state is ahead of this event.
      if (before === undefined ? !isStart : sequence <= before) continue;
      if (sequence !== (before ?? 0) + 1) return 'events_missing';
      if (counted === Number.POSITIVE_INFINITY) told.delete(event.streamid);
      else told.set(event.streamid, sequence);
    }
    yield { kind: 'event', event };
  }
  return undefined;
}
