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
} from './constants';
import { noteTrack } from './tracks';

// Only this much of a payload is inspected. It is contiguous wherever the message lies (outgoing chunks are ≥ 128).
const WINDOW: u32 = 128;

/** What a payload says about itself, packed: flags in the low 16 bits; see writers of `facts`. */
export function inspectMedia(type: u32, ptr: u32, len: u32, record: u32): u32 {
  if (len === 0) {
    store<u32>(record, 0, 24);
    store<u32>(record, 0, 28);
    return FLAG_EMPTY;
  }
  const b0: u32 = load<u8>(ptr);
  if (type === 8) {
    if (b0 >> 4 === 9) return inspectEnhanced(type, ptr, len, record);
    const format = b0 >> 4;
    // AAC: the second byte tells AudioSpecificConfig (0) from raw frames (1).
    const packet: u32 = format === 10 && len > 1 ? load<u8>(ptr, 1) : 1;
    store<u32>(record, format, 24);
    store<u32>(record, packet << 8, 28);
    return packet === 0 ? FLAG_SEQUENCE_HEADER : 0;
  }
  if (b0 & 0x80) return inspectEnhanced(type, ptr, len, record);
  const frame = b0 >> 4;
  const codec = b0 & 15;
  // AVC and the unofficial ids 12 (HEVC) and 13 (AV1) carry a packet type; other codecs have frames only.
  const packet: u32 = (codec === 7 || codec === 12 || codec === 13) && len > 1 ? load<u8>(ptr, 1) : 1;
  store<u32>(record, codec, 24);
  store<u32>(record, (packet << 8) | (frame << 16), 28);
  if (frame === 5) return FLAG_COMMAND;
  // Packet type before frame type: sequence headers carry frame type "key" too.
  if (packet === 0) return FLAG_SEQUENCE_HEADER;
  if (packet === 2) return FLAG_END_OF_SEQUENCE;
  return frameFlags(frame);
}

function frameFlags(frame: u32): u32 {
  if (frame === 1 || frame === 4) return FLAG_KEYFRAME;
  return frame === 3 ? FLAG_DISPOSABLE : 0;
}

/** Enhanced RTMP v2 (ExVideoTagHeader, ExAudioTagHeader): ModEx prefixes, Multitrack prefix, FourCC, track id. */
function inspectEnhanced(type: u32, ptr: u32, len: u32, record: u32): u32 {
  const end: u32 = ptr + min<u32>(len, WINDOW);
  const b0: u32 = load<u8>(ptr);
  const video = type === 9;
  const frame: u32 = video ? (b0 >> 4) & 7 : 0;
  let packet: u32 = b0 & 15;
  let flags: u32 = FLAG_ENHANCED;
  let codec: u32 = 0;
  let track: u32 = 0;
  let many: u32 = 0;
  let p: u32 = ptr + 1;
  while (packet === 7) {
    if (p >= end) break;
    let size: u32 = (load<u8>(p) as u32) + 1;
    p += 1;
    if (size === 256) {
      if (p + 2 > end) break;
      size = (bswap<u16>(load<u16>(p)) as u32) + 1;
      p += 2;
    }
    p += size;
    if (p >= end) break;
    packet = load<u8>(p) & 15;
    p += 1;
  }
  if (packet !== 7 && video && packet !== 4 && frame === 5) {
    flags |= FLAG_COMMAND;
  } else if (packet !== 7) {
    const multitrackPacket: u32 = video ? 6 : 5;
    let layout: u32 = 0;
    if (packet === multitrackPacket) {
      flags |= FLAG_MULTITRACK;
      if (p < end) {
        layout = (load<u8>(p) as u32) >> 4;
        packet = load<u8>(p) & 15;
        p += 1;
      }
    }
    // ManyTracksManyCodecs puts the FourCC of each track before its id, the first track's too.
    if (p + 4 <= end) {
      codec = bswap<u32>(load<u32>(p));
      p += 4;
    }
    if (flags & FLAG_MULTITRACK && p < end) {
      track = load<u8>(p);
      if (packet === 1 || (video && packet === 3)) many = noteTrack(type, track, layout, p - ptr);
    }
    if (packet === 0 || (video && packet === 5)) flags |= FLAG_SEQUENCE_HEADER;
    else if (packet === 2) flags |= FLAG_END_OF_SEQUENCE;
    else if (packet === 4) flags |= FLAG_CONFIG;
    else if (video && (packet === 1 || packet === 3)) flags |= frameFlags(frame);
  }
  store<u32>(record, codec, 24);
  store<u32>(record, track | (packet << 8) | (frame << 16) | (many << 24), 28);
  return flags;
}
