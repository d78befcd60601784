import type { Shape } from '../../model/shape.js';
import type { EventData, EventType } from '../event-types.js';
import * as data from './data.js';

/** What each event type means, in one sentence, and the schema of its `data`. The order is that of the contract. */
export const DATA_SCHEMAS: {
  readonly [T in EventType]: { readonly says: string; readonly data: Shape<EventData[T]> };
} = {
  'io.sluice.stream.started': { says: 'A publish was authorised and won its name.', data: data.streamStarted },
  'io.sluice.stream.ready': {
    says: 'Sequence headers and the first keyframe were seen; jobs start here.',
    data: data.streamReady,
  },
  'io.sluice.stream.updated': {
    says: 'Codec, resolution, track set or metadata changed in mid-stream.',
    data: data.streamUpdated,
  },
  'io.sluice.stream.stalled': { says: 'A track has had no frames for a while.', data: data.streamGap },
  'io.sluice.stream.recovered': { says: 'A stalled track has frames again.', data: data.streamGap },
  'io.sluice.stream.suspended': {
    says: 'The connection went; the session is held for the resume window.',
    data: data.streamSuspended,
  },
  'io.sluice.stream.resumed': {
    says: 'The same principal came back; the session goes on under the same stream id.',
    data: data.streamResumed,
  },
  'io.sluice.stream.taken_over': { says: 'The conflict policy let a newer publisher in.', data: data.streamTakenOver },
  'io.sluice.stream.ended': {
    says: 'The publish session is over. Exactly once per stream id, also after a crash.',
    data: data.streamEnded,
  },
  'io.sluice.stream.rejected': { says: 'A publish attempt was refused; no end follows.', data: data.streamRejected },
  'io.sluice.stream.active': { says: 'The first player came.', data: data.streamAudience },
  'io.sluice.stream.idle': { says: 'The last player left.', data: data.streamAudience },
  'io.sluice.stream.data': { says: 'Custom AMF data of the publisher, as JSON.', data: data.streamData },
  'io.sluice.play.started': { says: 'A player began to receive a stream.', data: data.playStarted },
  'io.sluice.play.ended': { says: 'A player stopped receiving a stream.', data: data.playEnded },
  'io.sluice.record.started': { says: 'A recording of a stream began.', data: data.recordStarted },
  'io.sluice.record.ended': {
    says: 'A recording is over and its file has its name. Once per record id, also after a crash.',
    data: data.recordEnded,
  },
  'io.sluice.relay.started': { says: 'A relay is connected, and carries its stream.', data: data.relayStarted },
  'io.sluice.relay.failed': {
    says: 'A relay could not connect, or was cut off. It tries again.',
    data: data.relayFailed,
  },
  'io.sluice.relay.ended': { says: 'A relay is over. Once per relay id.', data: data.relayEnded },
  'io.sluice.node.started': { says: 'A process began its work.', data: data.nodeEvent },
  'io.sluice.node.ready': { says: 'A process accepts connections, for the first time or again.', data: data.nodeEvent },
  'io.sluice.node.draining': {
    says: 'A process accepts nothing new; what runs may go on until `deadlineAt`. Told again while it lasts.',
    data: data.nodeEvent,
  },
  'io.sluice.node.stopped': { says: 'A process ended in order.', data: data.nodeEvent },
  'io.sluice.node.lost': { says: 'A process gave no sign of life for longer than its lease.', data: data.nodeEvent },
  'io.sluice.node.command': {
    says: 'Somebody changed something by control: who, what, and what came of it. Secrets are masked.',
    data: data.nodeCommand,
  },
};
