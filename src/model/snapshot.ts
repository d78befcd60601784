import type { Labels, StreamLimits } from './grant.js';
import type { Peer, TransportName } from './peer.js';
import { oneOf, type TypeOf } from './shape.js';
import type { Track } from './track.js';

/** The shape of a {@link LiveState}. */
export const liveStateShape = oneOf(['live', 'ready', 'suspended']);

/**
 * `live`: accepted; `ready`: sequence headers and the first keyframe were seen; `suspended`: its publisher may come
 * back.
 */
type LiveState = TypeOf<typeof liveStateShape>;

/** A live stream as `/v1/streams` shows it. Counters run from the start of the publish. */
export interface StreamSnapshot {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  readonly state: LiveState;
  readonly connectionId: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** ISO 8601. */
  readonly readyAt?: string | undefined;
  readonly peer: Peer;
  /** How its publisher's bytes arrive. */
  readonly transport: TransportName;
  readonly encoder?: string | undefined;
  /** As a responder named it, or `key:` and the key's fingerprint. Missing: nobody knows who it is. */
  readonly principal?: string | undefined;
  /** Of the credentials that it was published with. */
  readonly keyFingerprint?: string | undefined;
  readonly labels?: Labels | undefined;
  readonly limits?: StreamLimits | undefined;
  readonly tracks: readonly Track[];
  /** Players of this node. */
  readonly players: number;
  /** Players of other nodes that fetch it from this one, as those tell; missing where none does. */
  readonly playersElsewhere?: number | undefined;
  /** Bytes of media received, as framed for players. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly videoFrames: number;
  readonly audioFrames: number;
  readonly drops: number;
  readonly kbpsIn: number;
}
