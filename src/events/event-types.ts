import type { StreamMetadata } from '../model/metadata.js';
import type { Peer, TransportName } from '../model/peer.js';
import type { EndReason } from '../model/reasons.js';
import type { LiveState } from '../model/snapshot.js';
import type { StreamUrls } from '../model/stream-urls.js';
import type { Totals } from '../model/totals.js';
import type { MediaKind, Track } from '../model/track.js';

/** Prefix of every CloudEvents `type`. */
export const TYPE_PREFIX = 'io.sluice.';

/** Present in the `data` of every event that belongs to a stream. */
export interface StreamRef {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  readonly connectionId: string;
  readonly nodeId: string;
  readonly bootId: string;
}

/** `stream.started`: authorised, and the name won. */
export interface StreamStarted extends StreamRef {
  readonly peer: Peer;
  readonly transport: TransportName;
  readonly encoder?: string;
  readonly tcUrl?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly principal?: string;
  readonly keyFingerprint?: string;
  /** Missing in events of older versions. */
  readonly urls?: StreamUrls;
}

/** `stream.ready`: sequence headers and the first keyframe were seen. */
export interface StreamReady extends StreamRef {
  readonly tracks: readonly Track[];
  readonly gopMs?: number;
  readonly timeToReadyMs: number;
  /** Kinds that the metadata promises, or that have shown themselves in part, and that did not come within `publish.readyTimeoutMs`. */
  readonly missing?: readonly MediaKind[];
  /** Missing in events of older versions. */
  readonly urls?: StreamUrls;
}

/** One side of a change: the track list, the metadata, or both, whichever changed. */
export interface ChangedFacts {
  readonly tracks?: readonly Track[];
  readonly metadata?: StreamMetadata;
}

/** `stream.updated`: codec, resolution, track set or metadata changed in mid-stream. */
export interface StreamUpdated extends StreamRef {
  readonly before: ChangedFacts;
  readonly after: ChangedFacts;
}

/** `stream.stalled` and `stream.recovered`: no frames for `gapMs`, per track. */
export interface StreamGap extends StreamRef {
  readonly trackId: number;
  readonly kind: MediaKind;
  readonly gapMs: number;
  readonly cause?: string;
}

/** `stream.suspended`: the connection went, the session is held for `resumeWindowMs`. */
export interface StreamSuspended extends StreamRef {
  readonly resumeWindowMs: number;
  readonly cause?: string;
}

/** `stream.resumed`: the same principal came back on a new connection. */
export interface StreamResumed extends StreamRef {
  readonly peer: Peer;
  readonly gapMs: number;
}

/** `stream.taken_over`: the conflict policy let a newer publisher in; `byStreamId` is the newer stream's id. */
export interface StreamTakenOver extends StreamRef {
  readonly byStreamId: string;
}

/** `stream.ended`: exactly once per `streamId`. */
export interface StreamEnded extends StreamRef, Totals {
  readonly reason: EndReason;
  readonly detail?: string;
  readonly startedAt: string;
  readonly readyAt?: string;
  readonly endedAt: string;
  /** Wall time from start to end, `heldMs` included. */
  readonly durationMs: number;
  readonly tracks: readonly Track[];
  readonly labels?: Readonly<Record<string, string>>;
  /** `last_known` when the node that carried the session could not count to the end. */
  readonly totals: 'exact' | 'last_known';
}

/** `stream.rejected`: a publish attempt was refused; never followed by `ended`. */
export interface StreamRejected {
  readonly attemptId: string;
  readonly app: string;
  readonly name: string;
  readonly connectionId: string;
  readonly nodeId: string;
  readonly bootId: string;
  readonly peer: Peer;
  readonly reason: string;
  readonly code: string;
  readonly latencyMs: number;
}

/** `stream.active` (first player came) and `stream.idle` (last player left). */
export interface StreamAudience extends StreamRef {
  readonly players: number;
}

/** `stream.data`: custom AMF data as JSON, capped in size. */
export interface StreamData extends StreamRef {
  readonly handler: string;
  /** Media time in milliseconds. */
  readonly timestamp: number;
  readonly values: readonly unknown[];
  readonly truncated?: boolean;
}

/** `play.started`. */
export interface PlayStarted extends StreamRef {
  readonly playerId: string;
  readonly peer: Peer;
  readonly transport?: string;
  readonly client?: string;
}

/** `play.ended`. */
export interface PlayEnded extends StreamRef {
  readonly playerId: string;
  readonly bytes: number;
  readonly drops: number;
  readonly durationMs: number;
  readonly reason: string;
}

/** `node.*`. */
export interface NodeEvent {
  readonly nodeId: string;
  readonly bootId: string;
  readonly version?: string;
  readonly detail?: string;
}

/** `data` by event type. */
export interface EventData {
  'io.sluice.stream.started': StreamStarted;
  'io.sluice.stream.ready': StreamReady;
  'io.sluice.stream.updated': StreamUpdated;
  'io.sluice.stream.stalled': StreamGap;
  'io.sluice.stream.recovered': StreamGap;
  'io.sluice.stream.suspended': StreamSuspended;
  'io.sluice.stream.resumed': StreamResumed;
  'io.sluice.stream.taken_over': StreamTakenOver;
  'io.sluice.stream.ended': StreamEnded;
  'io.sluice.stream.rejected': StreamRejected;
  'io.sluice.stream.active': StreamAudience;
  'io.sluice.stream.idle': StreamAudience;
  'io.sluice.stream.data': StreamData;
  'io.sluice.play.started': PlayStarted;
  'io.sluice.play.ended': PlayEnded;
  'io.sluice.node.started': NodeEvent;
  'io.sluice.node.ready': NodeEvent;
  'io.sluice.node.draining': NodeEvent;
  'io.sluice.node.stopped': NodeEvent;
  'io.sluice.node.lost': NodeEvent;
}

/** Every event type there is. */
export type EventType = keyof EventData;

/** A CloudEvents 1.0 event in structured JSON form, as stored in JetStream and in the journal. */
export interface SluiceEvent<T extends EventType = EventType> {
  readonly specversion: '1.0';
  /** `<streamId>:<seq>`, `<streamId>:end` for `stream.ended`, `<bootId>:<verb>` for node events. Unique for ever. */
  readonly id: string;
  /** `/sluice/<nodeId>/<bootId>`. */
  readonly source: string;
  readonly type: T;
  /** `<app>/<name>`, or the node id. */
  readonly subject: string;
  /** When it happened (RFC 3339), not when it was sent. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly dataschema: string;
  /** 1, 2, 3 … per stream, without gaps, as ten digits (`0000000001`), so that it sorts as text. {@link sequenceOf} reads it. */
  readonly sequence: string;
  /** The stream id; for node events the boot id. */
  readonly streamid: string;
  readonly traceparent?: string;
  readonly data: EventData[T];
}

/** An event of any type: a look at its `type` tells TypeScript what is in `data`. */
export type AnySluiceEvent = { readonly [T in EventType]: SluiceEvent<T> }[EventType];

/** The number in an event's `sequence`. Events of the first versions hold it as a number; both are read. */
export function sequenceOf(event: { readonly sequence: string | number }): number {
  return Number(event.sequence);
}

/** The state of one live stream as kept in the KV bucket `SLUICE_STREAMS` under `<app>.<name>`. */
export interface StreamState extends StreamRef {
  readonly state: LiveState;
  /** `sequence` of the last event that this state includes. */
  readonly seq: number;
  readonly startedAt: string;
  readonly readyAt?: string;
  readonly transport: TransportName;
  readonly encoder?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly tracks: readonly Track[];
  /** Missing where the stream was started by an older version. */
  readonly urls?: StreamUrls;
}

/** A node's heartbeat as kept in the KV bucket `SLUICE_NODES` under `<nodeId>.<bootId>`. */
export interface NodeState {
  readonly nodeId: string;
  readonly bootId: string;
  readonly state: 'up' | 'draining' | 'lost';
  /** Wall clock of the heartbeat (RFC 3339). */
  readonly time: string;
  readonly leaseMs: number;
  readonly streams: number;
  /** Age in milliseconds of the oldest change that `SLUICE_STREAMS` does not show yet. */
  readonly stateLagMs: number;
}
