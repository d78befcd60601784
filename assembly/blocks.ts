import {
  BLOCK_BYTES,
  BLOCK_FREE,
  BLOCK_HEADER,
  BLOCK_TOP,
  BLOCKS_LIVE,
  MEMORY_END,
  RELEASE_HEAD,
  RELEASE_TAIL,
} from './constants';
import { get, set } from './header';

// A block is [next u32][end of data u32][8 bytes unused][data]. Free blocks are linked through `next`. Blocks above
// BLOCK_TOP were never used, so memory that was never needed is never touched.
export const BLOCK_NEXT = 0;
export const BLOCK_END = 4;

/** Whether allocBlock() would succeed. */
export function hasBlock(): bool {
  return get(BLOCK_FREE) !== 0 || get(BLOCK_TOP) + BLOCK_BYTES <= get(MEMORY_END);
}

/** Takes a block; returns its address, or 0 when memory is used up. */
export function allocBlock(): u32 {
  let block = get(BLOCK_FREE);
  if (block !== 0) {
    set(BLOCK_FREE, load<u32>(block, BLOCK_NEXT));
  } else {
    block = get(BLOCK_TOP);
    if (block + BLOCK_BYTES > get(MEMORY_END)) return 0;
    set(BLOCK_TOP, block + BLOCK_BYTES);
  }
  store<u32>(block, 0, BLOCK_NEXT);
  store<u32>(block, block + BLOCK_HEADER, BLOCK_END);
  set(BLOCKS_LIVE, get(BLOCKS_LIVE) + 1);
  return block;
}

/** Frees a chain at once: nothing refers to its bytes any more. */
export function freeChain(head: u32, tail: u32): void {
  let count: u32 = 1;
  for (let block = head; block !== tail; block = load<u32>(block, BLOCK_NEXT)) count++;
  store<u32>(tail, get(BLOCK_FREE), BLOCK_NEXT);
  set(BLOCK_FREE, head);
  set(BLOCKS_LIVE, get(BLOCKS_LIVE) - count);
}

/** Puts a chain on the list that releaseChains() frees. The host reads its bytes until the next read(). */
export function releaseLater(head: u32, tail: u32): void {
  const first = get(RELEASE_HEAD);
  if (first === 0) set(RELEASE_TAIL, tail);
  store<u32>(tail, first, BLOCK_NEXT);
  set(RELEASE_HEAD, head);
}

/** Frees the blocks of the last batch and message. */
export function releaseChains(): void {
  const head = get(RELEASE_HEAD);
  if (head === 0) return;
  freeChain(head, get(RELEASE_TAIL));
  set(RELEASE_HEAD, 0);
}
