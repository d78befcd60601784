import type { TokenBucket } from '../core/token-bucket.js';
import type { CopyEvents } from '../events/copy-events.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { StreamLimits } from '../model/grant.js';

/** Tells of the plays of a stream: the lifecycle of a stream of this node, or the relay of a copy. */
export type PlayTeller = Pick<Lifecycle | CopyEvents, 'playStarted' | 'playEnded'>;

/** A live stream as its players know it: one of this node, or the copy of another node's. */
export interface PlayedStream {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  readonly limits: StreamLimits;
  /** Number of its players. */
  audience: number;
  /** Bounds its plays that are told. */
  readonly tellablePlays: TokenBucket;
  readonly teller: PlayTeller;
  /** Whether it has players may have changed. @param address of the player that came or left */
  tellAudience(address: string, nowMs: number): void;
}
