import { isOpen } from './amf-stack';
import * as C from './constants';
import { get, set } from './header';

// Results of reading a string, instead of the position behind it, which is never so small.
export const CUT: u32 = 0;
export const BAD: u32 = 1; // a reference to nothing

// Flags in the second word of a traits entry; the count of sealed members stands above them.
export const TRAITS_DYNAMIC: u32 = 1;
export const TRAITS_EXTERNAL: u32 = 2;

/** Begins a message: its reference tables are empty. */
export function beginAmf3(): void {
  store<u64>(C.HEADER + (C.AMF3_STRINGS_USED << 2), 0);
  set(C.AMF3_TRAITS_USED, 0);
}

/** Reads a U29 (AMF 3 §1.3.1): the value, and in the upper half the position behind it; 0 when it is cut off. */
export function u29(from: u32, end: u32): u64 {
  let p = from;
  let value: u32 = 0;
  for (let count = 1; count <= 4; count++) {
    if (p >= end) return 0;
    const byte: u32 = load<u8>(p);
    p++;
    if (count === 4) {
      value = (value << 8) | byte;
      break;
    }
    value = (value << 7) | (byte & 0x7f);
    if (byte < 0x80) break;
  }
  return ((p as u64) << 32) | (value as u64);
}

/**
 * Reads a string, inline or by reference (AMF 3 §1.3.2), into AMF3_TEXT. Returns the position behind it, CUT or BAD.
 *
 * @param isNew - an inline string gets its number; false when it has one already
 */
export function readText(from: u32, end: u32, isNew: bool): u32 {
  const head = u29(from, end);
  if (head === 0) return CUT;
  const next = (head >> 32) as u32;
  const value = head as u32;
  const used = get(C.AMF3_STRINGS_USED);
  if ((value & 1) === 0) {
    if (value >> 1 >= used) return BAD;
    const entry: u32 = C.AMF3_STRINGS + ((value >> 1) << 3);
    set(C.AMF3_TEXT, load<u32>(entry));
    set(C.AMF3_TEXT_LENGTH, load<u32>(entry, 4));
    return next;
  }
  const length = value >> 1;
  if (length > end - next) return CUT;
  set(C.AMF3_TEXT, next);
  set(C.AMF3_TEXT_LENGTH, length);
  if (isNew && length !== 0 && used < (C.AMF3_MAX_STRINGS as u32)) {
    const entry: u32 = C.AMF3_STRINGS + (used << 3);
    store<u32>(entry, next);
    store<u32>(entry, length, 4);
    set(C.AMF3_STRINGS_USED, used + 1);
  }
  return next + length;
}

/**
 * Whether the string that was read last names a class that writes one value and nothing else in place of members:
 * `flex.messaging.io.` with ArrayCollection, ArrayList or ObjectProxy. The text stands here as numbers, because strings
 * would be data that each instance of the module holds in a page of its own.
 */
function isWrapper(): bool {
  const at = get(C.AMF3_TEXT);
  const length = get(C.AMF3_TEXT_LENGTH);
  if (length < 27 || load<u32>(at) !== 0x78656c66 || load<u32>(at, 4) !== 0x73656d2e) return false; // flex.mes
  if (load<u32>(at, 8) !== 0x69676173 || load<u32>(at, 12) !== 0x692e676e) return false; // saging.i
  const first = load<u32>(at, 16);
  const second = load<u32>(at, 20);
  const third = load<u32>(at, 24);
  if (length === 29) {
    return first === 0x624f2e6f && second === 0x7463656a && third === 0x786f7250 && load<u8>(at, 28) === 0x79;
  }
  if (first !== 0x72412e6f) return false; // o.Ar
  if (length === 27) return second === 0x4c796172 && (third & 0xffffff) === 0x747369;
  return (
    length === 33 &&
    second === 0x43796172 &&
    third === 0x656c6c6f &&
    load<u32>(at, 28) === 0x6f697463 &&
    load<u8>(at, 32) === 0x6e
  );
}

/**
 * Makes the token of a reference: what the value is, for a value without parts of its own. Returns its kind and name,
 * or 0xffffffff when it refers to nothing, or to what is still open.
 */
export function refer(token: u32, tokens: u32, frame: u32, index: u32): u32 {
  if (index >= get(C.AMF3_OBJECTS_USED)) return 0xffffffff;
  const target: u32 = load<u16>(C.AMF3_OBJECTS + (index << 1));
  if (target >= tokens || isOpen(frame, target)) return 0xffffffff;
  const from: u32 = C.AMF_TABLE + (target << 5);
  const first = load<u32>(from);
  const kind = first & 0xff;
  if (kind === 0x03 || kind === 0x08 || kind === 0x0a || kind >= (C.KIND_BYTES as u32)) {
    store<u32>(token, target, C.TOKEN_LENGTH << 2);
    set(C.AMF_HAS_REFERENCES, 1);
    return 0x07;
  }
  store<u64>(token, load<u64>(from, C.TOKEN_VALUE << 2), C.TOKEN_VALUE << 2);
  store<u32>(token, load<u32>(from, C.TOKEN_LENGTH << 2), C.TOKEN_LENGTH << 2);
  return first & 0xfff000ff;
}

/** Gives the next object number to the value whose token comes next. Returns false when there are too many. */
export function addObject(tokens: u32, most: u32): bool {
  const used = get(C.AMF3_OBJECTS_USED);
  if (used >= most) return false;
  store<u16>(C.AMF3_OBJECTS + (used << 1), tokens as u16);
  set(C.AMF3_OBJECTS_USED, used + 1);
  return true;
}

/**
 * Reads the traits of an object behind its U29 `head` (AMF 3 §3.12). Returns the position behind them, CUT, or a
 * negative ERR_AMF_*. Their entry is the last of the table.
 */
export function readTraits(head: u32, from: u32, end: u32, maxString: u32): i64 {
  let p = readText(from, end, true);
  if (p === CUT) return CUT;
  if (p === BAD) return C.ERR_AMF_REFERENCE;
  const strings = get(C.AMF_STRING_BYTES_USED) + get(C.AMF3_TEXT_LENGTH);
  set(C.AMF_STRING_BYTES_USED, strings);
  if (strings > maxString) return C.ERR_AMF_STRING_BYTES;
  const names = p;
  let flags: u32 = (head >> 3) & TRAITS_DYNAMIC;
  let count = head >> 4;
  if ((head & 4) !== 0) {
    // AMF 3 §3.12, externalizable: the class alone knows what follows.
    if (!isWrapper()) return C.ERR_AMF_EXTERNALIZABLE;
    flags = TRAITS_EXTERNAL;
    count = 0;
  } else {
    if (count > end - p) return C.ERR_AMF_COUNT;
    for (let i: u32 = 0; i < count; i++) {
      p = readText(p, end, true);
      if (p === CUT) return CUT;
      if (p === BAD) return C.ERR_AMF_REFERENCE;
    }
  }
  const used = get(C.AMF3_TRAITS_USED);
  const entry: u32 = C.AMF3_TRAITS + (used << 3);
  store<u32>(entry, names);
  store<u32>(entry, (count << 2) | flags, 4);
  set(C.AMF3_TRAITS_USED, used + 1);
  return p;
}
