import {
  CIPHER_HIGH,
  CIPHER_IN,
  CIPHER_IN_AT,
  CIPHER_KEY_BYTES,
  CIPHER_KEYS,
  CIPHER_OUT,
  CIPHER_OUT_AT,
  CIPHER_SLOT,
  INPUT,
} from './constants';
import { get, set } from './header';

/** Bytes of keystream that both ends throw away before the first byte of chunk stream: one handshake packet. */
const SKIPPED_BYTES: u32 = 1536;

/**
 * Begins both ciphers with the keys that the host has written to CIPHER_KEYS, in and then out, and clears the keys. The
 * keystream of the handshake is passed over.
 */
export function startCiphers(): void {
  schedule(CIPHER_IN, CIPHER_IN_AT, CIPHER_KEYS);
  schedule(CIPHER_OUT, CIPHER_OUT_AT, CIPHER_KEYS + CIPHER_KEY_BYTES);
  memory.fill(CIPHER_KEYS, 0, 2 * CIPHER_KEY_BYTES);
  if (get(CIPHER_HIGH) === 0) set(CIPHER_HIGH, CIPHER_KEYS);
}

/** Decrypts INPUT[start,end) in place. Each received byte passes here once, in order. */
export function decrypt(start: u32, end: u32): void {
  apply(CIPHER_IN, CIPHER_IN_AT, INPUT + start, INPUT + end);
}

/** Encrypts the first `length` bytes of the slot in place. */
export function encrypt(length: u32): void {
  const end: u32 = CIPHER_SLOT + length;
  if (end > get(CIPHER_HIGH)) set(CIPHER_HIGH, end);
  apply(CIPHER_OUT, CIPHER_OUT_AT, CIPHER_SLOT, end);
}

/** The key schedule of RC4 over a permutation of 32-bit entries: a third faster than bytes when it is applied. */
function schedule(table: u32, at: u32, key: u32): void {
  for (let i: u32 = 0; i < 256; i++) store<u32>(table + (i << 2), i);
  let j: u32 = 0;
  for (let i: u32 = 0; i < 256; i++) {
    const entry: u32 = table + (i << 2);
    const x = load<u32>(entry);
    j = (j + x + load<u8>(key + (i & (CIPHER_KEY_BYTES - 1)))) & 255;
    const other: u32 = table + (j << 2);
    store<u32>(entry, load<u32>(other));
    store<u32>(other, x);
  }
  store<u64>(at, 0);
  for (let n: u32 = 0; n < SKIPPED_BYTES; n++) next(table, at);
}

/** One byte of keystream. */
function next(table: u32, at: u32): u32 {
  const i = (load<u32>(at) + 1) & 255;
  const entry: u32 = table + (i << 2);
  const x = load<u32>(entry);
  const j = (load<u32>(at, 4) + x) & 255;
  const other: u32 = table + (j << 2);
  const y = load<u32>(other);
  store<u32>(entry, y);
  store<u32>(other, x);
  store<u32>(at, i);
  store<u32>(at, j, 4);
  return load<u32>(table + (((x + y) & 255) << 2));
}

/**
 * Applies the keystream to [ptr,end). The loop of {@link next} with i and j in registers. Eight bytes a step with one
 * 64-bit store were 4 % faster, and eight steps unrolled a third slower: a load may then not pass the stores before it.
 */
function apply(table: u32, at: u32, ptr: u32, end: u32): void {
  let i = load<u32>(at);
  let j = load<u32>(at, 4);
  while (ptr < end) {
    i = (i + 1) & 255;
    const entry: u32 = table + (i << 2);
    const x = load<u32>(entry);
    j = (j + x) & 255;
    const other: u32 = table + (j << 2);
    const y = load<u32>(other);
    store<u32>(entry, y);
    store<u32>(other, x);
    store<u8>(ptr, load<u8>(ptr) ^ load<u32>(table + (((x + y) & 255) << 2)));
    ptr++;
  }
  store<u32>(at, i);
  store<u32>(at, j, 4);
}
