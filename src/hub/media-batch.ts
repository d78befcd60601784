import type { FrameTarget } from '../wasm/chunk-codec.js';
import type { SlabArea } from '../wasm/slab-area.js';

/** A batch of framed media as the WASM module leaves it. A ChunkCodec is one. Valid during the call only. */
export interface MediaBatch {
  /** Indexed by BATCH_*. */
  readonly header: Uint32Array;
  /** RECORD_WORDS words a message. */
  readonly records: Uint32Array;
  copyBatch(target: Uint8Array, offset: number): void;
}

/** A codec that can frame media where the log keeps it. The ChunkCodec of a publisher is one. */
export interface SlabCodec extends MediaBatch {
  readonly slabs: SlabArea | undefined;
  target: FrameTarget | undefined;
  aim(address: number, end: number): void;
}
