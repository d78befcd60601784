import type { Epoch } from '../model/epoch.js';
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
import type { MovedRecord } from './journal/record.js';
import { parseStreamSubject, type StreamSubject, sequenceIn } from './subjects.js';

/** The known facts of an open stream: enough to end it without the process that started it. */
export interface OpenStream {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  connectionId: string;
  nodeId: string;
  bootId: string;
  readonly startedMs: number;
  readyMs?: number;
  /** `sequence` of its newest event. */
  seq: number;
  state: StreamState['state'];
  tracks: readonly Track[];
  labels?: Readonly<Record<string, string>> | undefined;
  readonly encoder?: string;
  readonly transport: TransportName;
  readonly urls?: StreamUrls;
  /** Of the claim by which its node has the name; undefined where nodes are no cluster. */
  epoch?: Epoch;
  /** Whether its events go to the bus. */
  readonly bus: boolean;
  /** What it had carried when it was moved; undefined unless it is not known which node has it. */
  totals?: Totals;
  /** Journal position of the newest record that has all of this. Not stored. */
  anchor: number;
}

/** The members that say which stream it is and where, in the order in which they are written. */
function idsOf({ streamId, app, name, connectionId, nodeId, bootId }: OpenStream) {
  return { streamId, app, name, connectionId, nodeId, bootId };
}

/** The state that the KV bucket shows for a stream. */
export function stateOf(stream: OpenStream): StreamState {
  return {
    ...idsOf(stream),
    state: stream.state,
    seq: stream.seq,
    startedAt: new Date(stream.startedMs).toISOString(),
    ...(stream.readyMs === undefined ? {} : { readyAt: new Date(stream.readyMs).toISOString() }),
    transport: stream.transport,
    ...(stream.encoder === undefined ? {} : { encoder: stream.encoder }),
    ...(stream.labels === undefined ? {} : { labels: stream.labels }),
    tracks: stream.tracks,
    ...(stream.urls === undefined ? {} : { urls: stream.urls }),
    ...toldEpoch(stream.epoch),
  };
}

/** An epoch as events and states tell it: the revision, and of which registry. */
export function toldEpoch(epoch: Epoch | undefined): { epoch?: number; registry?: string } {
  return epoch === undefined ? {} : { epoch: epoch.revision, registry: epoch.registry };
}

/** The epoch in what {@link toldEpoch} made. */
function epochIn({ epoch, registry }: { readonly epoch?: number; readonly registry?: string }): { epoch?: Epoch } {
  return epoch === undefined ? {} : { epoch: { registry: registry ?? '', revision: epoch } };
}

/** The stream that a value of the KV bucket shows. */
export function openStreamOf(state: StreamState): OpenStream {
  const { startedAt, readyAt, epoch, registry, ...facts } = state;
  return {
    ...facts,
    ...epochIn({ ...(epoch === undefined ? {} : { epoch }), ...(registry === undefined ? {} : { registry }) }),
    startedMs: Date.parse(startedAt),
    ...(readyAt === undefined ? {} : { readyMs: Date.parse(readyAt) }),
    bus: true,
    anchor: 0,
  };
}

/** Facts of an end that another process tells. */
interface LateEnd {
  readonly reason: 'node_restart' | 'node_lost';
  /** Last sign of life, milliseconds since the epoch. */
  readonly endedMs: number;
  readonly totals: Totals | undefined;
}

/** Facts of an end that the stream's own process tells. Bytes and counts since the start. */
export interface EndFacts extends Totals {
  readonly reason: EndReason;
  readonly detail?: string;
  readonly tracks?: readonly Track[];
}

/** Members that every end has. */
function endCore(
  stream: OpenStream,
  endedMs: number,
): Omit<StreamEnded, keyof Totals | 'reason' | 'durationMs' | 'totals'> {
  return {
    ...idsOf(stream),
    startedAt: new Date(stream.startedMs).toISOString(),
    ...(stream.readyMs === undefined ? {} : { readyAt: new Date(stream.readyMs).toISOString() }),
    endedAt: new Date(endedMs).toISOString(),
    tracks: stream.tracks,
    ...(stream.labels === undefined ? {} : { labels: stream.labels }),
  };
}

/** `data` of the `stream.ended` that the stream's own process tells. `durationMs` comes from the monotonic clock. */
export function exactEnd(stream: OpenStream, d: EndFacts, endedMs: number, durationMs: number): StreamEnded {
  const { reason } = d;
  return {
    ...endCore(stream, endedMs),
    reason,
    ...clipped('detail', d.detail),
    durationMs: Math.max(0, Math.round(durationMs)),
    ...totalsOf(d),
    tracks: d.tracks === undefined ? stream.tracks : clipTracks(d.tracks),
    totals: 'exact',
  };
}

/** Totals of a stream that carried nothing, or of which nothing is known. */
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

/** `data` of the `stream.ended` of a stream whose process is gone. */
export function lateEnd(stream: OpenStream, end: LateEnd): StreamEnded {
  const endedMs = Math.max(end.endedMs, stream.startedMs);
  return {
    ...endCore(stream, endedMs),
    reason: end.reason,
    durationMs: endedMs - stream.startedMs,
    ...totalsOf(end.totals ?? NOTHING),
    totals: 'last_known',
  };
}

/**
 * Rebuilds open streams from their events, in journal order. It is used at start, and by the reaper for the events of a
 * lost node in JetStream.
 */
export class OpenStreams {
  readonly open = new Map<string, OpenStream>();
  /**
   * Streams that were being moved to another node or from it when the process ended: the registry of names knows who
   * has them. They are not among the open ones.
   */
  readonly undecided = new Map<string, OpenStream>();

  /**
   * @param subject NATS subject of the event: it has stream, type and sequence, so the JSON need not be parsed
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
    if (verb === 'ended') {
      this.open.delete(streamId);
      this.undecided.delete(streamId);
      return;
    }
    if (verb === 'resumed') this.#arrived(streamId);
    const stream = this.open.get(streamId);
    if (stream === undefined) return;
    stream.seq = sequenceIn(parts) ?? stream.seq;
    if (verb === 'suspended') stream.state = 'suspended';
    if (verb !== 'ready' && verb !== 'updated' && verb !== 'resumed') return;
    const event = JSON.parse(json.toString('utf8')) as SluiceEvent;
    if (verb === 'resumed') {
      stream.state = stream.readyMs === undefined ? 'live' : 'ready';
      const data = event.data as StreamResumed;
      for (const key of ['connectionId', 'nodeId', 'bootId'] as const) stream[key] = data[key];
      Object.assign(stream, epochIn(data));
      return;
    }
    if (verb === 'ready') {
      stream.readyMs = Date.parse(event.time);
      stream.state = 'ready';
      stream.tracks = (event.data as StreamReady).tracks;
    } else {
      stream.tracks = tracksAfter(event.data as StreamUpdated) ?? stream.tracks;
    }
  }

  /** Adopts the copy of a stream that was carried forward; newer than any event before it. */
  carry(position: number, json: Buffer): void {
    const stream = JSON.parse(json.toString('utf8')) as Omit<OpenStream, 'anchor'>;
    const { streamId } = stream;
    const known = this.open.get(streamId);
    if (known !== undefined && known.seq > stream.seq) return;
    this.open.delete(streamId);
    this.undecided.delete(streamId);
    (stream.totals === undefined ? this.open : this.undecided).set(streamId, { ...stream, anchor: position });
  }

  /** A stream has left the node. */
  moved(json: Buffer): void {
    const { streamId, to, totals } = JSON.parse(json.toString('utf8')) as MovedRecord;
    const stream = this.open.get(streamId);
    this.open.delete(streamId);
    if (to === undefined) this.undecided.delete(streamId);
    else if (stream !== undefined) this.undecided.set(streamId, { ...stream, totals: totals ?? NOTHING });
  }

  /** A stream that was being moved to this node is open here. */
  #arrived(streamId: string): void {
    const stream = this.undecided.get(streamId);
    if (stream === undefined) return;
    const { totals: _totals, ...open } = stream;
    this.undecided.delete(streamId);
    this.open.set(streamId, open);
  }

  #count(parts: StreamSubject): void {
    const stream = this.open.get(parts.streamId);
    if (stream !== undefined) stream.seq = sequenceIn(parts) ?? stream.seq;
  }
}

/** The track list of a `stream.updated`, when it is about tracks. */
function tracksAfter({ after }: Pick<StreamUpdated, 'after'>): readonly Track[] | undefined {
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
    ...epochIn(data),
    bus,
    anchor: position,
  };
}
