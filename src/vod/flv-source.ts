import { SluiceError } from '../core/errors.js';
import { BACK_POINTER_BYTES, FlvTagType, TAG_HEADER_BYTES } from '../flv/flv-format.js';
import type { FlvIndex, PlacedHeader } from '../flv/flv-index.js';
import { readTagHeader } from '../flv/flv-tag-header.js';
import { writeAmf0 } from '../protocol/messages/amf0-writer.js';
import { lastAtOrBefore } from './last-at-or-before.js';
import type { Beginning, MediaMessage, MediaSource, Piece, Place, ReadPart } from './media-source.js';

/** An FLV file as messages: its tags, unchanged. */
export class FlvSource implements MediaSource {
  readonly metadata: Buffer;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly heldBytes: number;
  readonly #index: FlvIndex;
  readonly #read: ReadPart;

  constructor(index: FlvIndex, read: ReadPart) {
    this.#index = index;
    this.#read = read;
    this.firstMs = index.firstMs;
    this.lastMs = Math.max(index.firstMs, index.lastMs);
    const duration = (this.lastMs - this.firstMs) / 1000;
    this.metadata = index.metadata ?? writeAmf0('onMetaData', { duration });
    const headerBytes = index.headers.reduce((sum, { payload }) => sum + payload.length, 0);
    this.heldBytes = index.times.byteLength + index.positions.byteLength + headerBytes + this.metadata.length;
  }

  beginAt(ms: number): Beginning {
    const { times, positions, begin, firstMs, headers } = this.#index;
    const at = lastAtOrBefore(times, ms);
    // Before the first keyframe stand its decoder configuration, and audio.
    if (at <= 0) return { place: [begin, 0], messages: [], ms: firstMs };
    const position = positions[at]!;
    const last = new Map<string, PlacedHeader>();
    for (const header of headers) if (header.position < position) last.set(header.key, header);
    const timestamp = times[at]!;
    const messages = [...last.values()].map(({ type, payload }) => ({
      ...{ type, timestamp },
      parts: [Buffer.from(payload.buffer, payload.byteOffset, payload.length)],
    }));
    return { place: [position, 0], messages, ms: timestamp };
  }

  read(place: Place, untilMs: number, maxBytes: number): Piece | Promise<Piece> {
    const [position] = place;
    const bytes = this.#read(position, Math.min(maxBytes, this.#index.end - position));
    if (bytes instanceof Promise) return bytes.then((read) => this.#piece(position, read, untilMs));
    return this.#piece(position, bytes, untilMs);
  }

  #piece(from: number, bytes: Buffer, untilMs: number): Piece | Promise<Piece> {
    const { end, metadataPosition } = this.#index;
    const messages: MediaMessage[] = [];
    let position = from;
    while (position < end) {
      const at = position - from;
      if (at + TAG_HEADER_BYTES > bytes.length) return this.#rest(messages, position, untilMs, TAG_HEADER_BYTES);
      const header = readTagHeader(bytes, at);
      if (header === undefined) throw new SluiceError('ERR_VOD_FILE', 'it has changed since it was opened');
      const { type, timestamp, bodyBytes } = header;
      if (timestamp > untilMs) return { messages, place: [position, 0], nextMs: timestamp };
      const wholeBytes = TAG_HEADER_BYTES + bodyBytes + BACK_POINTER_BYTES;
      if (at + wholeBytes > bytes.length) return this.#rest(messages, position, untilMs, wholeBytes, timestamp);
      const body = bytes.subarray(at + TAG_HEADER_BYTES, at + TAG_HEADER_BYTES + bodyBytes);
      // Metadata was sent first, with a duration. A tag at a far place may have the same position as none.
      const isSent = position === metadataPosition && type === FlvTagType.Script;
      if (!isSent) messages.push({ type, timestamp, parts: [body] });
      position += wholeBytes;
    }
    return { messages, place: [position, 0], nextMs: undefined };
  }

  /** The bytes end in the middle of a tag: what was read before it is enough, or the tag is read as a whole. */
  #rest(
    messages: readonly MediaMessage[],
    position: number,
    untilMs: number,
    bytes: number,
    nextMs = messages.at(-1)?.timestamp ?? untilMs,
  ): Piece | Promise<Piece> {
    if (messages.length > 0) return { messages, place: [position, 0], nextMs };
    const wanted = Math.min(bytes, this.#index.end - position);
    if (wanted < bytes) throw new SluiceError('ERR_VOD_FILE', 'it has changed since it was opened');
    const whole = this.#read(position, wanted);
    if (whole instanceof Promise) return whole.then((read) => this.#piece(position, read, untilMs));
    return this.#piece(position, whole, untilMs);
  }
}
