import type { CodecLimits } from '../wasm/limits.js';
import { StreamWalker, type WalkStart } from './stream-walker.js';

/** Bytes of one block. A block is longer than the handshake, so only the first one begins before or in it. */
const BLOCK_BYTES = 4096;

interface Block {
  readonly start: WalkStart;
  readonly bytes: Buffer;
  used: number;
}

/**
 * The last bytes that a client sent, with the place from which they can be read. They lie in blocks of 4 KiB, and the
 * oldest block goes for a new one. A walker follows the stream, so that each block knows where the reader stood at its
 * beginning; behind a fault nothing more is kept, since nothing could read it. The walker costs about 3 µs for each
 * chunk, and no memory that the limits do not bound.
 */
export class LastBytes {
  /** Bytes received in all. */
  received = 0;
  readonly #walker: StreamWalker;
  readonly #maxBlocks: number;
  readonly #blocks: Block[] = [];

  /**
   * @param limits those in force for the connection
   * @param keptBytes most bytes that are kept, at least 8192
   */
  constructor(limits: CodecLimits, keptBytes: number) {
    this.#walker = new StreamWalker(limits, { places: false });
    this.#maxBlocks = Math.max(2, Math.floor(keptBytes / BLOCK_BYTES));
  }

  /** Memory that is held now, in bytes. */
  get heldBytes(): number {
    return this.#blocks.length * BLOCK_BYTES + this.#walker.leftOver.heldBytes;
  }

  /** Takes in what came. @param bytes borrowed */
  add(bytes: Buffer): void {
    this.received += bytes.length;
    for (let at = 0; at < bytes.length && !this.#walker.failed; ) {
      const block = this.#blockWithRoom();
      const taken = bytes.copy(block.bytes, block.used, at);
      block.used += taken;
      this.#follow(bytes.subarray(at, at + taken));
      at += taken;
    }
  }

  /** What is kept: where it begins, and a copy of the bytes. */
  get kept(): { readonly start: WalkStart; readonly bytes: Buffer } {
    const start = this.#blocks[0]?.start ?? BEGINNING;
    return { start, bytes: Buffer.concat(this.#blocks.map(({ bytes, used }) => bytes.subarray(0, used))) };
  }

  #follow(bytes: Buffer): void {
    for (const { kind } of this.#walker.push(bytes)) if (kind === 'fault') return;
  }

  #blockWithRoom(): Block {
    const last = this.#blocks.at(-1);
    if (last === undefined) {
      const first = { start: BEGINNING, bytes: Buffer.alloc(BLOCK_BYTES), used: 0 };
      this.#blocks.push(first);
      return first;
    }
    if (last.used < BLOCK_BYTES) return last;
    // A header that lies across the edge is read from its first byte on, so that byte begins the new block.
    const { headerBytes } = this.#walker.leftOver;
    const head = Buffer.from(last.bytes.subarray(last.used - headerBytes, last.used));
    last.used -= headerBytes;
    const bytes = this.#blocks.length < this.#maxBlocks ? Buffer.alloc(BLOCK_BYTES) : this.#blocks.shift()!.bytes;
    const next = { start: this.#walker.restart, bytes, used: head.copy(bytes) };
    this.#blocks.push(next);
    return next;
  }
}

const BEGINNING: WalkStart = { at: 0, from: undefined, publishing: false };
