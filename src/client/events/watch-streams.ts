import { type NodeState, type SluiceEvent, type StreamState, sequenceOf } from '../../events/event-types.js';
import { type NatsConnection, readStream } from '../../events/nats.js';
import type { StreamPattern } from './pattern.js';

/** What a watcher is told: first one `state` per live stream, then `synced` once, then an `event` for each change. */
export type StreamChange =
  | { readonly kind: 'state'; readonly state: StreamState }
  | { readonly kind: 'synced' }
  | { readonly kind: 'event'; readonly event: SluiceEvent };

/** Where a watcher reads. */
export interface WatchPlaces {
  readonly stream: string;
  readonly streamsBucket: string;
  readonly nodesBucket: string;
}

/** The bucket follows the events within moments; this much more is read again. */
const OVERLAP_MS = 30_000;
const MAX_LAG_MS = 600_000;

/**
 * The live state, then every event after it, without a gap and without a double, however busy the streams are.
 *
 * The state of a stream says which event it includes (`seq`). Events are read again from a time before the state was read, so none
 * is missed; those that the state includes are passed over, and so are the last events of streams that had gone from the state.
 *
 * @param signal ends the iteration
 */
export async function* watchStreams(
  connection: NatsConnection,
  pattern: StreamPattern,
  places: WatchPlaces,
  signal: AbortSignal,
): AsyncGenerator<StreamChange> {
  const info = await (await connection.jetstreamManager()).streams.info(places.stream);
  const newestMs = Date.parse(info.state.last_ts) || Date.now();
  const fromMs = Math.min(newestMs, Date.now()) - OVERLAP_MS - (await longestLagMs(connection, places.nodesBucket));
  /** `seq` included so far, by stream id. */
  const included = new Map<string, number>();
  for (const state of await values<StreamState>(connection, places.streamsBucket)) {
    if (!pattern.matches(state.app, state.name)) continue;
    included.set(state.streamId, state.seq);
    yield { kind: 'state', state };
  }
  yield { kind: 'synced' };
  const from = info.state.messages === 0 ? 'all' : ({ timeMs: fromMs } as const);
  for await (const message of readStream(connection, { stream: places.stream, filter: pattern.filter, from, signal })) {
    const event = message.json<SluiceEvent>();
    const data = event.data as { app?: string; name?: string };
    if (!pattern.matches(data.app ?? '', data.name ?? '')) continue;
    const refused = event.type === 'io.sluice.stream.rejected';
    const seq = included.get(event.streamid);
    if (!refused && seq === undefined && event.type !== 'io.sluice.stream.started') continue;
    if (!refused && seq !== undefined && sequenceOf(event) <= seq) continue;
    if (event.type === 'io.sluice.stream.ended') included.delete(event.streamid);
    else if (!refused) included.set(event.streamid, sequenceOf(event));
    yield { kind: 'event', event };
  }
}

/** How far behind the events any living node's state is. */
async function longestLagMs(connection: NatsConnection, bucket: string): Promise<number> {
  let lagMs = 0;
  for (const node of await values<NodeState>(connection, bucket)) {
    if (node.state === 'lost') continue;
    const silentMs = Math.max(0, Date.now() - Date.parse(node.time));
    if (silentMs < MAX_LAG_MS) lagMs = Math.max(lagMs, silentMs + node.stateLagMs);
  }
  return Math.min(lagMs, MAX_LAG_MS);
}

/** Every value of a bucket; none when the bucket is not there yet. */
async function values<T>(connection: NatsConnection, bucket: string): Promise<T[]> {
  const manager = await connection.jetstreamManager();
  const stream = `KV_${bucket}`;
  const info = await manager.streams.info(stream, { subjects_filter: '>' }).catch(() => undefined);
  const out: T[] = [];
  for (const subject of Object.keys(info?.state.subjects ?? {})) {
    const message = await manager.streams.getMessage(stream, { last_by_subj: subject }).catch(() => undefined);
    if (message === undefined || message.data.length === 0) continue;
    out.push(JSON.parse(new TextDecoder().decode(message.data)) as T);
  }
  return out;
}
