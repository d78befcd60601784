import { RECORD_WORDS } from '../../assembly/constants.js';
import type { MediaBatch } from '../hub/media-batch.js';
import type { ChunkCodec } from '../wasm/chunk-codec.js';

/**
 * A copy of the batch that lies in a codec, which keeps it only until it reads on.
 *
 * @param codec borrowed until return
 */
export function heldBatch(codec: ChunkCodec): MediaBatch {
  const bytes = Buffer.alloc(codec.batchBytes);
  codec.copyBatch(bytes, 0);
  return {
    header: codec.header.slice(),
    records: codec.records.slice(0, codec.batchCount * RECORD_WORDS),
    copyBatch: (target, offset) => target.set(bytes, offset),
  };
}
