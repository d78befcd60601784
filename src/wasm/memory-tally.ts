/** What several linear memories take together, in bytes. Each codec on it keeps it up to date ({@link ChunkCodec.countIn}). */
export interface MemoryTally {
  /** Of unfinished messages. */
  reassembly: number;
  /** Of everything else that was touched. */
  touched: number;
}

/** @returns one with nothing on it */
export function emptyTally(): MemoryTally {
  return { reassembly: 0, touched: 0 };
}
