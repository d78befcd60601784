import type { TransportName } from '../model/peer.js';
import type { EndReason } from '../model/reasons.js';
import type { StreamUrls } from '../model/stream-urls.js';
import type { Totals } from '../model/totals.js';
import type { Track } from '../model/track.js';
import { clipped, clipTracks } from './clip.js';
import {
  type SluiceEvent,
  type StreamEnded,
  type StreamReady,
  type StreamResumed,
  type StreamStarted,
  type StreamState,
  type StreamUpdated,
  sequenceOf,
} from './event-types.js';
import { parseStreamSubject, type StreamSubject, sequenceIn } from './subjects.js';

/** What is known of an open session: enough to end it without the process that started it. */
export interface OpenStream {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  connectionId: string;
  readonly nodeId: string;
  readonly bootId: string;
  readonly startedMs: number;
  readyMs?: number;
  /** `sequence` of its newest event. */
  seq: number;
  state: StreamState['state'];
  tracks: readonly Track[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly encoder?: string;
  readonly transport: TransportName;
  readonly urls?: StreamUrls;
  /** Whether its events go to the bus. */
  readonly bus: boolean;
  /** Journal position of the newest record that tells all of this. Not stored. */
  anchor: number;
}

/** The state that the KV bucket shows for a session. */
export function stateOf(session: OpenStream): StreamState {
  return {
    streamId: session.streamId,
    app: session.app,
    name: session.name,
    connectionId: session.connectionId,
    nodeId: session.nodeId,
    bootId: session.bootId,
    state: session.state,
    seq: session.seq,
    startedAt: new Date(session.startedMs).toISOString(),
    ...(session.readyMs === undefined ? {} : { readyAt: new Date(session.readyMs).toISOString() }),
    transport: session.transport,
    ...(session.encoder === undefined ? {} : { encoder: session.encoder }),
    ...(session.labels === undefined ? {} : { labels: session.labels }),
    tracks: session.tracks,
    ...(session.urls === undefined ? {} : { urls: session.urls }),
  };
}

/** The session that a value of the KV bucket shows. */
export function sessionOf(state: StreamState): OpenStream {
  const { startedAt, readyAt, ...facts } = state;
  return {
    ...facts,
    startedMs: Date.parse(startedAt),
    ...(readyAt === undefined ? {} : { readyMs: Date.parse(readyAt) }),
    bus: true,
    anchor: 0,
  };
}

/** Facts of an end that someone other than the session's own process tells. */
export interface LateEnd {
  readonly reason: 'node_restart' | 'node_lost';
  /** Last sign of life, milliseconds since the epoch. */
  readonly endedMs: number;
  readonly totals: Totals | undefined;
}

/** What a session's own process reports at its end. Bytes and counts since the start. */
export interface EndFacts extends Totals {
  readonly reason: EndReason;
  readonly detail?: string;
  readonly tracks?: readonly Track[];
}

/** Members that every end tells of its session. */
function endCore(
  session: OpenStream,
  endedMs: number,
): Omit<StreamEnded, keyof Totals | 'reason' | 'durationMs' | 'totals'> {
  return {
    streamId: session.streamId,
    app: session.app,
    name: session.name,
    connectionId: session.connectionId,
    nodeId: session.nodeId,
    bootId: session.bootId,
    startedAt: new Date(session.startedMs).toISOString(),
    ...(session.readyMs === undefined ? {} : { readyAt: new Date(session.readyMs).toISOString() }),
    endedAt: new Date(endedMs).toISOString(),
    tracks: session.tracks,
    ...(session.labels === undefined ? {} : { labels: session.labels }),
  };
}

/** `data` of the `stream.ended` that the session's own process tells. `durationMs` comes from the monotonic clock. */
export function exactEnd(session: OpenStream, d: EndFacts, endedMs: number, durationMs: number): StreamEnded {
  const { reason } = d;
  return {
    ...endCore(session, endedMs),
    reason,
    ...clipped('detail', d.detail),
    durationMs: Math.max(0, Math.round(durationMs)),
    ...totalsOf(d),
    tracks: d.tracks === undefined ? session.tracks : clipTracks(d.tracks),
    totals: 'exact',
  };
}

/** Totals of a session that carried nothing, or of which nothing is known. */
export const NOTHING: Totals = {
  bytes: 0,
  payloadBytes: 0,
  wireBytes: 0,
  audioFrames: 0,
  videoFrames: 0,
  drops: 0,
  heldMs: 0,
};

/** The members of {@link Totals} alone, as far as they are there: a record of an older version has fewer. */
function totalsOf(from: Totals): Totals {
  const { bytes, payloadBytes, wireBytes, audioFrames, videoFrames, drops, heldMs, timestampJumps } = from;
  return {
    bytes,
    ...(payloadBytes === undefined ? {} : { payloadBytes }),
    ...(wireBytes === undefined ? {} : { wireBytes }),
    audioFrames,
    videoFrames,
    drops,
    ...(heldMs === undefined ? {} : { heldMs }),
    ...(timestampJumps === undefined ? {} : { timestampJumps }),
  };
}

/** `data` of the `stream.ended` of a session whose process is gone. */
export function lateEnd(session: OpenStream, end: LateEnd): StreamEnded {
  const endedMs = Math.max(end.endedMs, session.startedMs);
  return {
    ...endCore(session, endedMs),
    reason: end.reason,
    durationMs: endedMs - session.startedMs,
    ...totalsOf(end.totals ?? NOTHING),
    totals: 'last_known',
  };
}

/**
 * Rebuilds open sessions from their events, in journal order. Used at start, and by the reaper on what JetStream holds of a lost
 * node's sessions.
 */
export class OpenStreams {
  readonly open = new Map<string, OpenStream>();

  /**
   * @param subject NATS subject of the event: names stream, type and sequence without a look into the JSON
   * @param bus whether the writing process had a bus
   */
  apply(position: number, subject: string, json: Buffer, bus: boolean): void {
    const parts = parseStreamSubject(subject);
    if (parts === undefined) return;
    const { streamId, entity, verb } = parts;
    if (entity === 'play') this.#count(parts);
    if (entity !== 'stream') return;
    if (verb === 'started') {
      const event = JSON.parse(json.toString('utf8')) as SluiceEvent<'io.sluice.stream.started'>;
      this.open.set(streamId, started(event, position, bus));
      return;
    }
    const session = this.open.get(streamId);
    if (session === undefined) return;
    if (verb === 'ended') {
      this.open.delete(streamId);
      return;
    }
    session.seq = sequenceIn(parts) ?? session.seq;
    if (verb === 'suspended') session.state = 'suspended';
    if (verb !== 'ready' && verb !== 'updated' && verb !== 'resumed') return;
    const event = JSON.parse(json.toString('utf8')) as SluiceEvent;
    if (verb === 'resumed') {
      session.state = session.readyMs === undefined ? 'live' : 'ready';
      session.connectionId = (event.data as StreamResumed).connectionId;
      return;
    }
    if (verb === 'ready') {
      session.readyMs = Date.parse(event.time);
      session.state = 'ready';
      session.tracks = (event.data as StreamReady).tracks;
    } else {
      session.tracks = tracksAfter(event.data as StreamUpdated) ?? session.tracks;
    }
  }

  /** Adopts the copy of a session that was carried forward; newer than any event before it. */
  carry(position: number, json: Buffer): void {
    const session = JSON.parse(json.toString('utf8')) as Omit<OpenStream, 'anchor'>;
    const known = this.open.get(session.streamId);
    if (known === undefined || known.seq <= session.seq)
      this.open.set(session.streamId, { ...session, anchor: position });
  }

  #count(parts: StreamSubject): void {
    const session = this.open.get(parts.streamId);
    if (session !== undefined) session.seq = sequenceIn(parts) ?? session.seq;
  }
}

/** The track list of a `stream.updated`, when it is about tracks. */
export function tracksAfter({ after }: Pick<StreamUpdated, 'after'>): readonly Track[] | undefined {
  return Array.isArray(after.tracks) ? after.tracks : undefined;
}

function started(event: SluiceEvent<'io.sluice.stream.started'>, position: number, bus: boolean): OpenStream {
  const data: StreamStarted = event.data;
  return {
    streamId: data.streamId,
    app: data.app,
    name: data.name,
    connectionId: data.connectionId,
    nodeId: data.nodeId,
    bootId: data.bootId,
    startedMs: Date.parse(event.time),
    seq: sequenceOf(event),
    state: 'live',
    tracks: [],
    ...(data.labels === undefined ? {} : { labels: data.labels }),
    ...(data.encoder === undefined ? {} : { encoder: data.encoder }),
    transport: data.transport,
    ...(data.urls === undefined ? {} : { urls: data.urls }),
    bus,
    anchor: position,
  };
}
