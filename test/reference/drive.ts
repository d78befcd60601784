import * as C from '../../assembly/constants.js';
import { JsChunkCodec } from '../../bench/js-parser/codec.js';
import { ChunkCodec } from '../../src/wasm/chunk-codec.js';
import type { WasmFlavour } from '../../src/wasm/instance.js';
import { type CodecLimits, inForce, normaliseLimits } from '../../src/wasm/limits.js';
import { type ReadMessage, ReferenceChunkReader } from './chunk-reader.js';
import { DirectCodec } from './frame-in-place.js';
import type { BegunPublish } from './timelines.js';

/** What an implementation made of a byte stream. */
export interface ReadResult {
  readonly messages: ReadMessage[];
  /** 0, or the negative code that ended reading. */
  readonly error: number;
  readonly dropped: number;
}

/** Which implementation reads. */
export type Implementation = WasmFlavour | 'reference' | 'javascript' | InPlace;

/** The WASM codec framing into regions of so many bytes of its own memory. */
export type InPlace = `${WasmFlavour} in ${number}`;

/** What is driven here: the WASM codec, or the bench's JavaScript parser behind the same surface. */
type Codec = Pick<
  ChunkCodec,
  | 'input'
  | 'next'
  | 'batchCount'
  | 'batchBytes'
  | 'batchMessageStreamId'
  | 'copyBatch'
  | 'header'
  | 'records'
  | 'dropped'
  | 'limits'
> & { readonly message: Omit<ChunkCodec['message'], 'readAmf0'> };

/** How a run is set up. */
export interface ReadOptions {
  readonly limits?: Partial<CodecLimits>;
  readonly publishing?: boolean;
  /** Publishes that begin before the first byte. */
  readonly publishes?: readonly BegunPublish[];
}

/** Reads pieces with the reference implementation. */
export function readWithReference(pieces: readonly Uint8Array[], options: ReadOptions = {}): ReadResult {
  const publishing = options.publishing ?? false;
  const reader = new ReferenceChunkReader(inForce(normaliseLimits(options.limits ?? {}), publishing), publishing);
  for (const publish of options.publishes ?? []) reader.timelines.begin(publish);
  for (const piece of pieces) reader.push(piece);
  return { messages: reader.messages, error: reader.error, dropped: reader.dropped };
}

/** Reads pieces with a codec; the payload of media is taken back out of the framed bytes by undoing the framing. */
export function readWithCodec(codec: Codec, pieces: readonly Uint8Array[]): ReadResult {
  const messages: ReadMessage[] = [];
  let error = 0;
  for (const piece of pieces) {
    for (let from = 0; from < piece.length && error === 0; from += C.INPUT_BYTES) {
      const part = piece.subarray(from, from + C.INPUT_BYTES);
      codec.input.set(part);
      let status = codec.next(0, part.length);
      for (;;) {
        if (codec.batchCount > 0) takeBatch(codec, messages);
        if (status === C.STATUS_NEED_INPUT) break;
        if (status < 0) {
          error = status;
          break;
        }
        if (status === C.STATUS_MESSAGE) {
          const { type, messageStreamId, timestamp, payload, chunkStreamId } = codec.message;
          messages.push({ type, messageStreamId, timestamp, payload: Buffer.from(payload), chunkStreamId });
        }
        status = codec.next(0, 0);
      }
    }
  }
  return { messages, error, dropped: codec.dropped };
}

function begin(codec: Pick<ChunkCodec, 'beginTimeline'>, { publishes = [] }: ReadOptions): void {
  for (const { messageStreamId, from } of publishes) codec.beginTimeline(messageStreamId, from);
}

const codecs = new Map<string, ChunkCodec>();

/** Reads pieces with a codec of these limits: a wiped one when there is one, so each run also tests wipe(). */
export function readWithWasm(
  flavour: WasmFlavour,
  pieces: readonly Uint8Array[],
  options: ReadOptions = {},
): ReadResult {
  const key = JSON.stringify([flavour, options]);
  const codec = codecs.get(key) ?? new ChunkCodec({ flavour, limits: options.limits });
  if (options.publishing) codec.setPublishing(true);
  begin(codec, options);
  const result = readWithCodec(codec, pieces);
  codecs.delete(key);
  if (codec.reusable) {
    codec.wipe();
    codecs.set(key, codec);
  }
  return result;
}

const inPlace = new Map<string, DirectCodec>();

/** Reads pieces with a codec that frames into regions of its own memory, and checks those. */
export function readInPlace(by: InPlace, pieces: readonly Uint8Array[], options: ReadOptions = {}): ReadResult {
  const key = JSON.stringify([by, options]);
  const [flavour, , bytes] = by.split(' ');
  const codec =
    inPlace.get(key) ?? new DirectCodec({ ...options, flavour: flavour as WasmFlavour, regionBytes: Number(bytes) });
  inPlace.set(key, codec);
  begin(codec, options);
  const result = readWithCodec(codec, pieces);
  codec.verify();
  codec.reset();
  return result;
}

/** Reads pieces with the bench's JavaScript parser. */
export function readWithJavaScript(pieces: readonly Uint8Array[], options: ReadOptions = {}): ReadResult {
  const codec = new JsChunkCodec({ limits: options.limits });
  if (options.publishing) codec.setPublishing(true);
  begin(codec, options);
  return readWithCodec(codec, pieces);
}

/** Reads pieces with any of the implementations. */
export function readWith(by: Implementation, pieces: readonly Uint8Array[], options: ReadOptions = {}): ReadResult {
  if (by === 'reference') return readWithReference(pieces, options);
  if (by === 'javascript') return readWithJavaScript(pieces, options);
  return by === 'release' || by === 'debug' ? readWithWasm(by, pieces, options) : readInPlace(by, pieces, options);
}

/** Cuts bytes into pieces of `size`. */
export function split(bytes: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

function takeBatch(codec: Codec, messages: ReadMessage[]): void {
  const batch = Buffer.alloc(codec.batchBytes);
  codec.copyBatch(batch, 0);
  const { records, limits } = codec;
  let audio = 0;
  let flagsOfAll = 0;
  let payloadBytes = 0;
  let videoBytes = 0;
  for (let index = 0; index < codec.batchCount; index++) {
    const r = index * C.RECORD_WORDS;
    const type = records[r] & 255;
    const flags = records[r] >>> 8;
    const offset = records[r + C.RECORD_OFFSET];
    const framed = Buffer.from(batch.subarray(offset, offset + records[r + C.RECORD_FRAMED_BYTES]));
    const length = records[r + C.RECORD_PAYLOAD_BYTES];
    if (type === 8) audio++;
    flagsOfAll |= flags;
    payloadBytes += length;
    if (type === 9) videoBytes += length;
    const track = records[r + C.RECORD_TRACK];
    messages.push({
      type,
      messageStreamId: codec.batchMessageStreamId,
      timestamp: records[r + C.RECORD_TIMESTAMP] + records[r + C.RECORD_TIMESTAMP_HIGH] * 2 ** 32,
      payload: unframe(framed, length, limits.outChunkSize),
      framed,
      facts: {
        flags,
        codec: records[r + C.RECORD_CODEC],
        trackId: track & 255,
        packetType: (track >> 8) & 255,
        frameType: (track >> 16) & 255,
      },
    });
  }
  const words = [C.BATCH_AUDIO, C.BATCH_VIDEO, C.BATCH_FLAGS, C.BATCH_PAYLOAD_BYTES, C.BATCH_VIDEO_BYTES];
  const sums = words.map((word) => codec.header[word]);
  const wanted = [audio, codec.batchCount - audio, flagsOfAll, payloadBytes, videoBytes];
  if (sums.join() !== wanted.join())
    throw new Error(`batch sums ${sums.join()} differ from the records' ${wanted.join()}`);
}

function unframe(framed: Buffer, length: number, chunkSize: number): Buffer {
  const ext = framed.readUIntBE(1, 3) === 0xffffff ? 4 : 0;
  const payload = Buffer.alloc(length);
  let from = 12 + ext;
  for (let at = 0; at < length; at += chunkSize) {
    if (at > 0) from += 1 + ext;
    from += framed.copy(payload, at, from, from + Math.min(chunkSize, length - at));
  }
  return payload;
}

/** A result as text, one line per message: quick to compare, and readable where two differ. */
export function inWords(result: ReadResult): string {
  const lines = result.messages.map((m) => {
    const facts = m.facts === undefined ? `csid ${m.chunkStreamId}` : Object.values(m.facts).join();
    const framed = m.framed === undefined ? '' : ` framed ${m.framed.toString('hex')}`;
    return `${m.type} msid ${m.messageStreamId} ts ${m.timestamp} ${facts} ${m.payload.toString('hex')}${framed}`;
  });
  return [...lines, `error ${result.error}`, `dropped ${result.dropped}`].join('\n');
}
