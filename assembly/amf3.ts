import { closeFrame, FRAME_LEFT, finishFrame, openFrame } from './amf-stack';
import { FRAME_BYTES, FRAME_KEYS, Names, nameIndex, SHAPELESS } from './amf0-names';
import { addObject, BAD, CUT, readText, readTraits, refer, TRAITS_DYNAMIC, TRAITS_EXTERNAL, u29 } from './amf3-tables';
import * as C from './constants';
import { get, set } from './header';

// What amf3.ts keeps in a frame.
const FRAME_MODE: u32 = 16;
const FRAME_THEN: u32 = 20; // SEALED: whether dynamic members follow; ASSOCIATIVE: how many values without key follow
const FRAME_CURSOR: u32 = 24; // SEALED: where the name of the next member stands

// How the values of a container come.
const DENSE: u32 = 0; // without keys, FRAME_LEFT of them
const SEALED: u32 = 1; // FRAME_LEFT of them, with the names of their traits
const DYNAMIC: u32 = 2; // each behind its key, up to an empty key
const ASSOCIATIVE: u32 = 3; // the same, and then as DENSE

/** Writes the tokens of a vector's numbers (AMF 3 §3.15), `size` bytes each. Returns the number of tokens then. */
function numbers(from: u32, count: u32, marker: u32, tokens: u32): u32 {
  const size: u32 = marker === 0x0f ? 8 : 4;
  let token: u32 = C.AMF_TABLE + (tokens << 5);
  let p = from;
  for (let i: u32 = 0; i < count; i++) {
    store<u64>(token, ((tokens + i + 1) as u64) << 32);
    store<u64>(token, 0, C.TOKEN_KEY_PTR << 2);
    if (marker === 0x0f) {
      store<u64>(token, bswap<u64>(load<u64>(p)), C.TOKEN_VALUE << 2);
    } else {
      const word = bswap<u32>(load<u32>(p));
      store<f64>(token, marker === 0x0d ? (word as i32 as f64) : (word as f64), C.TOKEN_VALUE << 2);
    }
    store<u32>(token, 0, C.TOKEN_KEY_ID << 2);
    token += 32;
    p += size;
  }
  return tokens + count;
}

function leave(status: i32, tokens: u32, keys: u32, strings: u32, p: u32): i32 {
  set(C.AMF_TOKENS, tokens);
  set(C.AMF_KEYS_USED, keys);
  set(C.AMF_STRING_BYTES_USED, strings);
  set(C.AMF_POS, p);
  return status;
}

/**
 * Scans one AMF3 value, which begins at `start`, into the token table behind the tokens that are there (AMF 3 §3). Its
 * tokens are those of AMF0 where AMF0 has the type. Limits are counted as values appear: what is referred
 * to counts each time. State comes and goes in AMF_TOKENS, AMF_KEYS_USED, AMF_STRING_BYTES_USED, AMF_DEPTH
 * and AMF_POS.
 *
 * @param outer - the frame of the AMF0 container around it; its key there is `key0`, `keyPtr0`, `keyLen0`
 * @returns 0, 1 when the bytes end before the value, or a negative ERR_AMF_*
 */
export function scanAmf3(start: u32, end: u32, outer: u32, key0: u32, keyPtr0: u32, keyLen0: u32): i32 {
  const maxDepth = min<u32>(get(C.LIMIT_AMF_DEPTH), C.AMF_MAX_DEPTH);
  const maxValues = min<u32>(get(C.LIMIT_AMF_VALUES), C.AMF_MAX_VALUES);
  const maxKeys = get(C.LIMIT_AMF_KEYS);
  const maxString = get(C.LIMIT_AMF_STRING_BYTES);
  let tokens = get(C.AMF_TOKENS);
  let keys = get(C.AMF_KEYS_USED);
  let strings = get(C.AMF_STRING_BYTES_USED);
  let depth = get(C.AMF_DEPTH);
  let p = start;
  let frame = outer;
  let key = key0;
  let keyPtr = keyPtr0;
  let keyLen = keyLen0;
  let wrapped = false; // the value of a wrapper comes next; it takes the wrapper's place

  while (true) {
    if (frame !== outer && !wrapped) {
      const mode = load<u32>(frame, FRAME_MODE);
      key = 0;
      keyPtr = 0;
      keyLen = 0;
      if (mode <= SEALED) {
        const left = load<u32>(frame, FRAME_LEFT);
        if (left === 0) {
          if (mode === SEALED && load<u32>(frame, FRAME_THEN) !== 0) {
            store<u32>(frame, DYNAMIC, FRAME_MODE);
            continue;
          }
          finishFrame(frame, tokens);
          frame -= FRAME_BYTES;
          depth--;
          if (frame === outer) return leave(0, tokens, keys, strings, p);
          continue;
        }
        store<u32>(frame, left - 1, FRAME_LEFT);
        if (mode === SEALED) store<u32>(frame, readText(load<u32>(frame, FRAME_CURSOR), end, false), FRAME_CURSOR);
      } else {
        const next = readText(p, end, true);
        if (next === CUT) break;
        if (next === BAD) return leave(C.ERR_AMF_REFERENCE, tokens, keys, strings, p);
        p = next;
        if (get(C.AMF3_TEXT_LENGTH) === 0) {
          store<u32>(frame, DENSE, FRAME_MODE);
          store<u32>(frame, mode === DYNAMIC ? 0 : load<u32>(frame, FRAME_THEN), FRAME_LEFT);
          continue;
        }
      }
      if (mode !== DENSE) {
        keyPtr = get(C.AMF3_TEXT);
        keyLen = get(C.AMF3_TEXT_LENGTH);
        if (++keys > maxKeys) return leave(C.ERR_AMF_KEYS, tokens, keys, strings, p);
        strings += keyLen;
        if (strings > maxString) return leave(C.ERR_AMF_STRING_BYTES, tokens, keys, strings, p);
        key = Names.keyEntry(frame, keyPtr, keyLen);
      }
    }
    wrapped = false;
    if (p >= end) break;

    const marker: u32 = load<u8>(p);
    if (tokens === maxValues) return leave(C.ERR_AMF_VALUES, tokens, keys, strings, p);
    if (marker > 0x11) return leave(C.ERR_AMF_MARKER, tokens, keys, strings, p);
    p++;
    const token: u32 = C.AMF_TABLE + (tokens << 5);
    let names: u32 = nameIndex(key) << 8;
    store<u32>(token, tokens + 1, 4);
    store<u32>(token, keyPtr, 8);
    store<u32>(token, keyLen, 12);
    store<u32>(token, key === 0 ? 0 : load<u32>(key), C.TOKEN_KEY_ID << 2);
    let kind: u32 = 0;
    let mode: u32 = 0xffffffff; // of the container that begins; 0xffffffff: none
    let left: u32 = 0;
    let then: u32 = 0;
    let cursor: u32 = 0;
    let vector: u32 = 0; // bytes of a vector of numbers
    if (marker <= 0x01) {
      kind = marker === 0 ? 0x06 : 0x05;
    } else if (marker <= 0x03) {
      kind = 0x01;
      store<u32>(token, (marker === 0x03) as u32, C.TOKEN_VALUE << 2);
    } else if (marker === 0x05) {
      if (end - p < 8) break;
      store<u64>(token, bswap<u64>(load<u64>(p)), C.TOKEN_VALUE << 2);
      p += 8;
    } else if (marker === 0x06) {
      const next = readText(p, end, true);
      if (next === CUT) break;
      if (next === BAD) return leave(C.ERR_AMF_REFERENCE, tokens, keys, strings, p);
      p = next;
      const ptr = get(C.AMF3_TEXT);
      const length = get(C.AMF3_TEXT_LENGTH);
      strings += length;
      if (strings > maxString) return leave(C.ERR_AMF_STRING_BYTES, tokens, keys, strings, p);
      kind = 0x02;
      store<u32>(token, ptr, C.TOKEN_VALUE << 2);
      store<u32>(token, length, C.TOKEN_LENGTH << 2);
      const entry = Names.valueEntry(key, ptr, length);
      names |= nameIndex(entry) << 20;
      store<u32>(token, entry === 0 ? 0 : load<u32>(entry), C.TOKEN_VALUE_ID << 2);
    } else {
      // All others begin with a U29: an integer, or the number of an object, or the length or count of a new one.
      const number = u29(p, end);
      if (number === 0) break;
      const head = number as u32;
      const size = head >> 1;
      p = (number >> 32) as u32;
      if (marker === 0x04) {
        store<f64>(token, (((head << 3) as i32) >> 3) as f64, C.TOKEN_VALUE << 2);
      } else if ((head & 1) === 0) {
        kind = refer(token, tokens, frame, size);
        if (kind === 0xffffffff) return leave(C.ERR_AMF_REFERENCE, tokens, keys, strings, p);
        names |= kind & 0xfff00000;
        kind &= 0xff;
        if (kind === 0x02 || kind === 0x0f) {
          strings += load<u32>(token, C.TOKEN_LENGTH << 2);
          if (strings > maxString) return leave(C.ERR_AMF_STRING_BYTES, tokens, keys, strings, p);
        }
      } else {
        if (!addObject(tokens, maxValues)) return leave(C.ERR_AMF_VALUES, tokens, keys, strings, p);
        if (marker === 0x08) {
          if (end - p < 8) break;
          kind = 0x0b;
          store<u64>(token, bswap<u64>(load<u64>(p)), C.TOKEN_VALUE << 2);
          p += 8;
        } else if (marker === 0x07 || marker === 0x0b || marker === 0x0c) {
          if (size > end - p) break;
          kind = marker === 0x0c ? (C.KIND_BYTES as u32) : 0x0f;
          store<u32>(token, p, C.TOKEN_VALUE << 2);
          store<u32>(token, 0, C.TOKEN_VALUE_ID << 2);
          store<u32>(token, size, C.TOKEN_LENGTH << 2);
          p += size;
          if (kind === 0x0f) strings += size;
          if (strings > maxString) return leave(C.ERR_AMF_STRING_BYTES, tokens, keys, strings, p);
        } else if (marker === 0x09) {
          if (size > end - p) return leave(C.ERR_AMF_COUNT, tokens, keys, strings, p);
          kind = 0x0a;
          left = size;
          const next = readText(p, end, false);
          if (next > BAD && get(C.AMF3_TEXT_LENGTH) === 0) {
            p = next;
            mode = DENSE;
          } else {
            mode = ASSOCIATIVE;
            then = size;
            if (next !== CUT) kind = size === 0 ? 0x08 : (C.KIND_MIXED as u32);
          }
        } else if (marker === 0x0a) {
          let entry: u32 = C.AMF3_TRAITS + (get(C.AMF3_TRAITS_USED) << 3);
          if ((head & 2) === 0) {
            if (head >> 2 >= get(C.AMF3_TRAITS_USED)) return leave(C.ERR_AMF_REFERENCE, tokens, keys, strings, p);
            entry = C.AMF3_TRAITS + ((head >> 2) << 3);
          } else {
            set(C.AMF_STRING_BYTES_USED, strings);
            const next = readTraits(head, p, end, maxString);
            strings = get(C.AMF_STRING_BYTES_USED);
            if (next < 0) return leave(next as i32, tokens, keys, strings, p);
            if (next === (CUT as i64)) break;
            p = next as u32;
          }
          const shape = load<u32>(entry, 4);
          if ((shape & TRAITS_EXTERNAL) !== 0) {
            wrapped = true;
            continue;
          }
          kind = 0x03;
          mode = SEALED;
          left = shape >> 2;
          then = shape & TRAITS_DYNAMIC;
          cursor = load<u32>(entry);
        } else {
          // Vectors and dictionaries have one byte of flags.
          if (p >= end) break;
          p++;
          kind = 0x0a;
          mode = DENSE;
          left = size;
          let each: u32 = 1;
          if (marker === 0x11) {
            kind = C.KIND_DICTIONARY;
            left = size << 1;
            each = 2;
          } else if (marker === 0x10) {
            const next = readText(p, end, true);
            if (next === CUT) break;
            if (next === BAD) return leave(C.ERR_AMF_REFERENCE, tokens, keys, strings, p);
            p = next;
            strings += get(C.AMF3_TEXT_LENGTH);
            if (strings > maxString) return leave(C.ERR_AMF_STRING_BYTES, tokens, keys, strings, p);
          } else {
            each = marker === 0x0f ? 8 : 4;
            vector = size * each;
          }
          if (size > (end - p) / each) return leave(C.ERR_AMF_COUNT, tokens, keys, strings, p);
        }
      }
    }
    if (mode !== 0xffffffff && depth === maxDepth) return leave(C.ERR_AMF_DEPTH, tokens, keys, strings, p);
    store<u32>(token, kind | names);
    tokens++;
    if (vector !== 0) {
      if (left > maxValues - tokens) return leave(C.ERR_AMF_VALUES, tokens, keys, strings, p);
      tokens = numbers(p, left, marker, tokens);
      p += vector;
      store<u32>(token, tokens, C.TOKEN_NEXT << 2);
    } else if (mode !== 0xffffffff) {
      depth++;
      frame += FRAME_BYTES;
      openFrame(frame, tokens - 1, left);
      store<u32>(frame, mode, FRAME_MODE);
      store<u32>(frame, then, FRAME_THEN);
      store<u32>(frame, cursor, FRAME_CURSOR);
      if (kind === (C.KIND_MIXED as u32)) store<u32>(frame, SHAPELESS, FRAME_KEYS);
      store<u32>(token, 0, C.TOKEN_VALUE << 2);
      continue;
    }
    if (frame === outer) return leave(0, tokens, keys, strings, p);
  }
  while (frame !== outer) {
    closeFrame(frame, tokens);
    frame -= FRAME_BYTES;
  }
  return leave(1, tokens, keys, strings, p);
}
