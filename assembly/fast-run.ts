import { CS_DELTA, CS_KNOWN, CS_LEN, CS_MSID, CS_RAW, CS_REMAINING, CS_TS, CS_TYPE } from './chunk-stream';
import * as C from './constants';
import { copyMessage } from './copy';
import { writeHeader } from './framer';
import { get, set } from './header';
import { inspectMedia } from './media';
import { NO_FRAME, RUNNING, TL_FLOOR, TL_MSID, TL_OFFSET, TL_SPAN, TL_STATE } from './timeline';

// What inspectMedia() writes for a frame of AAC and of AVC (without its frame type): the codec, and above it packet
// type 1.
const AAC_FRAME: u64 = 10 | (1 << 40);
const AVC_FRAME: u64 = 7 | (1 << 40);

/**
 * Frames a run of plain media messages: fmt 1, 2 or 3 on a known chunk stream id below 64, no extended timestamp on
 * input, the whole message in the input with its chunks in a row, the batch's message stream id, within every limit, no
 * timestamp jump. Nearly all messages of a publisher are like that, and a loop for only these is half as long as the
 * general one. It stops at the first message that is different, before anything is changed for it; the reader's general
 * path goes on from there.
 *
 * @param longest messages of any length when media is framed in place; else messages below it are copied to the out
 *   region
 * @returns where it stopped; OUT_POS has the end of what is framed
 */
export function frameFastRun(start: u32, limit: u32, out: u32, outLimit: u32, chunkSize: u32, longest: u32): u32 {
  set(C.OUT_POS, out);
  if (get(C.OPEN_CS) !== 0 || get(C.PARTIALS) >= get(C.LIMIT_PARTIALS)) return start;
  const timeline = get(C.TIMELINE);
  if (timeline === 0 || load<u32>(timeline, TL_STATE) !== RUNNING) return start;
  // Audio and video are moved by the same offset, except for peers with two clocks.
  const offset = load<i64>(timeline, TL_OFFSET);
  if (offset !== load<i64>(timeline, TL_OFFSET + 16)) return start;
  // Only with a negative offset can a message that is no jump get a timestamp below 0.
  if (offset < 0 && min<i64>(load<i64>(timeline, TL_FLOOR), load<i64>(timeline, TL_FLOOR + 16)) < 0) return start;
  const span: u64 = timeline === C.TIMELINES ? u64.MAX_VALUE : TL_SPAN;
  const kinds: u32 = timeline - (8 << 4); // types 8 and 9
  const msid = load<u32>(timeline, TL_MSID);
  const first = get(C.BATCH_COUNT);
  if (first !== 0 && get(C.BATCH_MESSAGE_STREAM_ID) !== msid) return start;
  const held = get(C.REASSEMBLY);
  const room = get(C.LIMIT_REASSEMBLY);
  if (held >= room) return start;
  const most = min<u32>(min<u32>(longest, room - held), min<u32>(get(C.LIMIT_MEDIA_BYTES), get(C.OUT_CHUNK_SIZE)));
  const base = out - get(C.BATCH_BYTES);
  let to: u32 = C.RECORDS + (first << 5);
  let flagsOfAll: u32 = 0;
  let videos: u32 = 0;
  let payloadBytes: u32 = 0;
  let videoBytes: u32 = 0;
  let peerTs: u64 = 0;
  const recordsEnd: u32 = C.RECORDS + (C.MAX_RECORDS << 5);
  let pos = start;
  // The longest header here has 8 bytes, read as 9.
  while (pos + 9 <= limit && to < recordsEnd) {
    const b0: u32 = load<u8>(pos);
    const fmt = b0 >> 6;
    const csid = b0 & 63;
    if (fmt === 0) break;
    const cs: u32 = C.CS_TABLE + (csid << C.CS_SHIFT);
    // Reads two words at once: the chunk stream is known, and its last timestamp field was not FFFFFF. Ids 0 and 1,
    // which announce longer headers, are never known.
    if (load<u64>(cs, CS_KNOWN) !== 1 || load<u32>(cs, CS_REMAINING) !== 0) break;
    let from: u32;
    let delta: u32;
    let len: u32;
    let type: u32;
    if (fmt === 1) {
      const word = bswap<u64>(load<u64>(pos, 1));
      delta = (word >> 40) as u32;
      len = ((word >> 16) as u32) & 0xffffff;
      type = ((word >> 8) as u32) & 255;
      from = pos + 8;
    } else {
      len = load<u32>(cs, CS_LEN);
      type = load<u32>(cs, CS_TYPE);
      if (fmt === 2) {
        delta = bswap<u32>(load<u32>(pos, 1)) >> 8;
        from = pos + 4;
      } else {
        delta = load<u32>(cs, CS_DELTA);
        from = pos + 1;
      }
    }
    const fits = (type & ~1) === 8 && len - 1 < most && delta < 0xffffff && load<u32>(cs, CS_MSID) === msid;
    if (!fits) break;
    const ts: u64 = load<u64>(cs, CS_TS) + delta;
    const moved: u64 = ts + offset;
    const kind = kinds + (type << 4);
    const floor = load<i64>(kind, TL_FLOOR);
    if (moved - (floor as u64) > span) break;
    const header: u32 = (moved as u32) >= 0xffffff ? 16 : 12;
    const payload = out + header;
    if (payload + len > outLimit || from + len > limit) break;
    // The header is written before the payload, because it may be written 4 bytes too long.
    writeHeader(out, type, moved as u32, len);
    const next = copyMessage(payload, from, limit, len, chunkSize, 0xc0 | csid);
    if (next === 0) {
      // Bytes that were copied in vain are not part of the batch, but wipe() has to know how far they reach.
      if (get(C.OUT_LIMIT) === 0 && payload + len > get(C.OUT_HIGH)) set(C.OUT_HIGH, payload + len);
      break;
    }
    pos = next;
    store<u64>(cs, ts, CS_TS);
    if (fmt !== 3) {
      store<u32>(cs, delta, CS_RAW);
      store<u32>(cs, delta, CS_DELTA);
      if (fmt === 1) {
        store<u32>(cs, len, CS_LEN);
        store<u32>(cs, type, CS_TYPE);
      }
    }
    const head: u32 = load<u16>(payload);
    let flags: u32 = 0;
    if (type === 8 && (head & 0xfff0) === 0x01a0 && len > 1) {
      store<u64>(to, AAC_FRAME, 24);
    } else if (type === 9 && (head === 0x0117 || head === 0x0127) && len > 1) {
      flags = head === 0x0117 ? C.FLAG_KEYFRAME : 0;
      store<u64>(to, AVC_FRAME | (((head & 0xf0) as u64) << 44), 24);
    } else {
      flags = inspectMedia(type, payload, len, to);
    }
    if ((flags & NO_FRAME) === 0) store<i64>(kind, max<i64>(floor, (moved as i64) - C.TS_BACK_MS), TL_FLOOR);
    store<u32>(to, type | (flags << 8));
    store<u64>(to, moved, 4);
    store<u32>(to, len, 12);
    store<u32>(to, out - base, 16);
    store<u32>(to, header + len, 20);
    to += 32;
    flagsOfAll |= flags;
    videos += type & 1;
    payloadBytes += len;
    videoBytes += len & (0 - (type & 1));
    peerTs = ts;
    out = payload + len;
  }
  const count: u32 = ((to - C.RECORDS) >> 5) - first;
  if (count === 0) return pos;
  store<u64>(C.HEADER + (C.LAST_MEDIA_TS << 2), peerTs);
  set(C.MEDIA_SEEN, 1);
  set(C.LAST_BEGUN, 0);
  set(C.BATCH_COUNT, first + count);
  set(C.BATCH_BYTES, out - base);
  set(C.BATCH_FLAGS, get(C.BATCH_FLAGS) | flagsOfAll);
  set(C.BATCH_MESSAGE_STREAM_ID, msid);
  set(C.BATCH_VIDEO, get(C.BATCH_VIDEO) + videos);
  set(C.BATCH_AUDIO, get(C.BATCH_AUDIO) + count - videos);
  set(C.BATCH_PAYLOAD_BYTES, get(C.BATCH_PAYLOAD_BYTES) + payloadBytes);
  set(C.BATCH_VIDEO_BYTES, get(C.BATCH_VIDEO_BYTES) + videoBytes);
  store<u64>(C.HEADER + (C.BATCH_LAST_TS << 2), peerTs + offset);
  set(C.OUT_POS, out);
  return pos;
}
