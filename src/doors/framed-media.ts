import type { ChunkCodec } from '../wasm/chunk-codec.js';
import type { RunningPublish } from './published-stream.js';

/**
 * Media that a codec reads on some message streams becomes part of a stream from here on: it is framed in the stream's
 * log, where the log takes the codec, and its timestamps go on from those that players have got.
 *
 * @param codec borrowed; {@link endMedia} and the end of the publish let it go
 */
export function beginMedia(codec: ChunkCodec, run: RunningPublish, messageStreamIds: Iterable<number>): void {
  codec.setPublishing(true);
  run.publication.writer.frameFrom(codec);
  for (const id of messageStreamIds) codec.beginTimeline(id, run.resumeTimestamp);
}

/** What comes on these message streams belongs to no stream any more. */
export function endMedia(codec: ChunkCodec, messageStreamIds: Iterable<number>): void {
  for (const id of messageStreamIds) codec.endTimeline(id);
}
