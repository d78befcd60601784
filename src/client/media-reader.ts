import * as C from '../../assembly/constants.js';
import type { FlvTag } from '../flv/flv-format.js';
import { ChunkCodec } from '../wasm/chunk-codec.js';

/** Chunks never end inside a message, so that each payload lies in one piece behind its 12 or 16 header bytes. */
const CONTIGUOUS = 0xffffff;
const MAX_MESSAGE_BYTES = 0xffffff;

/** A tag with its timestamp unwrapped past 32 bits, for time that goes on. */
export interface MediaTag extends FlvTag {
  /** Milliseconds; grows past 2^32 where `timestamp` wraps. */
  readonly unwrapped: number;
}

/** A codec for media of any legal size from a server that is trusted with it; {@link copyTags} takes tags out of it. */
export function newTagCodec(): ChunkCodec {
  const codec = new ChunkCodec({
    limits: {
      outChunkSize: CONTIGUOUS,
      maxMediaBytes: MAX_MESSAGE_BYTES,
      reassemblyBytes: 2 * MAX_MESSAGE_BYTES,
      slabBytes: 0,
    },
  });
  // A player's side has no one to distrust before publish; the large memory is reserved, not used, until messages are
  // large.
  codec.setPublishing(true);
  return codec;
}

/**
 * Copies the batch of a {@link newTagCodec} out, message by message in order of completion.
 *
 * @param media gets each audio and video message; the payload is transferred
 */
export function copyTags(codec: ChunkCodec, media: (tag: MediaTag) => void): void {
  const batch = Buffer.allocUnsafe(codec.batchBytes);
  codec.copyBatch(batch, 0);
  const { records } = codec;
  const end = codec.batchCount * C.RECORD_WORDS;
  for (let at = 0; at < end; at += C.RECORD_WORDS) {
    const timestamp = records[at + C.RECORD_TIMESTAMP]!;
    const tail = records[at + C.RECORD_OFFSET]! + records[at + C.RECORD_FRAMED_BYTES]!;
    media({
      type: records[at + C.RECORD_TYPE_FLAGS]! & 0xff,
      timestamp,
      unwrapped: records[at + C.RECORD_TIMESTAMP_HIGH]! * 2 ** 32 + timestamp,
      payload: batch.subarray(tail - records[at + C.RECORD_PAYLOAD_BYTES]!, tail),
    });
  }
}
