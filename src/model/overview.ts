import type { StreamSnapshot } from './snapshot.js';

/** One live stream in an {@link Overview}. */
export interface OverviewStream
  extends Pick<StreamSnapshot, 'streamId' | 'app' | 'name' | 'state' | 'startedAt' | 'tracks' | 'players' | 'kbpsIn'> {
  /** Kbit/s sent to players, over the same time as `kbpsIn`. */
  readonly kbpsOut: number;
  /**
   * How much further the newest media is behind the clock than it was at the best, since the stream began or its
   * publisher came back, in ms; missing: it cannot be told.
   */
  readonly delayMs?: number;
  /** Media time between its last two keyframes, in ms; missing before the second. */
  readonly gopMs?: number;
  /** What is wrong with it in a sentence, such as a track without frames; missing: nothing. */
  readonly trouble?: string;
}

/** One live stream in whole, as `GET /v1/streams/:streamId` shows it. */
export type StreamDetails = StreamSnapshot & OverviewStream;

/** What the first view of the page shows: this node, and its live streams. `GET /v1/overview`. */
export interface Overview {
  readonly node: {
    readonly nodeId: string;
    readonly version: string;
    /** ISO 8601. */
    readonly startedAt: string;
    readonly ready: boolean;
    /** Why it takes no work, in sentences. */
    readonly reasons: readonly string[];
    /** What does not work although streams do, in sentences. */
    readonly degraded: readonly string[];
    /** `off`: no NATS is set, so there are no jobs and no other nodes. */
    readonly nats: 'off' | 'up' | 'down';
    readonly isInCluster: boolean;
  };
  /** Oldest first; at most 1,000. */
  readonly streams: readonly OverviewStream[];
  /** How many there are. */
  readonly total: number;
}
