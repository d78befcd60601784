import * as C from '../../assembly/constants.js';
import { type CodecLimits, inForce, normaliseLimits } from '../../src/wasm/limits.js';
import { JsChunkParser } from './chunk-parser.js';
import type { JsMessage } from './message.js';

/**
 * The JavaScript parser behind the WASM codec's surface, so that both run the same conformance vectors. For tests: it
 * copies batches that {@link JsChunkParser.takeBatch} hands out without a copy.
 */
export class JsChunkCodec {
  readonly limits: CodecLimits;
  readonly #parser: JsChunkParser;
  /** Sums over the batch, at the BATCH_* indices of assembly/constants. */
  readonly header = new Uint32Array(C.HEADER_WORDS);
  readonly records: Uint32Array;
  #batch: Buffer = Buffer.alloc(0);
  #count = 0;

  constructor(options: { limits?: Partial<CodecLimits> } = {}) {
    this.limits = normaliseLimits(options.limits ?? {});
    this.#parser = new JsChunkParser(this.limits);
    this.setPublishing(false);
    this.records = this.#parser.records;
  }

  get input(): Buffer {
    return this.#parser.input;
  }

  /** @see JsChunkParser.next */
  next(start: number, end: number): number {
    const status = this.#parser.next(start, end);
    this.#count = this.#parser.batchCount;
    this.header[C.BATCH_MESSAGE_STREAM_ID] = this.#parser.batchMessageStreamId;
    this.#batch = this.#parser.takeBatch();
    this.#sum();
    return status;
  }

  get batchCount(): number {
    return this.#count;
  }

  get batchBytes(): number {
    return this.#batch.length;
  }

  get batchMessageStreamId(): number {
    return this.header[C.BATCH_MESSAGE_STREAM_ID];
  }

  get message(): JsMessage {
    return this.#parser.message;
  }

  get dropped(): number {
    return this.#parser.dropped;
  }

  /** Copies the batch to `target[offset, offset + batchBytes)`. */
  copyBatch(target: Uint8Array, offset: number): void {
    target.set(this.#batch, offset);
  }

  /** Raises the limits for a publisher. */
  setPublishing(on: boolean): void {
    const { maxMediaBytes, maxMediaBytesBeforePublish } = this.limits;
    this.#parser.setBounds({
      ...inForce(this.limits, on),
      maxMediaBytes: on ? maxMediaBytes : maxMediaBytesBeforePublish,
    });
  }

  /** @see ChunkCodec.beginTimeline */
  beginTimeline(messageStreamId: number, from?: number): void {
    this.#parser.timelines.begin(messageStreamId, from ?? -1);
  }

  #sum(): void {
    const { header, records } = this;
    const words = [C.BATCH_AUDIO, C.BATCH_VIDEO, C.BATCH_FLAGS, C.BATCH_PAYLOAD_BYTES, C.BATCH_VIDEO_BYTES];
    for (const word of words) header[word] = 0;
    for (let r = 0; r < this.#count * C.RECORD_WORDS; r += C.RECORD_WORDS) {
      const type = records[r + C.RECORD_TYPE_FLAGS] & 0xff;
      header[type === 8 ? C.BATCH_AUDIO : C.BATCH_VIDEO]++;
      header[C.BATCH_FLAGS] |= records[r + C.RECORD_TYPE_FLAGS] >>> 8;
      header[C.BATCH_PAYLOAD_BYTES] += records[r + C.RECORD_PAYLOAD_BYTES];
      if (type === 9) header[C.BATCH_VIDEO_BYTES] += records[r + C.RECORD_PAYLOAD_BYTES];
    }
  }
}
