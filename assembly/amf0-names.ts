import * as C from './constants';

// A name entry holds: id, length, three guesses that only save time, its index, then the bytes, padded with zeros.
const NAME_LENGTH: u32 = 4;
const NAME_FOLLOWER: u32 = 8; // address of the key that came after this key
const NAME_VALUE: u32 = 12; // address of the string this key had
const NAME_SHAPE: u32 = 16; // address of the shape that began with this key
const NAME_INDEX: u32 = 20; // from 1
const NAME_DATA: u32 = 24;
const NAME_STRIDE: u32 = 88; // NAME_DATA + AMF_NAME_BYTES
const NAME_WAYS: u32 = 4;
// Half of the sets hold keys, half hold values, so that values that are new each time do not push out keys, and shapes
// with them.
const HALF_SETS: u32 = C.AMF_NAME_SETS / 2;
const VALUE_NAMES: u32 = C.AMF_NAMES + HALF_SETS * NAME_WAYS * NAME_STRIDE;

// A shape entry: id, count, the ids of its keys.
const SHAPE_COUNT: u32 = 4;
const SHAPE_KEYS: u32 = 8;
const SHAPE_STRIDE: u32 = 264; // SHAPE_KEYS + 4 * AMF_SHAPE_KEYS
const SHAPE_WAYS: u32 = 2;

const LAST_ID: u32 = C.HEADER + (C.AMF_LAST_ID << 2);
const EPOCH: u32 = C.HEADER + (C.AMF_EPOCH << 2);
const LAST_KEY: u32 = C.HEADER + (C.AMF_LAST_KEY << 2);
const HASH_MASK: u32 = C.HEADER + (C.AMF_HASH_MASK << 2);

const HASH_FACTOR: u64 = ((0x9e3779b9 as u64) << 32) | 0x7f4a7c15;

/** Bytes of a frame of the stack of open containers. */
export const FRAME_BYTES: u32 = 32;
/** What an object's frame remembers of its keys, at these offsets. */
const FRAME_GUESS: u32 = 8; // shape all keys so far agree with; 0: none
export const FRAME_KEYS: u32 = 12; // keys so far; SHAPELESS when a key has no id or there are too many
export const SHAPELESS: u32 = 0xffffffff;

// Ids tell contents apart, so no id may be given again while a table or the host remembers it. One scan gives out far
// fewer ids than this.
const IDS_KEPT_BACK: u32 = 65536;

/** Begins a new scan. When the ids have run out, all names and shapes are forgotten first. */
export function beginNames(): void {
  store<u32>(LAST_KEY, 0);
  if (load<u32>(LAST_ID) < 0 - IDS_KEPT_BACK) return;
  memory.fill(C.AMF_NAMES, 0, (C.AMF_NAME_SETS as u32) * NAME_WAYS * NAME_STRIDE);
  memory.fill(C.AMF_SHAPES, 0, (C.AMF_SHAPE_SETS as u32) * SHAPE_WAYS * SHAPE_STRIDE);
  store<u32>(LAST_ID, 0);
  store<u32>(EPOCH, load<u32>(EPOCH) + 1);
}

function nextId(): u32 {
  const id = load<u32>(LAST_ID) + 1;
  store<u32>(LAST_ID, id);
  return id;
}

// Reads up to eight bytes of a string that has `left` more. Memory is readable past the end of every string.
function word(ptr: u32, left: u32): u64 {
  const value = load<u64>(ptr);
  return left >= 8 ? value : value & (((1 as u64) << ((left as u64) << 3)) - 1);
}

// The last step of a comparison goes back into bytes that were compared already, so that no step reads past the string.
function same(entry: u32, ptr: u32, len: u32): bool {
  if (load<u32>(entry, NAME_LENGTH) !== len) return false;
  const data = entry + NAME_DATA;
  if (len >= 16) {
    const last = len - 16;
    for (let i: u32 = 0; i < last; i += 16) {
      if (v128.any_true(v128.xor(v128.load(data + i), v128.load(ptr + i)))) return false;
    }
    return !v128.any_true(v128.xor(v128.load(data + last), v128.load(ptr + last)));
  }
  if (len >= 8) {
    const last = len - 8;
    return ((load<u64>(data) ^ load<u64>(ptr)) | (load<u64>(data + last) ^ load<u64>(ptr + last))) === 0;
  }
  return load<u64>(data) === word(ptr, len);
}

/**
 * Finds the entry of a string of 1 to AMF_NAME_BYTES bytes, or makes it. The bytes are compared, not only their hash.
 */
function entryOf(ptr: u32, len: u32, table: u32): u32 {
  let hash: u64 = len;
  for (let i: u32 = 0; i < len; i += 8) {
    hash = (hash ^ word(ptr + i, len - i)) * HASH_FACTOR;
    hash ^= hash >> 29;
  }
  const set: u32 = ((hash >> 32) as u32) & load<u32>(HASH_MASK) & (HALF_SETS - 1);
  const first: u32 = table + set * NAME_WAYS * NAME_STRIDE;
  let oldest = first;
  for (let way: u32 = 0, entry = first; way < NAME_WAYS; way++, entry += NAME_STRIDE) {
    if (same(entry, ptr, len)) return entry;
    if (load<u32>(entry) < load<u32>(oldest)) oldest = entry;
  }
  const id = nextId();
  store<u32>(oldest, id);
  store<u32>(oldest, len, NAME_LENGTH);
  store<u32>(oldest, 0, NAME_FOLLOWER);
  store<u32>(oldest, 0, NAME_VALUE);
  store<u32>(oldest, 0, NAME_SHAPE);
  store<u32>(oldest, (oldest - (C.AMF_NAMES as u32)) / NAME_STRIDE + 1, NAME_INDEX);
  for (let i: u32 = 0; i < len; i += 8) store<u64>(oldest + NAME_DATA + i, word(ptr + i, len - i));
  return oldest;
}

/**
 * What the scanners do at each key and string. Of a function with two callers the optimiser makes a call, which costs a
 * tenth of a scan; a decorator prevents that, and TypeScript's grammar takes decorators on methods only.
 */
// biome-ignore lint/complexity/noStaticOnlyClass: functions outside a class cannot have the decorator
export class Names {
  /** Returns the entry of a key and notes it in `frame`. Returns 0 when the key is empty or too long. */
  @inline
  static keyEntry(frame: u32, ptr: u32, len: u32): u32 {
    const index = load<u32>(frame, FRAME_KEYS);
    if (len - 1 >= (C.AMF_NAME_BYTES as u32)) {
      store<u32>(frame, SHAPELESS, FRAME_KEYS);
      store<u32>(LAST_KEY, 0);
      return 0;
    }
    const lastKey = load<u32>(LAST_KEY);
    let entry: u32 = lastKey === 0 ? 0 : load<u32>(lastKey, NAME_FOLLOWER);
    if (entry === 0 || !same(entry, ptr, len)) {
      entry = entryOf(ptr, len, C.AMF_NAMES);
      if (lastKey !== 0) store<u32>(lastKey, entry, NAME_FOLLOWER);
    }
    store<u32>(LAST_KEY, entry);
    if (index >= (C.AMF_SHAPE_KEYS as u32)) {
      store<u32>(frame, SHAPELESS, FRAME_KEYS);
      return entry;
    }
    const guess = index === 0 ? load<u32>(entry, NAME_SHAPE) : load<u32>(frame, FRAME_GUESS);
    const fits = guess !== 0 && load<u32>(guess + (index << 2), SHAPE_KEYS) === load<u32>(entry);
    store<u32>(frame, fits ? guess : 0, FRAME_GUESS);
    store<u32>(frame, index + 1, FRAME_KEYS);
    return entry;
  }

  /** Returns the entry of a string value under `key` (0: under none). Returns 0 when the value is empty or too long. */
  @inline
  static valueEntry(key: u32, ptr: u32, len: u32): u32 {
    if (len - 1 >= (C.AMF_NAME_BYTES as u32)) return 0;
    if (key === 0) return entryOf(ptr, len, VALUE_NAMES);
    const guess = load<u32>(key, NAME_VALUE);
    if (guess !== 0 && same(guess, ptr, len)) return guess;
    const entry = entryOf(ptr, len, VALUE_NAMES);
    store<u32>(key, entry, NAME_VALUE);
    return entry;
  }
}

/** Index (from 1) of a name entry; 0 for none. */
export function nameIndex(entry: u32): u32 {
  return entry === 0 ? 0 : load<u32>(entry, NAME_INDEX);
}

/** Gives a complete object's token the shape of its keys. */
export function closeShape(frame: u32, token: u32, tokens: u32): void {
  const count = load<u32>(frame, FRAME_KEYS);
  if (count - 1 >= (C.AMF_SHAPE_KEYS as u32)) return;
  let shape = load<u32>(frame, FRAME_GUESS);
  if (shape === 0 || load<u32>(shape, SHAPE_COUNT) !== count) shape = findShape(frame, token, tokens, count);
  store<u32>(token, load<u32>(shape), C.TOKEN_VALUE << 2);
  store<u32>(token, (shape - (C.AMF_SHAPES as u32)) / SHAPE_STRIDE, C.TOKEN_VALUE_ID << 2);
}

function findShape(frame: u32, token: u32, tokens: u32, count: u32): u32 {
  const end: u32 = (C.AMF_TABLE as u32) + (tokens << 5);
  let hash: u32 = count;
  for (let child = token + 32; child < end; child = childAfter(child)) {
    hash = (hash ^ load<u32>(child, C.TOKEN_KEY_ID << 2)) * 0x9e3779b1;
    hash ^= hash >> 15;
  }
  const set: u32 = hash & load<u32>(HASH_MASK) & ((C.AMF_SHAPE_SETS as u32) - 1);
  const first: u32 = (C.AMF_SHAPES as u32) + set * SHAPE_WAYS * SHAPE_STRIDE;
  let shape = first;
  for (let way: u32 = 0, entry = first; way < SHAPE_WAYS; way++, entry += SHAPE_STRIDE) {
    if (sameShape(entry, token, end, count)) {
      remember(token, entry);
      return entry;
    }
    if (load<u32>(entry) < load<u32>(shape)) shape = entry;
  }
  // Objects that are still open have compared some of their keys with what this entry held, so their guess is reset.
  for (let open: u32 = C.AMF_STACK; open < frame; open += FRAME_BYTES) {
    if (load<u32>(open, FRAME_GUESS) === shape) store<u32>(open, 0, FRAME_GUESS);
  }
  store<u32>(shape, nextId());
  store<u32>(shape, count, SHAPE_COUNT);
  let at = shape + SHAPE_KEYS;
  for (let child = token + 32; child < end; child = childAfter(child), at += 4) {
    store<u32>(at, load<u32>(child, C.TOKEN_KEY_ID << 2));
  }
  remember(token, shape);
  return shape;
}

function sameShape(shape: u32, token: u32, end: u32, count: u32): bool {
  if (load<u32>(shape, SHAPE_COUNT) !== count) return false;
  let at = shape + SHAPE_KEYS;
  for (let child = token + 32; child < end; child = childAfter(child), at += 4) {
    if (load<u32>(at) !== load<u32>(child, C.TOKEN_KEY_ID << 2)) return false;
  }
  return true;
}

function childAfter(child: u32): u32 {
  return (C.AMF_TABLE as u32) + (load<u32>(child, C.TOKEN_NEXT << 2) << 5);
}

// The first key's entry may belong to another string by now. Then the guess is wrong, which costs one comparison.
function remember(token: u32, shape: u32): void {
  const index = (load<u32>(token + 32) >> 8) & 0xfff;
  store<u32>((C.AMF_NAMES as u32) + (index - 1) * NAME_STRIDE, shape, NAME_SHAPE);
}
