import { type ErrorCode, SluiceError } from '../../core/errors.js';
import type { AmfValue } from '../../wasm/amf-value.js';
import { AmfEcmaArray, type AmfInput, AmfMarker, writeAmf0Within } from './amf0-writer.js';
import { isAmfObject } from './call.js';
import { MessageType } from './message-types.js';

const SET_DATA_FRAME = '@setDataFrame';
/** Some encoders leave the `@` out. */
const BARE_SET_DATA_FRAME = 'setDataFrame';
const METADATA = 'onMetaData';
const CLEAR_DATA_FRAME = '@clearDataFrame';
const STRING_HEADER_BYTES = 3;
/** The marker of a string in AMF3 (AMF 3 §3.8). */
const AMF3_STRING = 0x06;
const MAX_NAME_BYTES = 256;
/**
 * Rewritten values take at most so many times their bytes. Text that is not UTF-8 takes three times as many, small AMF3
 * integers four and a half times, and AMF3 objects of one class, whose keys stand there once, more.
 */
const REWRITE_GROWTH = 16;
const REWRITE_SLACK_BYTES = 1024;

/** A publisher's data message: what players get, or the cached message that has to be forgotten. */
type DataMessage =
  | {
      readonly kind: 'set';
      readonly name: string;
      /** Type of the message for players. */
      readonly type: number;
      /** A copy. */
      readonly payload: Buffer;
      readonly values: readonly AmfValue[];
      /** Whether it came in an odd form and was normalised. */
      readonly isMended?: true;
    }
  | { readonly kind: 'clear'; readonly name: string }
  /** `onMetaData` without content: players would make a track of it that never gets a frame. */
  | { readonly kind: 'empty' };

/**
 * Takes a data message apart. `@setDataFrame` is removed; everything else is passed on unchanged. Values that some
 * players cannot read (AMF3 values, an object without its end) are rewritten as AMF0, in which byte arrays alone stay
 * AMF3 behind marker 11. So are odd forms of some encoders: plain values before the name, `setDataFrame` without its
 * `@`, or either of them twice.
 *
 * @param type 18, or 15 with its leading zero byte
 * @param payload borrowed until return
 * @param values the payload's AMF values
 * @returns `undefined` when it is no data message: ffmpeg sends four bytes that are no AMF for a time code track; the
 *   error's code when it cannot be rewritten within bounds
 */
export function readDataMessage(
  type: number,
  payload: Uint8Array,
  values: readonly AmfValue[],
): DataMessage | ErrorCode | undefined {
  const sent = normalised(values);
  const [first, second] = sent;
  if (typeof first !== 'string') return undefined;
  if (first === CLEAR_DATA_FRAME) return isName(second) ? { kind: 'clear', name: second } : undefined;
  const isSet = first === SET_DATA_FRAME;
  const name = isSet ? second : first;
  if (!isName(name)) return undefined;
  const rest = sent.slice(isSet ? 2 : 1);
  if (name === METADATA && !hasContent(rest[0])) return { kind: 'empty' };
  const start = type === MessageType.DataAmf3 ? 1 : 0;
  const bytes = payload.subarray(start + (isSet ? STRING_HEADER_BYTES + SET_DATA_FRAME.length : 0));
  const maxBytes = REWRITE_GROWTH * bytes.length + REWRITE_SLACK_BYTES;
  const isPlain = sent === values && payload[start] === AmfMarker.String && isPlainAmf0(bytes, rest);
  const playable = isPlain ? Buffer.from(bytes) : rewrite(name, rest, maxBytes);
  if (typeof playable === 'string') return playable;
  const mended = sent === values ? {} : ({ isMended: true } as const);
  return { kind: 'set', name, type: MessageType.DataAmf0, payload: playable, values: rest, ...mended };
}

/** Whether a payload may be a data message at all, which begins with text. */
export function beginsWithName(type: number, payload: Uint8Array): boolean {
  const start = type === MessageType.DataAmf3 ? 1 : 0;
  const marker = payload[start];
  return marker === AmfMarker.String || (marker === AmfMarker.SwitchToAmf3 && payload[start + 1] === AMF3_STRING);
}

/**
 * The values as a well-made encoder sends them: `@setDataFrame` once and first.
 *
 * @returns the same array when nothing had to be changed
 */
function normalised(values: readonly AmfValue[]): readonly AmfValue[] {
  let at = values.findIndex((value) => value !== null && (typeof value === 'object' || typeof value === 'string'));
  if (at < 0) return values;
  const leading = at;
  const name = values[at];
  if (leading > 0 && name !== METADATA && !isSetter(name)) return values;
  let setters = 0;
  for (; isSetter(values[at]) && typeof values[at + 1] === 'string'; at++) setters++;
  const isAsUsual = leading === 0 && (setters === 0 || (setters === 1 && values[0] === SET_DATA_FRAME));
  return isAsUsual ? values : [SET_DATA_FRAME, ...values.slice(at)];
}

function isSetter(value: AmfValue): boolean {
  return value === SET_DATA_FRAME || value === BARE_SET_DATA_FRAME;
}

function hasContent(value: AmfValue): boolean {
  return isAmfObject(value) && Object.keys(value).length > 0;
}

function isName(value: AmfValue): value is string {
  return typeof value === 'string' && Buffer.byteLength(value) <= MAX_NAME_BYTES;
}

function isPlainAmf0(bytes: Uint8Array, rest: readonly AmfValue[]): boolean {
  if (bytes[0] !== AmfMarker.String) return false;
  const marker = bytes[STRING_HEADER_BYTES + ((bytes[1]! << 8) | bytes[2]!)];
  if (marker === AmfMarker.SwitchToAmf3) return false;
  if (rest.length !== 1 || (marker !== AmfMarker.Object && marker !== AmfMarker.EcmaArray)) return true;
  const end = bytes.length;
  return bytes[end - 3] === 0 && bytes[end - 2] === 0 && bytes[end - 1] === AmfMarker.ObjectEnd;
}

function rewrite(name: string, rest: readonly AmfValue[], maxBytes: number): Buffer | ErrorCode {
  const values = rest.map((value): AmfInput => (isAmfObject(value) ? new AmfEcmaArray(value) : value));
  try {
    return writeAmf0Within(maxBytes, name, ...values);
  } catch (error) {
    // AMF3 allows property names that AMF0 cannot hold; references can stand for more than any message holds.
    if (error instanceof SluiceError) return error.code;
    throw error;
  }
}
