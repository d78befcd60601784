/**
 * Bytes that several linear memories take together. Each codec that is counted in it keeps it up to date ({@link
 * ChunkCodec.countIn}).
 */
export interface MemoryTally {
  /** Bytes of unfinished messages. */
  reassembly: number;
  /** Bytes of everything else that was touched. */
  touched: number;
}

/** @returns a tally with nothing counted */
export function emptyTally(): MemoryTally {
  return { reassembly: 0, touched: 0 };
}
