import { AmfMarker } from '../messages/amf0-writer.js';

/** Markers that the writer has no use for (AMF 0 §2.1). */
const UNSUPPORTED = 0x0d;
const XML = 0x0f;
const TYPED_OBJECT = 0x10;

/** Deepest nesting, as `limits.amfDepth` has it for commands. */
const MAX_DEPTH = 32;
/** Most values inside one. */
const MAX_VALUES = 4096;

/**
 * Finds the end of one AMF0 value. Slots are kept and passed on as they came, and a value that breaks the rules would
 * break whoever reads it next. References (they count from the beginning of a message, which a slot outlives), AMF3 and
 * the reserved markers are refused.
 *
 * @param bytes borrowed
 * @param at where the marker of the value is
 * @returns the index behind the value; -1 when there is no such value within `bytes`, or it is nested over 32 levels or
 *   holds over 4096 values
 */
export function valueEnd(bytes: Buffer, at: number): number {
  return new Skimmer(bytes).value(at, 0);
}

class Skimmer {
  readonly #bytes: Buffer;
  #left = MAX_VALUES;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(at: number, depth: number): number {
    if (at >= this.#bytes.length || depth > MAX_DEPTH || --this.#left < 0) return -1;
    const from = at + 1;
    switch (this.#bytes[at]) {
      case AmfMarker.Null:
      case AmfMarker.Undefined:
      case UNSUPPORTED:
        return from;
      case AmfMarker.Boolean:
        return this.#skip(from, 1);
      case AmfMarker.Number:
        return this.#skip(from, 8);
      case AmfMarker.Date:
        return this.#skip(from, 10);
      case AmfMarker.String:
        return this.#text(from, 2);
      case AmfMarker.LongString:
      case XML:
        return this.#text(from, 4);
      case AmfMarker.Object:
        return this.#members(from, depth);
      case AmfMarker.EcmaArray:
        // Its count is a hint: encoders write 0, or any other number.
        return this.#members(this.#skip(from, 4), depth);
      case TYPED_OBJECT:
        return this.#members(this.#text(from, 2), depth);
      case AmfMarker.StrictArray:
        return this.#items(from, depth);
      default:
        return -1;
    }
  }

  #skip(from: number, size: number): number {
    return from < 0 || from + size > this.#bytes.length ? -1 : from + size;
  }

  /** Text behind its length of `width` bytes. */
  #text(from: number, width: 2 | 4): number {
    const start = this.#skip(from, width);
    return start < 0 ? -1 : this.#skip(start, this.#bytes.readUIntBE(from, width));
  }

  #members(from: number, depth: number): number {
    let at = from;
    while (at >= 0) {
      const value = this.#text(at, 2);
      if (value < 0) return -1;
      const isEnd = value === at + 2 && this.#bytes[value] === AmfMarker.ObjectEnd;
      if (isEnd) return value + 1;
      // Only the end has an empty name.
      at = value === at + 2 ? -1 : this.value(value, depth + 1);
    }
    return -1;
  }

  #items(from: number, depth: number): number {
    let at = this.#skip(from, 4);
    if (at < 0) return -1;
    // The count is checked against what may still come before anything is done for it.
    const count = this.#bytes.readUInt32BE(from);
    if (count > this.#left) return -1;
    for (let i = 0; i < count && at >= 0; i++) at = this.value(at, depth + 1);
    return at;
  }
}
