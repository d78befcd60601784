import type { EventType } from '../event-types.js';
import { type JsonSchema, named, object, shapes, streamRef } from './common.js';

const { text, count, milliseconds, time, ulid, peer, labels, transport, tracks, endReason, urls } = shapes;

const gap = object(
  { ...streamRef, trackId: count, kind: { enum: ['audio', 'video'] }, gapMs: milliseconds },
  { cause: text() },
);
const change = named('ChangedFacts', object({}, { tracks, metadata: shapes.metadata }));
const audience = object({ ...streamRef, players: count });
const node = object({ nodeId: text(128), bootId: ulid }, { version: text(64), detail: text() });
const totals = { bytes: count, audioFrames: count, videoFrames: count, drops: count };

/** What each event type means, in one sentence, and the schema of its `data`. */
export const DATA_SCHEMAS: Readonly<Record<EventType, { readonly says: string; readonly data: JsonSchema }>> = {
  'io.sluice.stream.started': {
    says: 'A publish was authorised and won its name.',
    data: object(
      { ...streamRef, peer, transport },
      { encoder: text(), tcUrl: text(), labels, principal: text(256), keyFingerprint: text(16), urls },
    ),
  },
  'io.sluice.stream.ready': {
    says: 'Sequence headers and the first keyframe were seen; jobs start here.',
    data: object(
      { ...streamRef, tracks, timeToReadyMs: milliseconds },
      {
        gopMs: milliseconds,
        missing: { type: 'array', items: { enum: ['audio', 'video'] }, maxItems: 2 },
        urls,
      },
    ),
  },
  'io.sluice.stream.updated': {
    says: 'Codec, resolution, track set or metadata changed in mid-stream.',
    data: object({ ...streamRef, before: change, after: change }),
  },
  'io.sluice.stream.stalled': { says: 'A track has had no frames for a while.', data: gap },
  'io.sluice.stream.recovered': { says: 'A stalled track has frames again.', data: gap },
  'io.sluice.stream.suspended': {
    says: 'The connection went; the session is held for the resume window.',
    data: object({ ...streamRef, resumeWindowMs: milliseconds }, { cause: text() }),
  },
  'io.sluice.stream.resumed': {
    says: 'The same principal came back; the session goes on under the same stream id.',
    data: object({ ...streamRef, peer, gapMs: milliseconds }),
  },
  'io.sluice.stream.taken_over': {
    says: 'The conflict policy let a newer publisher in.',
    data: object({ ...streamRef, byStreamId: ulid }),
  },
  'io.sluice.stream.ended': {
    says: 'The publish session is over. Exactly once per stream id, also after a crash.',
    data: object(
      {
        ...streamRef,
        ...totals,
        reason: endReason,
        startedAt: time,
        endedAt: time,
        durationMs: milliseconds,
        tracks,
        totals: { enum: ['exact', 'last_known'] },
      },
      {
        detail: text(),
        readyAt: time,
        labels,
        timestampJumps: count,
        payloadBytes: count,
        wireBytes: count,
        heldMs: milliseconds,
      },
    ),
  },
  'io.sluice.stream.rejected': {
    says: 'A publish attempt was refused; no end follows.',
    data: object({
      attemptId: ulid,
      app: text(),
      name: text(),
      connectionId: text(64),
      nodeId: text(128),
      bootId: ulid,
      peer,
      reason: text(),
      code: text(128),
      latencyMs: milliseconds,
    }),
  },
  'io.sluice.stream.active': { says: 'The first player came.', data: audience },
  'io.sluice.stream.idle': { says: 'The last player left.', data: audience },
  'io.sluice.stream.data': {
    says: 'Custom AMF data of the publisher, as JSON.',
    data: object(
      { ...streamRef, handler: text(128), timestamp: milliseconds, values: { type: 'array' } },
      { truncated: { type: 'boolean' } },
    ),
  },
  'io.sluice.play.started': {
    says: 'A player began to receive a stream.',
    data: object({ ...streamRef, playerId: text(64), peer }, { transport: text(32), client: text() }),
  },
  'io.sluice.play.ended': {
    says: 'A player stopped receiving a stream.',
    data: object({
      ...streamRef,
      playerId: text(64),
      bytes: count,
      drops: count,
      durationMs: milliseconds,
      reason: text(64),
    }),
  },
  'io.sluice.node.started': { says: 'A process began its work.', data: node },
  'io.sluice.node.ready': { says: 'A process accepts connections.', data: node },
  'io.sluice.node.draining': { says: 'A process accepts no more publishers and ends those it has.', data: node },
  'io.sluice.node.stopped': { says: 'A process ended in order.', data: node },
  'io.sluice.node.lost': { says: 'A process gave no sign of life for longer than its lease.', data: node },
};

/** Schema of a value in the KV bucket `SLUICE_STREAMS`. */
export const STREAM_STATE_SCHEMA: JsonSchema = object(
  {
    ...streamRef,
    state: { enum: ['live', 'ready', 'suspended'] },
    seq: { type: 'integer', minimum: 1 },
    startedAt: time,
    transport,
    tracks,
  },
  { readyAt: time, encoder: text(), labels, urls },
);

/** Schema of a value in the KV bucket `SLUICE_NODES`. */
export const NODE_STATE_SCHEMA: JsonSchema = object({
  nodeId: text(128),
  bootId: ulid,
  state: { enum: ['up', 'draining', 'lost'] },
  time,
  leaseMs: milliseconds,
  streams: count,
  stateLagMs: milliseconds,
});
