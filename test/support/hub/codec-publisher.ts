import type { Publication } from '../../../src/hub/publication.js';
import { ChunkCodec, Status } from '../../../src/wasm/chunk-codec.js';
import { chunks } from '../rtmp-wire.js';
import { CHUNK_SIZE, type Message } from './media.js';

/** Reads come in pieces of this size, so that messages lie open at the end of most. */
const READ_BYTES = 5003;

/** A publisher whose codec frames straight into the log: what a connection does, without the connection. */
export class CodecPublisher {
  readonly codec: ChunkCodec;
  readonly #publication: Publication;
  #unsent: Buffer = Buffer.alloc(0);
  /** Batches that needed no copy, and all. */
  inPlace = 0;
  batches = 0;

  constructor(publication: Publication, slabBytes: number) {
    const codec = new ChunkCodec({ limits: { outChunkSize: CHUNK_SIZE, slabBytes } });
    codec.setPublishing(true);
    this.codec = codec;
    this.#publication = publication;
    const { slabs } = codec;
    if (slabs !== undefined) {
      const release = slabs.release.bind(slabs);
      // Whoever still reads from a region that went back is found out.
      slabs.release = (region) => {
        region.buffer.fill(0xdd);
        release(region);
      };
    }
    publication.writer.frameFrom(codec);
  }

  /** Reads whole pieces; what is left of the bytes waits for the next call, or {@link flush}. */
  send(messages: readonly Message[], nowMs: number): void {
    const wire = messages.map(({ kind, timestamp, payload }) => {
      const audio = kind === 'audio' || kind === 'audioHeader';
      return chunks({
        type: audio ? 8 : 9,
        timestamp,
        messageStreamId: 1,
        payload,
        chunkStreamId: audio ? 4 : 6,
      });
    });
    this.#unsent = Buffer.concat([this.#unsent, ...wire]);
    while (this.#unsent.length >= READ_BYTES) this.#read(READ_BYTES, nowMs);
  }

  flush(nowMs: number): void {
    if (this.#unsent.length > 0) this.#read(this.#unsent.length, nowMs);
  }

  #read(bytes: number, nowMs: number): void {
    const { codec } = this;
    codec.input.set(this.#unsent.subarray(0, bytes));
    this.#unsent = this.#unsent.subarray(bytes);
    let status = codec.next(0, bytes);
    for (;;) {
      if (status < 0) throw codec.error(status);
      if (codec.batchCount > 0) this.#append(nowMs);
      if (status === Status.NeedInput) return;
      status = codec.next(0, 0);
    }
  }

  #append(nowMs: number): void {
    const { log } = this.#publication;
    const slab = log.last;
    const used = slab?.used ?? 0;
    const address = this.codec.batchAddress;
    this.batches++;
    if (slab !== undefined && slab.address > 0 && slab.address + used === address) this.inPlace++;
    this.#publication.append(this.codec, nowMs);
  }
}
