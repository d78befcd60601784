import * as C from '../../assembly/constants.js';
import type { FlvTag } from '../flv/flv-format.js';
import type { CodecMessage } from '../wasm/chunk-codec.js';
import { ChunkCodec, Status } from '../wasm/chunk-codec.js';

/** Chunks never end inside a message, so that each payload lies in one piece behind its 12 or 16 header bytes. */
const CONTIGUOUS = 0xffffff;
const MAX_MESSAGE_BYTES = 0xffffff;

/** A tag with its timestamp unwrapped past 32 bits, for time that goes on. */
export interface MediaTag extends FlvTag {
  /** Milliseconds; grows past 2^32 where `timestamp` wraps. */
  readonly unwrapped: number;
}

/** What {@link MediaReader.read} hands out, in order of completion. */
export interface MediaReaderSink {
  /** One audio or video message; the payload is transferred. */
  media(tag: MediaTag): void;
  /** Any other message; borrowed until return. */
  message(message: CodecMessage): void;
}

/** A client's receiving half: socket bytes in, whole messages of any legal size out, in the WASM chunk reader. */
export class MediaReader {
  readonly #codec: ChunkCodec;
  /** 64 KiB of the reader's own memory that the socket reads into. */
  readonly input: Buffer;

  constructor() {
    this.#codec = new ChunkCodec({
      limits: {
        outChunkSize: CONTIGUOUS,
        maxMediaBytes: MAX_MESSAGE_BYTES,
        reassemblyBytes: 2 * MAX_MESSAGE_BYTES,
        slabBytes: 0,
      },
    });
    // A player's side has no one to distrust before publish; the large memory is reserved, not used, until messages are large.
    this.#codec.setPublishing(true);
    this.input = this.#codec.input;
  }

  /** Chunk stream bytes read so far. */
  get bytesIn(): number {
    return this.#codec.bytesIn;
  }

  /**
   * Takes `input[start, end)`.
   *
   * @throws SluiceError the chunk stream's error code when the server's bytes are no chunk stream
   */
  read(start: number, end: number, sink: MediaReaderSink): void {
    let status = this.#codec.next(start, end);
    for (;;) {
      if (this.#codec.batchCount > 0) this.#media(sink);
      if (status < 0) throw this.#codec.error(status);
      if (status === Status.NeedInput) return;
      if (status === Status.Message) sink.message(this.#codec.message);
      status = this.#codec.next(0, 0);
    }
  }

  #media(sink: MediaReaderSink): void {
    const codec = this.#codec;
    const batch = Buffer.allocUnsafe(codec.batchBytes);
    codec.copyBatch(batch, 0);
    const { records } = codec;
    const end = codec.batchCount * C.RECORD_WORDS;
    for (let at = 0; at < end; at += C.RECORD_WORDS) {
      const timestamp = records[at + C.RECORD_TIMESTAMP]!;
      const tail = records[at + C.RECORD_OFFSET]! + records[at + C.RECORD_FRAMED_BYTES]!;
      sink.media({
        type: records[at + C.RECORD_TYPE_FLAGS]! & 0xff,
        timestamp,
        unwrapped: records[at + C.RECORD_TIMESTAMP_HIGH]! * 2 ** 32 + timestamp,
        payload: batch.subarray(tail - records[at + C.RECORD_PAYLOAD_BYTES]!, tail),
      });
    }
  }
}
