import type { TokenBucket } from '../core/token-bucket.js';
import type { CopyEvents } from '../events/copy-events.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { StreamLimits } from '../model/grant.js';
import type { RelayedAudience } from './relayed-audience.js';

/** Tells of the plays of a stream: the lifecycle of a stream of this node, or the relay of a copy. */
export type PlayTeller = Pick<Lifecycle | CopyEvents, 'playStarted' | 'playEnded'>;

/** A live stream as its players know it: one of this node, or the copy of another node's. */
export interface PlayedStream {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  readonly limits: StreamLimits;
  /** Number of its plays here, those of other nodes included. */
  audience: number;
  /** Plays of other nodes; undefined: they do not fetch it from here. */
  readonly relays?: RelayedAudience;
  /** Bounds its plays that are told. */
  readonly tellablePlays: TokenBucket;
  readonly teller: PlayTeller;
  /** Whether it has players may have changed. @param address of the player that came or left */
  tellAudience(address: string, nowMs: number): void;
}
