import { allocBlock, BLOCK_END, BLOCK_NEXT } from './blocks';
import {
  CS_AFTER,
  CS_DEST,
  CS_HEAD,
  CS_HEADER_BYTES,
  CS_OUT_TS,
  CS_REMAINING,
  CS_RUN,
  CS_SINK,
  CS_START,
  CS_TAIL,
  CS_TYPE,
  SINK_MEDIA_BLOCKS,
} from './chunk-stream';
import { BLOCK_DATA, BLOCK_HEADER, OUT_CHUNK_SIZE } from './constants';
import { copyBytes } from './copy';
import { get } from './header';

/**
 * Returns the bytes of a message of `len` payload bytes as framed for players: a fmt 0 header, then one fmt 3 header
 * for each further chunk.
 */
export function framedBytes(len: u32, headerBytes: u32): u32 {
  const outChunk = get(OUT_CHUNK_SIZE);
  if (len <= outChunk) return headerBytes + len;
  return headerBytes + len + ((len - 1) / outChunk) * (headerBytes - 11);
}

/**
 * Writes a fmt 0 chunk header (RTMP 1.0 §5.3.1.2.1) for a player: chunk stream id 4 (audio) or 6 (video), absolute
 * timestamp, message stream id 1. May write 16 bytes when the header has 12.
 */
export function writeHeader(to: u32, type: u32, ts: u32, len: u32): void {
  // Types 8 and 9 map to chunk stream ids 4 and 6.
  const csid: u32 = (type - 6) << 1;
  const field: u32 = ts >= 0xffffff ? 0xffffff : ts;
  store<u32>(to, bswap<u32>((csid << 24) | field));
  store<u32>(to, bswap<u32>((len << 8) | type), 4);
  store<u32>(to, 1, 8);
  store<u32>(to, bswap<u32>(ts), 12);
}

/** Writes the fmt 3 header between two outgoing chunks; repeats the extended timestamp. Returns its bytes (1 or 5). */
function writeContinuation(to: u32, cs: u32): u32 {
  const csid: u32 = (load<u32>(cs, CS_TYPE) - 6) << 1;
  store<u8>(to, 0xc0 | csid);
  if (load<u32>(cs, CS_HEADER_BYTES) === 12) return 1;
  store<u32>(to, bswap<u32>(load<u32>(cs, CS_OUT_TS)), 1);
  return 5;
}

/**
 * Starts the chain of a message: its first block, with the framed header when it is media. Returns false when no block
 * is free.
 */
function openChain(cs: u32, len: u32): bool {
  const block = allocBlock();
  if (block === 0) return false;
  let dest: u32 = block + BLOCK_HEADER;
  let room: u32 = BLOCK_DATA;
  let chunk: u32 = len;
  store<u32>(cs, block, CS_HEAD);
  store<u32>(cs, block, CS_TAIL);
  store<u32>(cs, dest, CS_START);
  if (load<u32>(cs, CS_SINK) === SINK_MEDIA_BLOCKS) {
    const header = load<u32>(cs, CS_HEADER_BYTES);
    writeHeader(dest, load<u32>(cs, CS_TYPE), load<u32>(cs, CS_OUT_TS), len);
    dest += header;
    room -= header;
    chunk = min<u32>(len, get(OUT_CHUNK_SIZE));
  }
  const run = min<u32>(chunk, room);
  store<u32>(cs, dest, CS_DEST);
  store<u32>(cs, run, CS_RUN);
  store<u32>(cs, chunk - run, CS_AFTER);
  return true;
}

/** Makes room for at least one more payload byte: the next block, the next outgoing chunk header, or both. */
function refill(cs: u32, len: u32): bool {
  if (load<u32>(cs, CS_SINK) >= SINK_MEDIA_BLOCKS && load<u32>(cs, CS_HEAD) === 0) return openChain(cs, len);
  let dest = load<u32>(cs, CS_DEST);
  let chunk = load<u32>(cs, CS_AFTER);
  let room: u32 = 0xffffffff;
  if (load<u32>(cs, CS_SINK) === SINK_MEDIA_BLOCKS) {
    const tail = load<u32>(cs, CS_TAIL);
    room = tail + BLOCK_HEADER + BLOCK_DATA - dest;
    // 5 bytes of continuation header and at least one of payload.
    if (room < 6) {
      const block = allocBlock();
      if (block === 0) return false;
      store<u32>(tail, block, BLOCK_NEXT);
      store<u32>(tail, dest, BLOCK_END);
      store<u32>(cs, block, CS_TAIL);
      dest = block + BLOCK_HEADER;
      room = BLOCK_DATA;
    }
  }
  if (chunk === 0) {
    const header = writeContinuation(dest, cs);
    dest += header;
    room -= header;
    chunk = min<u32>(load<u32>(cs, CS_REMAINING), get(OUT_CHUNK_SIZE));
  }
  const run = min<u32>(chunk, room);
  store<u32>(cs, dest, CS_DEST);
  store<u32>(cs, run, CS_RUN);
  store<u32>(cs, chunk - run, CS_AFTER);
  return true;
}

/**
 * Appends n payload bytes to the message of `cs`, across the ends of blocks and of outgoing chunks, and lowers
 * CS_REMAINING. Returns the bytes taken: fewer than n when no block is free.
 */
export function appendPayload(cs: u32, len: u32, from: u32, n: u32): u32 {
  let done: u32 = 0;
  while (done < n) {
    if (load<u32>(cs, CS_RUN) === 0 && !refill(cs, len)) break;
    const run = load<u32>(cs, CS_RUN);
    const part = min<u32>(run, n - done);
    const dest = load<u32>(cs, CS_DEST);
    copyBytes(dest, from + done, part);
    store<u32>(cs, dest + part, CS_DEST);
    store<u32>(cs, run - part, CS_RUN);
    store<u32>(cs, load<u32>(cs, CS_REMAINING) - part, CS_REMAINING);
    done += part;
  }
  return done;
}
