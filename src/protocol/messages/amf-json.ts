import type { JsonValue, PlainValue } from '../../core/plain.js';
import type { AmfValue } from '../../wasm/amf-value.js';
import { AmfEcmaArray, type AmfInput } from './amf0-writer.js';

// AMF values as JSON and back: docs/rpc.md has the table. What JSON has no word for is an object with the key `$amf`,
// which names the kind, and `value`.

/** Most levels of lists and objects, in both directions. */
const MAX_DEPTH = 32;
const TAG = '$amf';
/** Numbers that JSON cannot hold, as text. */
const ODD_NUMBERS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '-0': -0,
};

/**
 * Turns AMF values into JSON. References become copies of what they refer to, and a few bytes can stand for a
 * value that contains itself, so both depth and length are bounded.
 *
 * @param maxBytes most bytes of the result as JSON text
 * @returns undefined when it would be longer, or nested deeper than 32 levels
 */
export function jsonOfAmf(values: readonly AmfValue[], maxBytes: number): JsonValue[] | undefined {
  const budget = { left: maxBytes - 2 };
  const out: JsonValue[] = [];
  for (const value of values) {
    const json = toJson(value, budget, 0);
    if (json === undefined) return undefined;
    out.push(json);
  }
  return out;
}

/**
 * Turns JSON into what `writeAmf0` writes: the inverse of {@link jsonOfAmf}. An object whose `$amf` is no kind of the
 * table is an object like any other. Plain values that are no JSON (dates, undefined) stay what they are.
 *
 * @returns undefined when it is nested deeper than 32 levels
 */
export function amfOfJson(values: readonly PlainValue[]): AmfInput[] | undefined {
  const out: AmfInput[] = [];
  for (const value of values) {
    const amf = toAmf(value, 0);
    if (amf === TOO_DEEP) return undefined;
    out.push(amf);
  }
  return out;
}

interface Budget {
  left: number;
}

function tagged(kind: string, value: JsonValue): JsonValue {
  return { [TAG]: kind, value };
}

/** @returns undefined when it does not fit */
function toJson(value: AmfValue, budget: Budget, depth: number): JsonValue | undefined {
  if (typeof value !== 'object' || value === null) return spent(scalarToJson(value), budget);
  if (value instanceof Date) return spent(tagged('date', dateText(value)), budget);
  if (value instanceof Uint8Array) return bytesToJson(value, budget);
  if (depth >= MAX_DEPTH) return undefined;
  budget.left -= 3;
  return Array.isArray(value) ? listToJson(value, budget, depth) : objectToJson(value, budget, depth);
}

function bytesToJson(value: Uint8Array, budget: Budget): JsonValue | undefined {
  // Base64 of what does not fit is not made.
  if (value.length > budget.left) return undefined;
  return spent(tagged('bytes', Buffer.from(value).toString('base64')), budget);
}

function scalarToJson(value: number | boolean | string | null | undefined): JsonValue {
  if (value === undefined) return { [TAG]: 'undefined' };
  if (typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return tagged('number', Object.is(value, -0) ? '-0' : String(value));
}

function listToJson(value: readonly AmfValue[], budget: Budget, depth: number): JsonValue | undefined {
  const list: JsonValue[] = [];
  for (const item of value) {
    const json = toJson(item, budget, depth + 1);
    if (json === undefined) return undefined;
    list.push(json);
  }
  return list;
}

function objectToJson(
  value: { readonly [key: string]: AmfValue },
  budget: Budget,
  depth: number,
): JsonValue | undefined {
  const entries: [string, JsonValue][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (spent(key, budget) === undefined) return undefined;
    const json = toJson(item, budget, depth + 1);
    if (json === undefined) return undefined;
    entries.push([key, json]);
  }
  const object: JsonValue = Object.fromEntries(entries);
  if (!Object.hasOwn(object, TAG)) return object;
  budget.left -= 30;
  return budget.left < 0 ? undefined : tagged('object', object);
}

/** The value, once its bytes and the comma or colon behind it are counted; undefined when they are too many. */
function spent(value: JsonValue, budget: Budget): JsonValue | undefined {
  budget.left -= Buffer.byteLength(JSON.stringify(value)) + 1;
  return budget.left < 0 ? undefined : value;
}

/** A date that is none is null. */
function dateText(date: Date): string | null {
  return Number.isFinite(date.getTime()) ? date.toISOString() : null;
}

const TOO_DEEP = Symbol('too deep');

function toAmf(value: PlainValue, depth: number): AmfInput | typeof TOO_DEEP {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth >= MAX_DEPTH) return TOO_DEEP;
  if (isList(value)) {
    const list = value.map((item) => toAmf(item, depth + 1));
    return list.includes(TOO_DEEP) ? TOO_DEEP : (list as AmfInput[]);
  }
  if (!Object.hasOwn(value, TAG)) return objectToAmf(value, depth);
  return untagged(value, depth);
}

/** A value with a tag; one that is of no kind that there is stays an object. */
function untagged(value: { readonly [key: string]: PlainValue }, depth: number): AmfInput | typeof TOO_DEEP {
  const { [TAG]: kind, value: inner } = value;
  if (kind === 'undefined') return undefined;
  if (kind === 'number' && typeof inner === 'string' && Object.hasOwn(ODD_NUMBERS, inner)) return ODD_NUMBERS[inner];
  if (kind === 'date' && (typeof inner === 'string' || typeof inner === 'number' || inner === null))
    return new Date(inner ?? Number.NaN);
  if (kind === 'bytes' && typeof inner === 'string') return Buffer.from(inner, 'base64');
  if ((kind === 'object' || kind === 'array') && isEntries(inner)) {
    const entries = objectToAmf(inner, depth);
    return kind === 'object' || entries === TOO_DEEP ? entries : new AmfEcmaArray(entries);
  }
  return objectToAmf(value, depth);
}

function objectToAmf(
  value: { readonly [key: string]: PlainValue },
  depth: number,
): { readonly [key: string]: AmfInput } | typeof TOO_DEEP {
  const entries: [string, AmfInput][] = [];
  for (const [key, item] of Object.entries(value)) {
    const amf = toAmf(item, depth + 1);
    if (amf === TOO_DEEP) return TOO_DEEP;
    entries.push([key, amf]);
  }
  return Object.fromEntries(entries);
}

// `Array.isArray` alone does not narrow a readonly array out of the union.
function isList(value: PlainValue): value is readonly PlainValue[] {
  return Array.isArray(value);
}

function isEntries(value: PlainValue): value is { readonly [key: string]: PlainValue } {
  return typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Date);
}
