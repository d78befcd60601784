import { BLOCK_END, BLOCK_NEXT, freeChain, releaseLater } from './blocks';
import {
  CS_DEST,
  CS_FRAMED,
  CS_HEAD,
  CS_HEADER_BYTES,
  CS_LEN,
  CS_MARKS,
  CS_MSID,
  CS_OUT_TS,
  CS_START,
  CS_TAIL,
  CS_TYPE,
} from './chunk-stream';
import {
  BATCH_AUDIO,
  BATCH_BYTES,
  BATCH_COUNT,
  BATCH_FLAGS,
  BATCH_LAST_TS,
  BATCH_MESSAGE_STREAM_ID,
  BATCH_PAYLOAD_BYTES,
  BATCH_SEGMENTS,
  BATCH_VIDEO,
  BATCH_VIDEO_BYTES,
  BLOCK_HEADER,
  FLAG_MULTITRACK,
  FLAG_REBASED,
  GATHER_BYTES,
  GATHER_END,
  HEADER,
  RECORDS,
  SEGMENTS,
} from './constants';
import { copyBytes } from './copy';
import { get, set } from './header';
import { inspectMedia } from './media';
import { isRunning, NO_FRAME, noteFrame, withdraw } from './timeline';
import { forgetTracks } from './tracks';

const VIDEO_BYTES: u32 = HEADER + (BATCH_VIDEO_BYTES << 2);

/** Empties the batch: header words 0 to 9, the bytes of its video, and what it says of tracks. */
export function beginBatch(): void {
  const zero = i64x2.splat(0);
  if ((get(BATCH_FLAGS) & FLAG_MULTITRACK) !== 0) forgetTracks();
  v128.store(HEADER, zero);
  v128.store(HEADER, zero, 16);
  store<u64>(HEADER, 0, 32);
  store<u32>(VIDEO_BYTES, 0);
}

/** Returns whether a media message of this message stream id has to wait for the next batch. */
export function conflicts(msid: u32): bool {
  return get(BATCH_COUNT) !== 0 && get(BATCH_MESSAGE_STREAM_ID) !== msid;
}

/** Appends a range of bytes to the batch. */
export function addSegment(ptr: u32, len: u32): void {
  if (len === 0) return;
  const count = get(BATCH_SEGMENTS);
  store<u32>(SEGMENTS + (count << 3), ptr);
  store<u32>(SEGMENTS + (count << 3), len, 4);
  set(BATCH_SEGMENTS, count + 1);
}

/** Writes the record of a complete media message and adds it to the batch's sums. */
export function record(cs: u32, ts: u64, len: u32, payload: u32, framed: u32): void {
  const type = load<u32>(cs, CS_TYPE);
  const msid = load<u32>(cs, CS_MSID);
  const count = get(BATCH_COUNT);
  const to: u32 = RECORDS + (count << 5);
  let flags = inspectMedia(type, payload, len, to) | load<u32>(cs, CS_MARKS);
  if ((flags & NO_FRAME) !== 0) {
    if (withdraw(cs, msid)) flags &= ~FLAG_REBASED;
  } else if (!isRunning(msid)) noteFrame(msid, type, ts);
  const offset = get(BATCH_BYTES);
  store<u32>(to, type | (flags << 8));
  store<u64>(to, ts, 4);
  store<u32>(to, len, 12);
  store<u32>(to, offset, 16);
  store<u32>(to, framed, 20);
  set(BATCH_COUNT, count + 1);
  set(BATCH_BYTES, offset + framed);
  set(BATCH_FLAGS, get(BATCH_FLAGS) | flags);
  set(BATCH_MESSAGE_STREAM_ID, msid);
  const counter: u32 = type === 8 ? HEADER + (BATCH_AUDIO << 2) : HEADER + (BATCH_VIDEO << 2);
  store<u32>(counter, load<u32>(counter) + 1);
  set(BATCH_PAYLOAD_BYTES, get(BATCH_PAYLOAD_BYTES) + len);
  if (type === 9) store<u32>(VIDEO_BYTES, load<u32>(VIDEO_BYTES) + len);
  store<u64>(HEADER + (BATCH_LAST_TS << 2), ts);
}

/** Adds a media message that lies complete in blocks to the batch; its blocks are freed at the next read(). */
export function recordChain(cs: u32): void {
  const tail = load<u32>(cs, CS_TAIL);
  const head = load<u32>(cs, CS_HEAD);
  store<u32>(tail, load<u32>(cs, CS_DEST), BLOCK_END);
  let block = head;
  while (true) {
    addSegment(block + BLOCK_HEADER, load<u32>(block, BLOCK_END) - block - BLOCK_HEADER);
    if (block === tail) break;
    block = load<u32>(block, BLOCK_NEXT);
  }
  record(
    cs,
    load<u64>(cs, CS_OUT_TS),
    load<u32>(cs, CS_LEN),
    load<u32>(cs, CS_START) + load<u32>(cs, CS_HEADER_BYTES),
    load<u32>(cs, CS_FRAMED),
  );
  releaseLater(head, tail);
  store<u32>(cs, 0, CS_HEAD);
}

/**
 * Copies a short complete message from its block to the end of the out region and frees the block. One more copy here
 * costs less than one more segment costs the host. Returns the new end, or 0 when the message stays in its blocks.
 */
export function joinShort(cs: u32, out: u32): u32 {
  const framed = load<u32>(cs, CS_FRAMED);
  if (framed > (GATHER_BYTES as u32) || out >= (GATHER_END as u32)) return 0;
  copyBytes(out, load<u32>(cs, CS_START), framed);
  const payload = out + load<u32>(cs, CS_HEADER_BYTES);
  record(cs, load<u64>(cs, CS_OUT_TS), load<u32>(cs, CS_LEN), payload, framed);
  freeChain(load<u32>(cs, CS_HEAD), load<u32>(cs, CS_TAIL));
  store<u32>(cs, 0, CS_HEAD);
  return out + framed;
}
