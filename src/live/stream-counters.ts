import type { Totals } from '../model/totals.js';

/** What a stream has carried since its start. */
export interface StreamCounters {
  /** Media received, as framed for players, in bytes. */
  readonly bytes: number;
  /** Payload of audio and video messages received, in bytes. */
  readonly payloadBytes: number;
  /** Received on the publisher's connection while it published this stream, in bytes. */
  readonly wireBytes: number;
  readonly audioFrames: number;
  readonly videoFrames: number;
  /** How often the publisher's timestamps jumped and were moved. */
  readonly timestampJumps: number;
  /** Sequence headers and metadata that were not kept for players that join late. */
  readonly headersRefused: number;
  /** Bytes sent to players, past and present. */
  readonly bytesOut: number;
  /** Keyframe skips of all players, past and present. */
  readonly drops: number;
}

/** What a stream has carried, as its end and its telemetry tell it. @param heldMs without a publisher */
export function totalsOf(counters: StreamCounters, heldMs: number): Totals {
  const { payloadBytes, wireBytes, audioFrames, videoFrames, drops, timestampJumps } = counters;
  const totals = { bytes: payloadBytes, payloadBytes, wireBytes, audioFrames, videoFrames, drops, heldMs };
  return timestampJumps === 0 ? totals : { ...totals, timestampJumps };
}

/** What one play has been sent of the present stream. */
export interface PlayCounters {
  readonly playId: string;
  readonly bytes: number;
  /** How often it skipped to a keyframe. */
  readonly drops: number;
}

/** What a stream has carried at two nodes. */
export function plus(a: StreamCounters, b: StreamCounters): StreamCounters {
  return {
    bytes: a.bytes + b.bytes,
    payloadBytes: a.payloadBytes + b.payloadBytes,
    wireBytes: a.wireBytes + b.wireBytes,
    audioFrames: a.audioFrames + b.audioFrames,
    videoFrames: a.videoFrames + b.videoFrames,
    timestampJumps: a.timestampJumps + b.timestampJumps,
    headersRefused: a.headersRefused + b.headersRefused,
    bytesOut: a.bytesOut + b.bytesOut,
    drops: a.drops + b.drops,
  };
}
