import { peerShape, transportShape } from '../../model/peer.js';
import { count, type JsonSchema, named, object, quantity, text, time, ulid } from '../../model/shape.js';
import { urlsShape } from '../../model/stream-urls.js';
import { TOTALS } from '../../model/totals.js';
import { DEFAULT_PREFIX } from '../subjects.js';
import { flag, streamRef } from './data.js';

const node = { nodeId: text(128), bootId: ulid };
/** `urls`: where the name can be published; missing in signals of older versions. */
const wish = object({ app: text(), name: text(), ...node, time }, { urls: urlsShape });
const sharedObject = object({
  app: text(),
  name: text(),
  isPersistent: flag,
  version: count,
  slots: count,
  bytes: count,
  users: count,
  changes: count,
  sends: count,
  ...node,
  time,
});

/** A message on core NATS that is not stored: plain JSON, no CloudEvent. */
interface Signal {
  /** Subject, with AsyncAPI parameters for the tokens that vary. */
  readonly address: string;
  /** What it means, in one sentence. */
  readonly says: string;
  readonly schema: JsonSchema;
}

/** Every signal that a node sends, by the name of its schema's file. */
export const SIGNALS: Readonly<Record<string, Signal>> = {
  'signal.tel': {
    address: `${DEFAULT_PREFIX}.tel.{app}.{name}.{streamId}`,
    says: 'Measured figures of a stream, every five seconds.',
    schema: object(
      {
        ...streamRef,
        totals: named('Totals', object(TOTALS)),
        kbpsIn: quantity,
        kbpsOut: quantity,
        fps: quantity,
        players: count,
        time,
      },
      { gopMs: quantity },
    ),
  },
  'signal.conn.opened': {
    address: `${DEFAULT_PREFIX}.conn.{nodeId}.{connectionId}.opened`,
    says: 'A connection was accepted.',
    schema: object({ connectionId: text(64), ...node, peer: peerShape, transport: transportShape, time }),
  },
  'signal.conn.rejected': {
    address: `${DEFAULT_PREFIX}.conn.{nodeId}.{connectionId}.rejected`,
    says: 'A connection was refused before its first byte.',
    schema: object({ connectionId: text(64), ...node, peer: peerShape, code: text(128), time }),
  },
  'signal.conn.closed': {
    address: `${DEFAULT_PREFIX}.conn.{nodeId}.{connectionId}.closed`,
    says: 'A connection is over.',
    schema: object({ connectionId: text(64), ...node, peer: peerShape, code: text(128), time }, { detail: text(2048) }),
  },
  'signal.ring.joined': {
    address: `${DEFAULT_PREFIX}.ring.{nodeId}.{bootId}.joined`,
    says: 'A process has written a heartbeat to SLUICE_NODES for the first time, or again.',
    schema: object({ ...node, time }),
  },
  'signal.ring.left': {
    address: `${DEFAULT_PREFIX}.ring.{nodeId}.{bootId}.left`,
    says: 'The heartbeat of a process was removed: it has stopped, or was lost and its streams are ended.',
    schema: object({ ...node, time }),
  },
  'signal.want.wanted': {
    address: `${DEFAULT_PREFIX}.want.{app}.{name}.wanted`,
    says: 'A player of this node waits for a name that nobody publishes.',
    schema: wish,
  },
  'signal.want.unwanted': {
    address: `${DEFAULT_PREFIX}.want.{app}.{name}.unwanted`,
    says: 'The name is published, or nobody waits for it any more.',
    schema: wish,
  },
  'signal.so.created': {
    address: `${DEFAULT_PREFIX}.so.{app}.{name}.created`,
    says: 'A client uses a shared object that nobody used, and that had no file.',
    schema: sharedObject,
  },
  'signal.so.changed': {
    address: `${DEFAULT_PREFIX}.so.{app}.{name}.changed`,
    says: 'Slots of a shared object were set or removed, or messages were sent; told once a second at most.',
    schema: sharedObject,
  },
  'signal.so.released': {
    address: `${DEFAULT_PREFIX}.so.{app}.{name}.released`,
    says: 'Nobody uses a shared object any more; a volatile one is gone.',
    schema: sharedObject,
  },
};
