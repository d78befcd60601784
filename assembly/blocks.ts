import {
  BLOCK_BYTES,
  BLOCK_FREE,
  BLOCK_HEADER,
  BLOCK_TOP,
  BLOCKS_LIVE,
  HEADER,
  MEMORY_END,
  RELEASE_HEAD,
  RELEASE_TAIL,
} from './constants';

// A block: [next u32][end of data u32][8 bytes unused][data]. Free blocks are linked through `next`; blocks above
// BLOCK_TOP were never used, so memory that was never needed is never touched.
export const BLOCK_NEXT = 0;
export const BLOCK_END = 4;

/** Whether allocBlock() would succeed. */
export function hasBlock(): bool {
  return (
    load<u32>(HEADER + (BLOCK_FREE << 2)) !== 0 ||
    load<u32>(HEADER + (BLOCK_TOP << 2)) + BLOCK_BYTES <= load<u32>(HEADER + (MEMORY_END << 2))
  );
}

/** Takes a block; returns its address, or 0 when memory is used up. */
export function allocBlock(): u32 {
  let block = load<u32>(HEADER + (BLOCK_FREE << 2));
  if (block !== 0) {
    store<u32>(HEADER + (BLOCK_FREE << 2), load<u32>(block, BLOCK_NEXT));
  } else {
    block = load<u32>(HEADER + (BLOCK_TOP << 2));
    if (block + BLOCK_BYTES > load<u32>(HEADER + (MEMORY_END << 2))) return 0;
    store<u32>(HEADER + (BLOCK_TOP << 2), block + BLOCK_BYTES);
  }
  store<u32>(block, 0, BLOCK_NEXT);
  store<u32>(block, block + BLOCK_HEADER, BLOCK_END);
  store<u32>(HEADER + (BLOCKS_LIVE << 2), load<u32>(HEADER + (BLOCKS_LIVE << 2)) + 1);
  return block;
}

/** Gives a chain back at once: nothing refers to its bytes any more. */
export function freeChain(head: u32, tail: u32): void {
  let count: u32 = 1;
  for (let block = head; block !== tail; block = load<u32>(block, BLOCK_NEXT)) count++;
  store<u32>(tail, load<u32>(HEADER + (BLOCK_FREE << 2)), BLOCK_NEXT);
  store<u32>(HEADER + (BLOCK_FREE << 2), head);
  store<u32>(HEADER + (BLOCKS_LIVE << 2), load<u32>(HEADER + (BLOCKS_LIVE << 2)) - count);
}

/** Puts a chain on the list that releaseChains() frees: the host still reads its bytes until the next read(). */
export function releaseLater(head: u32, tail: u32): void {
  const first = load<u32>(HEADER + (RELEASE_HEAD << 2));
  if (first === 0) store<u32>(HEADER + (RELEASE_TAIL << 2), tail);
  store<u32>(tail, first, BLOCK_NEXT);
  store<u32>(HEADER + (RELEASE_HEAD << 2), head);
}

/** Frees what the last batch and message used. */
export function releaseChains(): void {
  const head = load<u32>(HEADER + (RELEASE_HEAD << 2));
  if (head === 0) return;
  freeChain(head, load<u32>(HEADER + (RELEASE_TAIL << 2)));
  store<u32>(HEADER + (RELEASE_HEAD << 2), 0);
}
