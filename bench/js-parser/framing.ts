import type { ChunkStream } from './chunk-stream.js';

const CSID_AUDIO = 4;
const CSID_VIDEO = 6;

/**
 * Message headers on the way to players: fmt 0, message stream id 1, audio on chunk stream 4, video on 6. Each returns
 * the next offset.
 */
export function writeHeader(to: Uint8Array, at: number, cs: ChunkStream): number {
  const extended = cs.outTimestamp < 0 || cs.outTimestamp >= 0xffffff;
  const field = extended ? 0xffffff : cs.outTimestamp;
  to[at] = cs.type === 8 ? CSID_AUDIO : CSID_VIDEO;
  to[at + 1] = field >> 16;
  to[at + 2] = field >> 8;
  to[at + 3] = field;
  to[at + 4] = cs.length >> 16;
  to[at + 5] = cs.length >> 8;
  to[at + 6] = cs.length;
  to[at + 7] = cs.type;
  to[at + 8] = 1;
  to[at + 9] = 0;
  to[at + 10] = 0;
  to[at + 11] = 0;
  return extended ? writeTimestamp(to, at + 12, cs.outTimestamp) : at + 12;
}

/** The fmt 3 header between two outgoing chunks; repeats an extended timestamp, as ffmpeg and librtmp need it. */
export function writeContinuation(to: Uint8Array, at: number, cs: ChunkStream): number {
  to[at] = 0xc0 | (cs.type === 8 ? CSID_AUDIO : CSID_VIDEO);
  return cs.outTimestamp < 0 || cs.outTimestamp >= 0xffffff ? writeTimestamp(to, at + 1, cs.outTimestamp) : at + 1;
}

function writeTimestamp(to: Uint8Array, at: number, timestamp: number): number {
  to[at] = timestamp >> 24;
  to[at + 1] = timestamp >> 16;
  to[at + 2] = timestamp >> 8;
  to[at + 3] = timestamp;
  return at + 4;
}
