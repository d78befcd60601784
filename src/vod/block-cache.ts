/** Bytes of a block: what one read of a file fetches. */
export const BLOCK_BYTES = 131_072;

/** The read of a block of a file; fewer bytes than a block at the end of the file. */
type ReadBlock = (block: number) => Promise<Buffer>;

/**
 * Blocks of files that were read last, for all players together. A block that many want at once is read once. Beyond
 * its bytes the block that was used longest ago goes; the page cache of the system has it still.
 */
export class BlockCache {
  /** `vod.cacheBytes`. */
  maxBytes: number;
  heldBytes = 0;
  /** Reads of files since the start. */
  reads = 0;
  /** By key, the block that was used longest ago first. */
  readonly #blocks = new Map<number, Buffer>();
  readonly #coming = new Map<number, Promise<Buffer>>();

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /**
   * A block of a file, at once when it is here.
   *
   * @param file a number that no other open file has
   * @returns immutable, shared
   */
  get(file: number, block: number, read: ReadBlock): Buffer | Promise<Buffer> {
    const key = keyOf(file, block);
    const here = this.#blocks.get(key);
    if (here === undefined) return this.#coming.get(key) ?? this.#read(key, block, read);
    this.#blocks.delete(key);
    this.#blocks.set(key, here);
    return here;
  }

  /** Lets go of blocks until so many bytes are free. @returns bytes that are free now */
  free(bytes: number): number {
    let freed = 0;
    for (const [key, block] of this.#blocks) {
      if (freed >= bytes) break;
      this.#blocks.delete(key);
      freed += block.length;
    }
    this.heldBytes -= freed;
    return freed;
  }

  async #read(key: number, block: number, read: ReadBlock): Promise<Buffer> {
    this.reads++;
    const coming = read(block);
    this.#coming.set(key, coming);
    try {
      const bytes = await coming;
      this.#blocks.set(key, bytes);
      this.heldBytes += bytes.length;
      if (this.heldBytes > this.maxBytes) this.free(this.heldBytes - this.maxBytes);
      return bytes;
    } finally {
      this.#coming.delete(key);
    }
  }
}

/** Files have up to 2^31 blocks, which is 256 TB; the product stays exact for four million files. */
function keyOf(file: number, block: number): number {
  return file * 2 ** 31 + block;
}
