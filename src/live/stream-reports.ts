import type { ErrorCode } from '../core/errors.js';
import type { Plain, PlainValue } from '../core/plain.js';
import type { HealthChange } from '../model/health-change.js';
import type { StreamMetadata } from '../model/metadata.js';
import type { EndReason } from '../model/reasons.js';
import type { MediaKind, Track } from '../model/track.js';
import type { PlayCounters, StreamCounters } from './stream-counters.js';

// What the byte side reports of streams: a part of what crosses the border (access.ts).

/** The known facts of a stream at one moment. */
export interface ShownFacts {
  /** Video before audio, then by id. */
  readonly tracks: readonly Track[];
  /** What its onMetaData claims. */
  readonly metadata: StreamMetadata;
}

/** Measured about once a second; of a stream whose rates are limited, about four times a second. */
export interface StreamSample {
  readonly kind: 'streamSampled';
  readonly streamId: string;
  /** Monotonic ms. */
  readonly atMs: number;
  /** Whether the stream has no publisher at present. */
  readonly isHeld: boolean;
  readonly counters: StreamCounters;
  readonly tracks: readonly Track[];
  /** Length of the last whole GOP; undefined before the second keyframe. */
  readonly gopMs: number | undefined;
  /** Media time since the last keyframe; undefined before the first. */
  readonly openGopMs: number | undefined;
  /** Greatest time of any frame, in ms, unwrapped; undefined before the first. */
  readonly newestTimestamp: number | undefined;
}

/** Reports of one stream, in order. */
export type StreamReport = Plain<
  /**
   * All announced kinds have shown themselves, or the time for that is over: then `missing` names those that have not.
   */
  | {
      readonly kind: 'streamReady';
      readonly streamId: string;
      readonly tracks: readonly Track[];
      readonly missing: readonly MediaKind[];
      readonly gopMs: number | undefined;
      readonly timeToReadyMs: number;
      /** The program that the metadata names. */
      readonly encoder: string | undefined;
    }
  /**
   * Codec, size, rate, the set of tracks or the metadata changed after ready. Changes that come quickly are reported
   * together.
   */
  | {
      readonly kind: 'streamChanged';
      readonly streamId: string;
      readonly before: ShownFacts;
      readonly after: ShownFacts;
    }
  | StreamSample
  /** A track has stopped coming while the publisher is there, or comes again. Told at once. */
  | {
      readonly kind: 'trackHealth';
      readonly streamId: string;
      /** Monotonic ms. */
      readonly atMs: number;
      readonly change: HealthChange;
    }
  /** The publisher sent a data message that is no metadata. */
  | {
      readonly kind: 'streamData';
      readonly streamId: string;
      readonly handler: string;
      readonly timestamp: number;
      readonly values: readonly PlainValue[];
    }
  /** A track has a codec that the stream may not have. Its media is not passed on; the stream is to be ended. */
  | { readonly kind: 'codecRefused'; readonly streamId: string; readonly codec: string }
  /** The publisher's connection is gone for a reason of `heldFor`; the stream and its players stay. */
  | {
      readonly kind: 'streamHeld';
      readonly streamId: string;
      readonly reason: EndReason;
      readonly counters: StreamCounters;
    }
  /** The answer to `yieldStream`. `plays` are those that are attached to it, and stay so. */
  | {
      readonly kind: 'streamYielded';
      readonly streamId: string;
      readonly counters: StreamCounters;
      readonly tracks: readonly Track[];
      readonly plays: readonly PlayCounters[];
      /** Greatest time of any frame, in ms, unwrapped. */
      readonly newestTimestamp: number;
    }
  /** The stream is over; no further report follows. `plays` are those that were attached to it. */
  | {
      readonly kind: 'streamEnded';
      readonly streamId: string;
      readonly reason: EndReason;
      readonly detail: ErrorCode | undefined;
      readonly counters: StreamCounters;
      readonly tracks: readonly Track[];
      readonly plays: readonly PlayCounters[];
    }
>;

/** What the byte side says of a stream whose tracks have shown themselves. */
export type StreamReady = Extract<StreamReport, { kind: 'streamReady' }>;

/** What the byte side says of a stream that it has yielded. */
export type YieldedReport = Extract<StreamReport, { kind: 'streamYielded' }>;
