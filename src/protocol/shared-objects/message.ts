import { AmfMarker } from '../messages/amf0-writer.js';
import { MessageType } from '../messages/message-types.js';
import { plainValues } from './plain-value.js';
import { valueEnd } from './value-end.js';

/** One slot of a shared object. `value`: one whole plain AMF0 value, marker included. */
export interface Slot {
  readonly name: string;
  readonly value: Buffer;
}

/**
 * One event of a shared object message. Who sends it, c: client, s: server:
 * - `use` c, `release` c, `useSuccess` s: the client begins and ends to follow the object;
 * - `requestChange` c, `change` s: slots are set;
 * - `success` s, `remove` s, `requestRemove` c: about one slot, by its name;
 * - `send` both: AMF0 values, of which the first is the name of a handler;
 * - `status` s: a request was refused; `clear` s: every slot is gone; `requestClear` c: it should be so;
 * - `other`: an event that is not known.
 */
export type SharedObjectEvent =
  | { readonly kind: 'use' | 'release' | 'useSuccess' | 'clear' | 'requestClear' | 'other' }
  | { readonly kind: 'requestChange' | 'change'; readonly slots: readonly Slot[] }
  | { readonly kind: 'success' | 'remove' | 'requestRemove'; readonly name: string }
  | { readonly kind: 'send'; readonly values: Buffer }
  | { readonly kind: 'status'; readonly code: string; readonly level: string };

/** A message about one shared object: type 19, or 16 with a leading zero byte (RTMP 1.0 §7.1.5). */
export interface SharedObjectMessage {
  readonly name: string;
  /** Counts the changes of the object, as its sender knows it. */
  readonly version: number;
  readonly isPersistent: boolean;
  readonly events: readonly SharedObjectEvent[];
}

/** Longest name of an object or slot, in bytes of UTF-8. */
const MAX_NAME_BYTES = 256;
/** Most events in one message, and most slots in one event. A message of a client has 64 KiB at most. */
const MAX_EVENTS = 1024;
const MAX_SLOTS = 256;

/** The types of events (RTMP 1.0 §7.1.5). AMS has three more: 12, 13 (success with the slot) and 14 (clear, please). */
const TYPE = {
  use: 1,
  release: 2,
  requestChange: 3,
  change: 4,
  success: 5,
  send: 6,
  status: 7,
  clear: 8,
  remove: 9,
  requestRemove: 10,
  useSuccess: 11,
  requestClear: 14,
} as const;
const SUCCESS_WITH_SLOT = 13;
const KINDS = new Map<number, SharedObjectEvent['kind']>(
  Object.entries(TYPE).map(([kind, type]) => [type, kind as SharedObjectEvent['kind']]),
).set(SUCCESS_WITH_SLOT, 'success');

/** Red5 writes 2; AMS 16, 32 or 48. Volatile objects have 0. */
const PERSISTENT = 2;
/** Version, flags, four bytes that are 0. */
const FIXED_BYTES = 12;
const EVENT_HEADER_BYTES = 5;

/**
 * Reads a shared object message.
 *
 * @param type 19, or 16
 * @param payload borrowed until return: what is kept is copied
 * @returns undefined when it breaks the format or a bound: no part of such a message counts
 */
export function readSharedObject(type: number, payload: Uint8Array): SharedObjectMessage | undefined {
  const start = type === MessageType.SharedObjectAmf3 ? 1 : 0;
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const name = readText(bytes, start);
  if (name === undefined || !isName(name.text)) return undefined;
  let at = name.end + FIXED_BYTES;
  if (at > bytes.length) return undefined;
  const events: SharedObjectEvent[] = [];
  while (at < bytes.length) {
    if (at + EVENT_HEADER_BYTES > bytes.length || events.length >= MAX_EVENTS) return undefined;
    const end = at + EVENT_HEADER_BYTES + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) return undefined;
    const event = readEvent(bytes[at]!, bytes.subarray(at + EVENT_HEADER_BYTES, end));
    if (event === undefined) return undefined;
    events.push(event);
    at = end;
  }
  const version = bytes.readUInt32BE(name.end);
  return { name: name.text, version, isPersistent: bytes.readUInt32BE(name.end + 4) !== 0, events };
}

/**
 * Writes the payload of a shared object message of type 19. For type 16 a zero byte goes before it.
 *
 * @returns a new Buffer; ownership is the caller's
 */
export function writeSharedObject({ name, version, isPersistent, events }: SharedObjectMessage): Buffer {
  const fixed = Buffer.alloc(FIXED_BYTES);
  fixed.writeUInt32BE(version >>> 0, 0);
  fixed.writeUInt32BE(isPersistent ? PERSISTENT : 0, 4);
  return Buffer.concat([...text(name), fixed, ...events.flatMap(writeEvent)]);
}

function readEvent(type: number, data: Buffer): SharedObjectEvent | undefined {
  const kind = KINDS.get(type) ?? 'other';
  switch (kind) {
    case 'requestChange':
    case 'change': {
      const slots = readSlots(data);
      return slots && { kind, slots };
    }
    case 'success':
    case 'remove':
    case 'requestRemove': {
      const name = readSlotName(data, 0);
      // AMS has the value behind the name of a success.
      const isWhole = name !== undefined && (name.end === data.length || kind === 'success');
      return isWhole ? { kind, name: name.text } : undefined;
    }
    case 'send': {
      const values = readValues(data);
      return values && { kind, values };
    }
    case 'status': {
      const code = readText(data, 0);
      const level = code && readText(data, code.end);
      return level && { kind, code: code.text, level: level.text };
    }
    default:
      return { kind };
  }
}

function readSlots(data: Buffer): Slot[] | undefined {
  const slots: Slot[] = [];
  for (let at = 0; at < data.length; ) {
    const name = readSlotName(data, at);
    if (name === undefined || slots.length >= MAX_SLOTS) return undefined;
    const end = valueEnd(data, name.end);
    if (end < 0) return lastSlot(slots, name.text, data.subarray(name.end));
    slots.push({ name: name.text, value: Buffer.from(data.subarray(name.end, end)) });
    at = end;
  }
  return slots;
}

/** The slots, and one more whose value is not plain AMF0. Nothing can follow that, since its end is not known. */
function lastSlot(slots: readonly Slot[], name: string, value: Buffer): Slot[] | undefined {
  const plain = plainValues(value);
  return plain?.count === 1 ? [...slots, { name, value: plain.bytes }] : undefined;
}

/** The values of a message, of which the first is text, as plain AMF0. */
function readValues(data: Buffer): Buffer | undefined {
  let at = 0;
  while (at >= 0 && at < data.length) at = valueEnd(data, at);
  const values = at === data.length ? Buffer.from(data) : plainValues(data)?.bytes;
  return values?.[0] === AmfMarker.String ? values : undefined;
}

function readSlotName(data: Buffer, at: number): { readonly text: string; readonly end: number } | undefined {
  const name = readText(data, at);
  return name !== undefined && isName(name.text) ? name : undefined;
}

/** As it will be written: bytes that are no UTF-8 are three then, and whoever reads the name must take it too. */
function isName(name: string): boolean {
  return name !== '' && Buffer.byteLength(name) <= MAX_NAME_BYTES;
}

function readText(data: Buffer, at: number): { readonly text: string; readonly end: number } | undefined {
  if (at + 2 > data.length) return undefined;
  const end = at + 2 + data.readUInt16BE(at);
  return end > data.length ? undefined : { text: data.toString('utf8', at + 2, end), end };
}

function writeEvent(event: SharedObjectEvent): Buffer[] {
  const data = eventData(event);
  const header = Buffer.alloc(EVENT_HEADER_BYTES);
  header[0] = event.kind === 'other' ? 0 : TYPE[event.kind];
  header.writeUInt32BE(
    data.reduce((sum, part) => sum + part.length, 0),
    1,
  );
  return [header, ...data];
}

function eventData(event: SharedObjectEvent): Buffer[] {
  switch (event.kind) {
    case 'requestChange':
    case 'change':
      return event.slots.flatMap(({ name, value }) => [...text(name), value]);
    case 'success':
    case 'remove':
    case 'requestRemove':
      return text(event.name);
    case 'send':
      return [event.values];
    case 'status':
      return [...text(event.code), ...text(event.level)];
    default:
      return [];
  }
}

function text(value: string): [Buffer, Buffer] {
  const bytes = Buffer.from(value, 'utf8');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return [length, bytes];
}
