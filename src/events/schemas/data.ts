import { jobRunShape } from '../../model/job.js';
import { metadataShape } from '../../model/metadata.js';
import { peerShape, transportShape } from '../../model/peer.js';
import { endReasonShape } from '../../model/reasons.js';
import { recordEndReasonShape } from '../../model/recording.js';
import { relayDirectionShape, relayEndReasonShape } from '../../model/relay.js';
import {
  count,
  integer,
  listOf,
  type Members,
  named,
  object,
  oneOf,
  quantity,
  type Shape,
  type Shapes,
  type TypeOf,
  text,
  time,
  ulid,
} from '../../model/shape.js';
import { liveStateShape } from '../../model/snapshot.js';
import { urlsShape } from '../../model/stream-urls.js';
import { LATER_TOTALS, TOTALS } from '../../model/totals.js';
import { mediaKindShape, trackShape } from '../../model/track.js';

// The data of every event and state, once: the schemas are written from these shapes, and event-types.ts names their
// types.

/** The members that name a stream and the node that carries it. */
export const streamRef = {
  streamId: ulid,
  app: text(),
  name: text(),
  connectionId: text(64),
  nodeId: text(128),
  bootId: ulid,
};

/** Present in the `data` of every event that belongs to a stream. */
export interface StreamRef extends Members<typeof streamRef> {}

/** The data of an event that belongs to a stream: what names the stream, and members of its own. */
export type OfStream<R extends Shapes, O extends Shapes> = StreamRef & Members<R, O>;

function streamShape<R extends Shapes, O extends Shapes = Record<never, never>>(
  required: R,
  optional?: O,
): Shape<OfStream<R, O>> {
  return object({ ...streamRef, ...required }, optional) as Shape<OfStream<R, O>>;
}

const labels: Shape<Readonly<Record<string, string>>> = named('Labels', {
  type: 'object',
  additionalProperties: text(256),
  maxProperties: 32,
});

const tracks = listOf(trackShape, 64);

/** The claim by which a node has the name, where nodes are a cluster: its revision, and when the registry was made. */
const epoch = { epoch: count, registry: time };

export const streamStarted = streamShape(
  { peer: peerShape, transport: transportShape },
  {
    encoder: text(),
    tcUrl: text(),
    labels,
    principal: text(256),
    keyFingerprint: text(16),
    /** Missing in events of older versions. */
    urls: urlsShape,
    ...epoch,
  },
);

export const streamReady = streamShape(
  { tracks, timeToReadyMs: quantity },
  {
    gopMs: quantity,
    /**
     * Kinds that the metadata promises, or that have shown themselves in part, and that did not come within
     * `publish.readyTimeoutMs`.
     */
    missing: listOf(mediaKindShape, 2),
    /** Missing in events of older versions. */
    urls: urlsShape,
  },
);

const changed = named('ChangedFacts', object({}, { tracks, metadata: metadataShape, labels }));

/** One side of a change: the track list, the metadata, the labels, whichever changed. */
export interface ChangedFacts extends TypeOf<typeof changed> {}

const changedFacts: Shape<ChangedFacts> = changed;

/** A limit that a stream is past, where that is told and not acted upon. */
const overLimit = named('OverLimit', object({ code: text(128), detail: text() }));

export const streamUpdated = streamShape(
  { before: changedFacts, after: changedFacts },
  /** Missing in events of older versions. */
  { overLimit },
);

export const streamGap = streamShape({ trackId: count, kind: mediaKindShape, gapMs: quantity }, { cause: text() });

export const streamSuspended = streamShape({ resumeWindowMs: quantity }, { cause: text() });

export const streamResumed = streamShape(
  { peer: peerShape, gapMs: quantity },
  {
    /**
     * `replaced`: its former connection was still open. `moved`: it goes on at another node. Missing when its former
     * connection had gone.
     */
    cause: text(64),
    /** The node that had it before, where the cause is `moved`. */
    fromNode: text(128),
    ...epoch,
  },
);

export const streamTakenOver = streamShape({ byStreamId: ulid });

export const streamEnded = streamShape(
  {
    ...TOTALS,
    reason: endReasonShape,
    startedAt: time,
    endedAt: time,
    /** Wall time from start to end, `heldMs` included. */
    durationMs: quantity,
    tracks,
    /** `last_known` when the node that carried the stream could not count to the end. */
    totals: oneOf(['exact', 'last_known']),
  },
  { detail: text(), readyAt: time, labels, ...LATER_TOTALS },
);

export const streamRejected = object({
  attemptId: ulid,
  app: text(),
  name: text(),
  connectionId: text(64),
  nodeId: text(128),
  bootId: ulid,
  peer: peerShape,
  reason: text(),
  code: text(128),
  latencyMs: quantity,
});

export const streamAudience = streamShape({ players: count });

const anything: Shape<readonly unknown[]> = { type: 'array' };
export const flag: Shape<boolean> = { type: 'boolean' };

export const streamData = streamShape(
  {
    handler: text(128),
    /** Media time in milliseconds. */
    timestamp: quantity,
    values: anything,
  },
  { truncated: flag },
);

export const playStarted = streamShape(
  { playerId: text(64), peer: peerShape },
  {
    transport: text(32),
    client: text(),
    /** Of a play with a ticket. */
    job: jobRunShape,
  },
);

export const playEnded = streamShape(
  { playerId: text(64), bytes: count, drops: count, durationMs: quantity, reason: text(64) },
  {
    /** Missing in events of older versions, in which `connectionId` is that of the publisher. */
    peer: peerShape,
    /** Of a play with a ticket. */
    job: jobRunShape,
  },
);

/** What names a recording. */
const recordRef = {
  recordId: ulid,
  /** Path of the file below `media.root`; the file has this name once the recording has ended. */
  file: text(1024),
  /** 1 for the first file of its stream. */
  part: count,
};

export const recordStarted = streamShape(recordRef);

export const recordEnded = streamShape(
  {
    ...recordRef,
    startedAt: time,
    endedAt: time,
    /** Size of the file; 0: there is none. */
    bytes: count,
    /** Time between the first and the last frame. */
    durationMs: quantity,
    /** How often frames were left out because the disk was too slow. */
    gaps: count,
    reason: recordEndReasonShape,
  },
  { detail: text() },
);

/** What names a relay. `url` has neither query nor key. */
const relayRef = { relayId: ulid, direction: relayDirectionShape, url: text(1024) };

/** `attempts`: connections tried since the relay began, this one included. */
export const relayStarted = streamShape(
  { ...relayRef, peer: peerShape, attempts: count },
  /** The node that has the stream, and its claim: of a `copy` only. */
  { fromNode: text(128), ...epoch },
);

export const relayFailed = streamShape({
  ...relayRef,
  attempts: count,
  code: text(64),
  detail: text(),
  /** Time until the next attempt. */
  retryInMs: quantity,
});

export const relayEnded = streamShape({
  ...relayRef,
  attempts: count,
  reason: relayEndReasonShape,
  startedAt: time,
  endedAt: time,
  /** Bytes of media that were carried, over all connections. */
  bytes: count,
  /** How often frames were left out because the other side, or this one, was too slow. */
  drops: count,
});

export const nodeEvent = object(
  { nodeId: text(128), bootId: ulid },
  {
    version: text(64),
    detail: text(),
    /** Of a node that drains: what still runs there. */
    streams: count,
    plays: count,
    relays: count,
    /** Events that wait for NATS. */
    journalPending: count,
    /** When the rest is ended and the process has stopped. */
    deadlineAt: time,
  },
);

export const nodeCommand = object({
  nodeId: text(128),
  bootId: ulid,
  verb: text(64),
  actor: text(128),
  requestId: text(128),
  target: { type: 'object' } as Shape<Readonly<Record<string, unknown>>>,
  /** `done`, `already`, or the code of the refusal. */
  result: text(64),
  latencyMs: quantity,
});

/** A value in the KV bucket `SLUICE_STREAMS`. */
export const streamState = streamShape(
  {
    state: liveStateShape,
    /** `sequence` of the last event that this state includes. */
    seq: integer(1),
    startedAt: time,
    transport: transportShape,
    tracks,
  },
  {
    readyAt: time,
    encoder: text(),
    labels,
    /** Missing where the stream was started by an older version. */
    urls: urlsShape,
    ...epoch,
  },
);

/** A value in the KV bucket `SLUICE_NODES`. */
export const nodeState = object(
  {
    nodeId: text(128),
    bootId: ulid,
    state: oneOf(['up', 'draining', 'lost']),
    /** Wall clock of the heartbeat (RFC 3339). */
    time,
    leaseMs: quantity,
    streams: count,
    /** Age in milliseconds of the oldest change that `SLUICE_STREAMS` does not show yet. */
    stateLagMs: quantity,
  },
  // Nodes of a cluster (`cluster.enabled`) tell these too.
  {
    /** Where other nodes fetch streams. */
    relay: object({ host: text(253), port: count, tls: flag }),
    zone: text(64),
    /** `busy`: the part of the last interval in which the event loop worked, 0 to 1. */
    load: object({ plays: count, kbpsIn: quantity, kbpsOut: quantity, busy: quantity }),
    /** `publish`: it takes publishers; `fetch`: it fetches streams of other nodes for its players. */
    caps: listOf(text(32), 16),
    version: text(64),
    /** Revision of the first heartbeat of this process: of two processes with one id the lower one was there first. */
    joined: count,
  },
);
