import type { Logger } from '../../core/log.js';
import type { Door } from '../../doors/door.js';
import type { Hub } from '../../hub/hub.js';
import type { Owners } from '../../live/owners.js';
import type { Peers } from '../../live/peers.js';
import type { Epoch } from '../../model/epoch.js';
import type { NodeHello } from '../../model/node-link.js';
import type { Attempt, AttemptEvents, AttemptLimits } from '../attempt.js';
import type { StreamName } from '../target.js';
import type { NodeTarget } from './node-target.js';

/** Bounds of copies. Each is a setting, in ms. */
export interface CopyLimits {
  /** How long a copy stays after its last player. */
  readonly idleMs: number;
  /** How long players are held when the node that has the stream is lost. */
  readonly lingerMs: number;
  /** How long nothing may come, not even the answer to a ping. */
  readonly stallMs: number;
  /** How long a node may take until it plays, and how long a play waits for that. */
  readonly connectTimeoutMs: number;
  /** Bytes of a chunk, as the hub frames media. */
  readonly chunkSize: number;
}

/** A connection to another node, from its first packet to its end: an {@link Attempt}. */
export type NodeAttempt = Pick<Attempt, 'tick' | 'stop' | 'fail'>;

/** The parts with which names are copied. */
export interface CopyParts {
  readonly nowMs: () => number;
  /** Unix time in ms. */
  readonly wallMs: () => number;
  /** Begins to connect to a node, to which `hello` is said. */
  readonly dial: (target: NodeTarget, limits: AttemptLimits, hello: NodeHello, events: AttemptEvents) => NodeAttempt;
  readonly door: Door;
  readonly hub: Hub;
  readonly owners: Owners;
  readonly peers: Peers;
  /** This process. */
  readonly node: { readonly nodeId: string; readonly bootId: string };
  /** A ticket for a stream of another node. */
  readonly ticket: (to: string, of: StreamName, epoch: Epoch) => string;
  readonly limits: () => CopyLimits;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
}

/** What happens to names, for `/metrics`. */
export interface CopyCounts {
  /** A connection was lost and made again. */
  reconnects: number;
  /** Copies that have begun. */
  started: number;
  /** Bytes of copies that are over. */
  bytesPast: number;
  /** Called with the time from the wish for a stream to its first media, in ms. */
  firstMedia(ms: number): void;
}
