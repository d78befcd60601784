import type { StreamCounters } from './access.js';

/** The counters of a stream that carried nothing. */
export const NOTHING_CARRIED: StreamCounters = {
  bytes: 0,
  payloadBytes: 0,
  wireBytes: 0,
  audioFrames: 0,
  videoFrames: 0,
  timestampJumps: 0,
  headersRefused: 0,
  bytesOut: 0,
  drops: 0,
};
