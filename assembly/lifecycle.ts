import {
  BLOCK_TOP,
  BLOCKS,
  CIPHER_HIGH,
  CIPHER_IN,
  COPY_SLACK,
  CS_LARGE,
  CS_SHIFT,
  CS_TABLE,
  HEADER,
  HEADER_WORDS,
  IN_CHUNK_SIZE,
  INPUT,
  LARGE_CS_COUNT,
  MEMORY_END,
  OUT,
  OUT_HIGH,
  RECORDS,
  RECORDS_HIGH,
  SEGMENTS,
  SEGMENTS_HIGH,
  STASH,
  TIMELINE,
  TIMELINE_BYTES,
  TIMELINES,
  TIMELINES_HIGH,
} from './constants';
import { get, set } from './header';

/** Makes the instance ready for its first connection, or the next one after wipe(). Limits are written by the host. */
export function init(): void {
  set(IN_CHUNK_SIZE, 128); // RTMP 1.0 §5.4.1: the size before any Set Chunk Size
  set(BLOCK_TOP, BLOCKS);
  set(MEMORY_END, (memory.size() as u32) << 16);
}

/**
 * Clears every byte that a connection may have left, in the regions that were touched only, then calls init().
 *
 * @param input bytes of INPUT that were written to. The host knows: those of the handshake pass through it without a
 *   read()
 */
export function wipe(input: u32): void {
  const large = get(LARGE_CS_COUNT);
  memory.fill(CS_TABLE, 0, CS_LARGE - CS_TABLE);
  if (large !== 0) memory.fill(CS_LARGE, 0, large << CS_SHIFT);
  memory.fill(SEGMENTS, 0, get(SEGMENTS_HIGH) << 3);
  memory.fill(RECORDS, 0, get(RECORDS_HIGH) << 5);
  if ((get(TIMELINE) | get(TIMELINES_HIGH)) !== 0) {
    memory.fill(TIMELINES, 0, (get(TIMELINES_HIGH) + 1) * TIMELINE_BYTES);
  }
  memory.fill(STASH, 0, INPUT + input - STASH);
  const out = get(OUT_HIGH);
  if (out !== 0) memory.fill(OUT, 0, out + COPY_SLACK - OUT);
  const cipher = get(CIPHER_HIGH);
  if (cipher !== 0) memory.fill(CIPHER_IN, 0, cipher - CIPHER_IN);
  memory.fill(BLOCKS, 0, get(BLOCK_TOP) - BLOCKS);
  memory.fill(HEADER, 0, HEADER_WORDS << 2);
  init();
}

/**
 * Is called after a move to a larger memory: blocks may now reach to `end`; the memory behind it belongs to the host.
 */
export function resize(end: u32): void {
  set(MEMORY_END, end);
}

/** Injects a fault for tests: shows the host what it sees when the module itself fails. */
export function trap(): void {
  unreachable();
}
