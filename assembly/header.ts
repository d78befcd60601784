import { HEADER } from './constants';

/** Reads a header word. */
export function get(word: u32): u32 {
  return load<u32>(HEADER + (word << 2));
}

/** Writes a header word. */
export function set(word: u32, value: u32): void {
  store<u32>(HEADER + (word << 2), value);
}
