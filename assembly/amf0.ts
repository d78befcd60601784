import { closeFrame, FRAME_LEFT, finishFrame, isOpen, openFrame } from './amf-stack';
import { beginNames, FRAME_BYTES, Names, nameIndex } from './amf0-names';
import { scanAmf3 } from './amf3';
import { beginAmf3 } from './amf3-tables';
import * as C from './constants';
import { get, set } from './header';

// FRAME_LEFT of a container whose values have keys. Others count the values that are still to come.
const KEYED: u32 = 0xffffffff;

function u16At(p: u32): u32 {
  return bswap<u16>(load<u16>(p)) as u32;
}

function u32At(p: u32): u32 {
  return bswap<u32>(load<u32>(p));
}

function finish(status: i32, tokens: u32, at: u32, truncated: u32): i32 {
  set(C.AMF_TOKENS, tokens);
  set(C.AMF_TRUNCATED, truncated);
  set(C.AMF_ERROR_AT, at);
  return status;
}

/**
 * Scans the AMF0 values in [ptr,end) into the token table, one token per value in order of appearance (AMF 0 §2).
 * Any of them may be in AMF3, behind marker 11.
 * Limits are counted as values appear, never from declared counts. Returns 0 or a negative ERR_AMF_*; a value cut off
 * by the end keeps what is complete and sets AMF_TRUNCATED.
 */
export function scanAmf0(ptr: u32, end: u32): i32 {
  const maxDepth = min<u32>(get(C.LIMIT_AMF_DEPTH), C.AMF_MAX_DEPTH);
  const maxValues = min<u32>(get(C.LIMIT_AMF_VALUES), C.AMF_MAX_VALUES);
  const maxKeys = get(C.LIMIT_AMF_KEYS);
  const maxString = get(C.LIMIT_AMF_STRING_BYTES);
  let p = ptr;
  let tokens: u32 = 0;
  let keys: u32 = 0;
  let strings: u32 = 0;
  let complex: u32 = 0;
  let depth: u32 = 0;
  let frame: u32 = C.AMF_STACK - FRAME_BYTES; // the open container; below the stack: none
  let truncated: u32 = 0;
  set(C.AMF_HAS_REFERENCES, 0);
  beginNames();
  beginAmf3();

  while (true) {
    let keyPtr: u32 = 0;
    let keyLen: u32 = 0;
    let key: u32 = 0; // its name entry
    if (depth !== 0) {
      const left = load<u32>(frame, FRAME_LEFT);
      if (left === 0) {
        finishFrame(frame, tokens);
        frame -= FRAME_BYTES;
        depth--;
        continue;
      }
      if (p >= end) {
        // Old encoders and cameras often leave out the object end at the end of the message. A strict array that is too
        // short is an error.
        if (left === KEYED) {
          store<u32>(frame, 0, FRAME_LEFT);
          continue;
        }
        truncated = 1;
        break;
      }
      if (left === KEYED) {
        if (end - p < 2) {
          truncated = 1;
          break;
        }
        keyLen = u16At(p);
        if (end - p < 2 + keyLen) {
          truncated = 1;
          break;
        }
        keyPtr = p + 2;
        if (keyLen === 0 && (end - p === 2 || load<u8>(p, 2) === 9)) {
          p = min<u32>(p + 3, end);
          finishFrame(frame, tokens);
          frame -= FRAME_BYTES;
          depth--;
          continue;
        }
        if (++keys > maxKeys) return finish(C.ERR_AMF_KEYS, tokens, p - ptr, 0);
        strings += keyLen;
        if (strings > maxString) return finish(C.ERR_AMF_STRING_BYTES, tokens, p - ptr, 0);
        key = Names.keyEntry(frame, keyPtr, keyLen);
        p += 2 + keyLen;
        if (p >= end) {
          truncated = 1;
          break;
        }
      } else {
        store<u32>(frame, left - 1, FRAME_LEFT);
      }
    } else if (p >= end) {
      break;
    }

    const marker: u32 = load<u8>(p);
    const room = end - p - 1;
    if (tokens === maxValues) return finish(C.ERR_AMF_VALUES, tokens, p - ptr, 0);
    const token: u32 = C.AMF_TABLE + (tokens << 5);
    let names: u32 = nameIndex(key) << 8;
    store<u32>(token, tokens + 1, 4);
    store<u32>(token, keyPtr, 8);
    store<u32>(token, keyLen, 12);
    store<u32>(token, key === 0 ? 0 : load<u32>(key), C.TOKEN_KEY_ID << 2);
    let size: u32 = 0; // bytes after the marker
    let opens: u32 = 0;
    let left: u32 = KEYED;
    if (marker === 0x00 || marker === 0x0b) {
      size = marker === 0 ? 8 : 10;
      if (room >= size) store<u64>(token, bswap<u64>(load<u64>(p, 1)), 16);
    } else if (marker === 0x01) {
      size = 1;
      if (room >= 1) store<u32>(token, (load<u8>(p, 1) !== 0) as u32, 16);
    } else if (marker === 0x02 || marker === 0x0c || marker === 0x0f) {
      const prefix: u32 = marker === 0x02 ? 2 : 4;
      size = prefix;
      if (room >= prefix) {
        const len = marker === 0x02 ? u16At(p + 1) : u32At(p + 1);
        if (len > room - prefix) {
          size = 0xffffffff;
        } else {
          size = prefix + len;
          strings += len;
          if (strings > maxString) return finish(C.ERR_AMF_STRING_BYTES, tokens, p - ptr, 0);
          store<u32>(token, p + 1 + prefix, 16);
          store<u32>(token, len, 24);
          const entry = Names.valueEntry(key, p + 1 + prefix, len);
          names |= nameIndex(entry) << 20;
          store<u32>(token, entry === 0 ? 0 : load<u32>(entry), C.TOKEN_VALUE_ID << 2);
        }
      }
    } else if (marker === 0x03) {
      opens = 1;
    } else if (marker === 0x08) {
      size = 4; // The count is a hint only: encoders send 0, and counts that are too small or wrong.
      opens = 1;
    } else if (marker === 0x0a) {
      size = 4;
      opens = 1;
      if (room >= 4) {
        left = u32At(p + 1);
        if (left > room - 4) return finish(C.ERR_AMF_COUNT, tokens, p - ptr, 0);
        store<u32>(token, left, 24);
      }
    } else if (marker === 0x10) {
      size = 2;
      opens = 1;
      if (room >= 2) {
        size = 2 + u16At(p + 1); // The class name is skipped: nothing is ever instantiated.
        if (size <= room) strings += size - 2;
        if (strings > maxString) return finish(C.ERR_AMF_STRING_BYTES, tokens, p - ptr, 0);
      }
    } else if (marker === 0x07) {
      size = 2;
      if (room >= 2) {
        const index = u16At(p + 1);
        if (index >= complex) return finish(C.ERR_AMF_REFERENCE, tokens, p - ptr, 0);
        const target: u32 = load<u16>(C.AMF_REFERENCES + (index << 1));
        if (isOpen(frame, target)) return finish(C.ERR_AMF_REFERENCE, tokens, p - ptr, 0);
        store<u32>(token, target, 24);
        set(C.AMF_HAS_REFERENCES, 1);
      }
    } else if (marker === 0x11) {
      // AMF 3 §4.1, AVM+: one value in AMF3.
      set(C.AMF_TOKENS, tokens);
      set(C.AMF_KEYS_USED, keys);
      set(C.AMF_STRING_BYTES_USED, strings);
      set(C.AMF_DEPTH, depth);
      const status = scanAmf3(p + 1, end, frame, key, keyPtr, keyLen);
      tokens = get(C.AMF_TOKENS);
      keys = get(C.AMF_KEYS_USED);
      strings = get(C.AMF_STRING_BYTES_USED);
      p = get(C.AMF_POS);
      if (status < 0) return finish(status, tokens, p - ptr, 0);
      if (status === 0) continue;
      truncated = 1;
      break;
    } else if (marker === 0x04 || marker === 0x0e || marker === 0x09 || marker > 0x11) {
      return finish(C.ERR_AMF_MARKER, tokens, p - ptr, 0);
    }
    // Markers 05 (null), 06 (undefined) and 0D (unsupported) have no bytes after them.
    if (size > room) {
      truncated = 1;
      break;
    }
    store<u32>(token, marker | names);
    p += 1 + size;
    if (opens !== 0) {
      if (depth === maxDepth) return finish(C.ERR_AMF_DEPTH, tokens, p - ptr, 0);
      store<u16>(C.AMF_REFERENCES + (complex << 1), tokens as u16);
      complex++;
      depth++;
      frame += FRAME_BYTES;
      openFrame(frame, tokens, left);
      store<u32>(token, 0, C.TOKEN_VALUE << 2);
    }
    tokens++;
  }
  while (depth !== 0) {
    closeFrame(frame, tokens);
    frame -= FRAME_BYTES;
    depth--;
  }
  return finish(0, tokens, p - ptr, truncated);
}
