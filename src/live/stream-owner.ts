import type { Clock } from '../core/clock.js';
import type { ErrorCode } from '../core/errors.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { Epoch } from '../model/epoch.js';
import type { Grant } from '../model/grant.js';
import type { EndReason } from '../model/reasons.js';
import type { Track } from '../model/track.js';
import type { ByteSide, ConnectionFacts, NameRequest, PlayCounters, StreamCounters } from './access.js';
import type { ActivityLog } from './activity-log.js';
import type { EventAccount } from './event-account.js';
import type { MovedStream } from './moved-stream.js';
import type { GrantDeps } from './stream-grant.js';

/** What a live stream tells the owner of the list, and needs from it. */
export interface LiveStreamOwner {
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly account: EventAccount;
  readonly activity: ActivityLog;
  readonly bytes: ByteSide;
  /** `publish.resumeWindowMs`; a grant may say otherwise. */
  readonly resumeWindowMs: number;
  readonly grants: GrantDeps;
  /** The stream is over. `plays`: what the byte side counted of those that were attached to it. */
  ended(streamId: string, reason: EndReason, plays: readonly PlayCounters[]): void;
}

/** The known facts of a stream when it starts. */
export interface StreamStart {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  readonly principal: string;
  readonly facts: ConnectionFacts;
  /** As the client asked, its secrets included. */
  readonly request: NameRequest;
  readonly grant: Grant;
  readonly startedAtMs: number;
  /** It has begun at another node. */
  readonly moved?: MovedStream | undefined;
  /** Which claim of the name it has over all nodes; undefined: there is only this node. */
  readonly epoch?: Epoch | undefined;
}

/** How a stream ended. */
export interface StreamEnd {
  readonly reason: EndReason;
  readonly detail?: ErrorCode | undefined;
  readonly counters: StreamCounters;
  readonly tracks: readonly Track[];
  readonly plays: readonly PlayCounters[];
}
