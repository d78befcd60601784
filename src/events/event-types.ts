import type { TypeOf } from '../model/shape.js';
import type * as data from './schemas/data.js';
import type { envelopeShape } from './schemas/envelope.js';

/** Prefix of every CloudEvents `type`. */
export const TYPE_PREFIX = 'io.sluice.';

export type { ChangedFacts, StreamRef } from './schemas/data.js';

/** `stream.started`: authorised, and the name won. */
export interface StreamStarted extends TypeOf<typeof data.streamStarted> {}

/** `stream.ready`: sequence headers and the first keyframe were seen. */
export interface StreamReady extends TypeOf<typeof data.streamReady> {}

/** `stream.updated`: codec, resolution, track set or metadata changed in mid-stream. */
export interface StreamUpdated extends TypeOf<typeof data.streamUpdated> {}

/** `stream.stalled` and `stream.recovered`: no frames for `gapMs`, per track. */
export interface StreamGap extends TypeOf<typeof data.streamGap> {}

/** `stream.suspended`: the connection went, the stream is held for `resumeWindowMs`. */
export interface StreamSuspended extends TypeOf<typeof data.streamSuspended> {}

/** `stream.resumed`: the same principal came back on a new connection. */
export interface StreamResumed extends TypeOf<typeof data.streamResumed> {}

/** `stream.taken_over`: the conflict policy let a newer publisher in; `byStreamId` is the newer stream's id. */
export interface StreamTakenOver extends TypeOf<typeof data.streamTakenOver> {}

/** `stream.ended`: exactly once per `streamId`. */
export interface StreamEnded extends TypeOf<typeof data.streamEnded> {}

/** `stream.rejected`: a publish attempt was refused; never followed by `ended`. */
export interface StreamRejected extends TypeOf<typeof data.streamRejected> {}

/** `stream.active` (first player came) and `stream.idle` (last player left). */
export interface StreamAudience extends TypeOf<typeof data.streamAudience> {}

/** `stream.data`: custom AMF data as JSON, capped in size. */
export interface StreamData extends TypeOf<typeof data.streamData> {}

/** `play.started`. */
export interface PlayStarted extends TypeOf<typeof data.playStarted> {}

/** `play.ended`. */
export interface PlayEnded extends TypeOf<typeof data.playEnded> {}

/** `record.started`: a file of a stream was begun. */
export interface RecordStarted extends TypeOf<typeof data.recordStarted> {}

/** `record.ended`: exactly once per `recordId`. */
export interface RecordEnded extends TypeOf<typeof data.recordEnded> {}

/** `relay.started`: a connection to another server carries the stream. */
export interface RelayStarted extends TypeOf<typeof data.relayStarted> {}

/** `relay.failed`: an attempt failed, or a connection was lost; another attempt follows. */
export interface RelayFailed extends TypeOf<typeof data.relayFailed> {}

/** `relay.ended`: exactly once per `relayId`, unless the process died. */
export interface RelayEnded extends TypeOf<typeof data.relayEnded> {}

/** `node.*`. */
export interface NodeEvent extends TypeOf<typeof data.nodeEvent> {}

/** `node.command`: somebody changed something by control. */
export interface NodeCommand extends TypeOf<typeof data.nodeCommand> {}

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
  'io.sluice.record.started': RecordStarted;
  'io.sluice.record.ended': RecordEnded;
  'io.sluice.relay.started': RelayStarted;
  'io.sluice.relay.failed': RelayFailed;
  'io.sluice.relay.ended': RelayEnded;
  'io.sluice.node.started': NodeEvent;
  'io.sluice.node.ready': NodeEvent;
  'io.sluice.node.draining': NodeEvent;
  'io.sluice.node.stopped': NodeEvent;
  'io.sluice.node.lost': NodeEvent;
  'io.sluice.node.command': NodeCommand;
}

/** Every event type there is. */
export type EventType = keyof EventData;

/** A CloudEvents 1.0 event in structured JSON form, as stored in JetStream and in the journal. */
export interface SluiceEvent<T extends EventType = EventType>
  extends TypeOf<ReturnType<typeof envelopeShape<T, EventData[T]>>> {}

/** An event of any type: a look at its `type` tells TypeScript what is in `data`. */
export type AnySluiceEvent = { readonly [T in EventType]: SluiceEvent<T> }[EventType];

/** The number in an event's `sequence`. Events of the first versions hold it as a number; both are read. */
export function sequenceOf(event: { readonly sequence: string | number }): number {
  return Number(event.sequence);
}

/** The state of one live stream as kept in the KV bucket `SLUICE_STREAMS` under `<app>.<name>`. */
export interface StreamState extends TypeOf<typeof data.streamState> {}

/** A node's heartbeat as kept in the KV bucket `SLUICE_NODES` under `<nodeId>.<bootId>`. */
export interface NodeState extends TypeOf<typeof data.nodeState> {}

/** What a node of a cluster tells in its heartbeat besides that it lives. */
export type NodeFacts = Pick<NodeState, 'relay' | 'zone' | 'load' | 'caps' | 'version' | 'joined'>;
