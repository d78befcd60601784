import { frameMessage } from './framing.js';

/** Chunk stream ids that players see; the WASM writer uses the same for media. */
export const DATA_CHUNK_STREAM_ID = 5;
const DATA = 18;
const CHUNK_STREAM_IDS: Record<number, number> = { 8: 4, 9: 6 };

/** Metadata first, then audio, then video headers. */
const ORDER = [DATA, 8, 9];

/** A message that players must have before their first frame. */
export interface HeaderMessage {
  readonly type: number;
  readonly payload: Buffer;
}

interface CachedMessage extends HeaderMessage {
  /**
   * Log position of the first message of its slot. A player that begins there or before gets all messages of the slot
   * out of the log.
   */
  readonly position: number;
}

/**
 * A longer message, or one slot too many, is passed on to players and not kept: a publisher must not fill the memory
 * with headers.
 */
const MAX_MESSAGE_BYTES = 65_536;
const MAX_SLOTS = 128;
/** Bytes that a cached message takes besides its payload. */
const SLOT_BYTES = 128;

/**
 * The messages that a player must have before its first frame: the latest onMetaData, then audio, then video sequence
 * headers and Enhanced RTMP configuration (colour info, channel layout), for each track.
 */
export class HeaderCache {
  /** Messages that were passed on and not kept, because they or all together were too long, or had too many slots. */
  refused = 0;
  readonly #chunkSize: number;
  readonly #maxBytes: number;
  #bytes = 0;
  readonly #messages = new Map<string, CachedMessage>();
  #version = 0;
  #preamble: { version: number; timestamp: number; count: number; bytes: Buffer } | undefined;

  /** @param maxBytes payloads of all messages kept, `publish.maxHeaderBytes` */
  constructor(chunkSize: number, maxBytes: number = Number.POSITIVE_INFINITY) {
    this.#chunkSize = chunkSize;
    this.#maxBytes = maxBytes;
  }

  /** Bytes held: the messages, and their framed form for players. */
  get heldBytes(): number {
    return this.#bytes + this.#messages.size * SLOT_BYTES + (this.#preamble?.bytes.length ?? 0);
  }

  /** Grows whenever what {@link preamble} returns changes. */
  get version(): number {
    return this.#version;
  }

  /**
   * Keeps `payload` (transferred) as the latest of its slot.
   *
   * @param position log position of the message itself
   * @returns false when it equals the payload that was there: encoders repeat headers, and a repeat changes nothing
   */
  set(slot: string, type: number, payload: Buffer, position: number): boolean {
    const old = this.#messages.get(slot);
    if (old?.payload.equals(payload)) return false;
    const bytes = this.#bytes - (old?.payload.length ?? 0) + payload.length;
    const tooMany = old === undefined && this.#messages.size >= MAX_SLOTS;
    if (payload.length > MAX_MESSAGE_BYTES || bytes > this.#maxBytes || tooMany) {
      this.refused++;
      this.delete(slot);
      return old !== undefined;
    }
    this.#bytes = bytes;
    this.#messages.set(slot, { type, payload, position: old?.position ?? position });
    this.#version++;
    return true;
  }

  /** Forgets a slot (`@clearDataFrame`). */
  delete(slot: string): void {
    const old = this.#messages.get(slot);
    if (old === undefined) return;
    this.#messages.delete(slot);
    this.#bytes -= old.payload.length;
    this.#version++;
  }

  /** The payload cached in a slot; borrowed. */
  get(slot: string): Buffer | undefined {
    return this.#messages.get(slot)?.payload;
  }

  /**
   * Whether the preamble of a player that begins at `before` has headers. The latest ones are used, whichever were in
   * force there.
   */
  hasHeaders(before: number): boolean {
    for (const { type, position } of this.#messages.values()) if (type !== DATA && position < before) return true;
    return false;
  }

  /**
   * The cached messages for a player that begins at `before`, in the order in which it needs them; borrowed. Within one
   * version the same number of messages means the same messages: the set only grows with `before`.
   */
  due(before: number): { readonly due: readonly HeaderMessage[]; readonly complete: boolean } {
    const due = [...this.#messages.values()].filter(({ position }) => position < before);
    const complete = due.length === this.#messages.size;
    return { due: due.sort((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type)), complete };
  }

  /**
   * The cached messages framed for a player. Sequence headers get the time of the first frame that follows (with 0,
   * players see a jump). Metadata gets 0, because ffmpeg makes a bogus data stream of metadata with any other time and
   * then waits for the codec of that stream.
   *
   * @param before log position at which the player begins: messages from there on come out of the log, once
   * @returns an immutable shared Buffer, empty when there is nothing to send, and whether it holds all there is
   */
  preamble(timestamp: number, before: number): { readonly bytes: Buffer; readonly complete: boolean } {
    const { due, complete } = this.due(before);
    const ready = this.#preamble;
    if (ready?.version === this.#version && ready.timestamp === timestamp && ready.count === due.length) {
      return { bytes: ready.bytes, complete };
    }
    const bytes = Buffer.concat(
      due.map(({ type, payload }) =>
        frameMessage(
          CHUNK_STREAM_IDS[type] ?? DATA_CHUNK_STREAM_ID,
          type,
          type === DATA ? 0 : timestamp,
          payload,
          this.#chunkSize,
        ),
      ),
    );
    this.#preamble = { version: this.#version, timestamp, count: due.length, bytes };
    return { bytes, complete };
  }
}
