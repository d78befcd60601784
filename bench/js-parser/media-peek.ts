import {
  FLAG_COMMAND,
  FLAG_CONFIG,
  FLAG_DISPOSABLE,
  FLAG_EMPTY,
  FLAG_END_OF_SEQUENCE,
  FLAG_ENHANCED,
  FLAG_KEYFRAME,
  FLAG_MULTITRACK,
  FLAG_SEQUENCE_HEADER,
} from '../../assembly/constants.js';

const TYPE_AUDIO = 8;
/** Only this much of a payload is inspected. */
const WINDOW = 128;

/**
 * Scratch that {@link peekMedia} fills: flags, codec (FourCC or legacy id), `trackId | packetType << 8 | frameType <<
 * 16`.
 */
export const peeked = new Int32Array(3);

/**
 * Reads what a host needs to know of one audio or video message (legacy FLV tags and Enhanced RTMP v2) from its first
 * bytes.
 * @param bytes memory that holds the payload; @param at its first byte; @param length payload bytes; @param type 8 or
 *   9. Result in {@link peeked}; never throws, a truncated header yields what could be read.
 */
export function peekMedia(bytes: Uint8Array, at: number, length: number, type: number): void {
  if (length === 0) {
    peeked[0] = FLAG_EMPTY;
    peeked[1] = 0;
    peeked[2] = 0;
    return;
  }
  const b0 = bytes[at];
  if (type === TYPE_AUDIO) {
    const format = b0 >> 4;
    if (format === 9) {
      peekEnhanced(bytes, at, at + Math.min(length, WINDOW), b0 & 15, 0, false);
      return;
    }
    const isAac = format === 10 && length > 1;
    const packetType = isAac ? bytes[at + 1] : 1;
    peeked[0] = isAac && packetType === 0 ? FLAG_SEQUENCE_HEADER : 0;
    peeked[1] = format;
    peeked[2] = packetType << 8;
    return;
  }
  const frameType = (b0 >> 4) & 7;
  const window = at + Math.min(length, WINDOW);
  if (b0 & 0x80) {
    peekEnhanced(bytes, at, window, b0 & 15, frameType, true);
    return;
  }
  const codec = b0 & 15;
  const packetType = (codec === 7 || codec === 12 || codec === 13) && length > 1 ? bytes[at + 1] : 1;
  let flags = 0;
  // Packet type before frame type: sequence headers carry frame type "key" too.
  if (frameType === 5) flags = FLAG_COMMAND;
  else if (packetType === 0) flags = FLAG_SEQUENCE_HEADER;
  else if (packetType === 2) flags = FLAG_END_OF_SEQUENCE;
  else flags = frameFlags(frameType);
  peeked[0] = flags;
  peeked[1] = codec;
  peeked[2] = (packetType << 8) | (frameType << 16);
}

function frameFlags(frameType: number): number {
  if (frameType === 1 || frameType === 4) return FLAG_KEYFRAME;
  return frameType === 3 ? FLAG_DISPOSABLE : 0;
}

/**
 * ExVideoTagHeader and ExAudioTagHeader: ModEx prefixes, Multitrack prefix, FourCC, track id. Reads `bytes[at, end)`
 * only.
 */
function peekEnhanced(
  bytes: Uint8Array,
  at: number,
  end: number,
  firstPacketType: number,
  frameType: number,
  video: boolean,
): void {
  let packetType = firstPacketType;
  let p = at + 1;
  peeked[1] = 0;
  while (packetType === 7) {
    let size = p < end ? bytes[p++] + 1 : 0;
    if (size === 256) {
      size = p + 2 <= end ? ((bytes[p] << 8) | bytes[p + 1]) + 1 : 0;
      p += 2;
    }
    p += size;
    if (size === 0 || p >= end) {
      peeked[0] = FLAG_ENHANCED;
      peeked[2] = (firstPacketType << 8) | (frameType << 16);
      return;
    }
    packetType = bytes[p++] & 15;
  }
  let flags = FLAG_ENHANCED;
  let track = 0;
  if (video && packetType !== 4 && frameType === 5) {
    flags |= FLAG_COMMAND;
  } else {
    if (packetType === (video ? 6 : 5)) {
      flags |= FLAG_MULTITRACK;
      if (p < end) packetType = bytes[p++] & 15;
    }
    if (p + 4 <= end) {
      peeked[1] = (bytes[p] << 24) | (bytes[p + 1] << 16) | (bytes[p + 2] << 8) | bytes[p + 3];
      p += 4;
    }
    if ((flags & FLAG_MULTITRACK) !== 0 && p < end) track = bytes[p];
    if (packetType === 0 || (video && packetType === 5)) flags |= FLAG_SEQUENCE_HEADER;
    else if (packetType === 2) flags |= FLAG_END_OF_SEQUENCE;
    else if (packetType === 4) flags |= FLAG_CONFIG;
    else if (video && (packetType === 1 || packetType === 3)) flags |= frameFlags(frameType);
  }
  peeked[0] = flags;
  peeked[2] = track | (packetType << 8) | (frameType << 16);
}
