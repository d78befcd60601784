import { expect, it } from 'vitest';
import type { AmfValue } from '../../../src/wasm/amf-value.js';
import {
  type Implementation,
  inWords,
  type ReadOptions,
  type ReadResult,
  readWith,
  split,
} from '../../reference/drive.js';

export { hex } from './hex.js';

/** `length` bytes counting up from `first`: a shifted or lost byte shows. */
export function fill(length: number, first = 0): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (first + i) & 255));
}

/** The message that a vector expects. Fields that are left out are not compared. */
export interface Expected {
  readonly type: number;
  readonly timestamp?: number;
  readonly messageStreamId?: number;
  readonly chunkStreamId?: number;
  readonly payload?: Buffer;
  readonly framed?: Buffer;
  readonly flags?: number;
  readonly codec?: number;
  readonly trackId?: number;
  readonly packetType?: number;
  readonly amf?: AmfValue[];
}

/** One case: the bytes that a peer sends, and what the reader makes of them. */
export interface Vector {
  readonly name: string;
  readonly bytes: Buffer | (() => Buffer);
  readonly messages?: readonly Expected[];
  /** 0: none. */
  readonly error?: number;
  readonly dropped?: number;
  readonly options?: ReadOptions;
  /** False where the parser of the benches does less: it leaves aggregates out. */
  readonly javascript?: false;
}

const BY: readonly Implementation[] = [
  'release',
  'debug',
  'reference',
  'javascript',
  'release in 200000',
  'debug in 5000',
  'release in 301',
];

/** Split sizes: each one for short inputs, and for long ones those around headers and chunk ends. */
function splitSizes(length: number): number[] {
  if (length <= 700) return Array.from({ length }, (_, i) => i + 1);
  const sizes = [1, 2, 3, 5, 7, 11, 12, 13, 16, 127, 128, 129, 140, 141, 500, 4095, 4096, 4097, 65535, 65536, length];
  return sizes.filter((size) => size <= length);
}

function check(result: ReadResult, vector: Vector, where: string): void {
  const wanted = vector.messages ?? [];
  expect(result.error, `${where}: error`).toBe(vector.error ?? 0);
  expect(result.messages.length, `${where}: messages`).toBe(wanted.length);
  if (vector.dropped !== undefined) expect(result.dropped, `${where}: dropped`).toBe(vector.dropped);
  for (const [index, want] of wanted.entries()) {
    const got = result.messages[index];
    const flat: Record<string, unknown> = { ...got, ...got.facts };
    for (const [field, value] of Object.entries(want)) {
      const shown = flat[field];
      const both =
        Buffer.isBuffer(value) && Buffer.isBuffer(shown)
          ? [shown.toString('hex'), value.toString('hex')]
          : [shown, value];
      expect(both[0], `${where}: message ${index} ${field}`).toEqual(both[1]);
    }
  }
}

/** Makes one test per vector: it must hold with each implementation at each split size. */
export function runVectors(vectors: readonly Vector[]): void {
  for (const vector of vectors) {
    it(vector.name, () => {
      const bytes = Buffer.isBuffer(vector.bytes) ? vector.bytes : vector.bytes();
      for (const by of BY.filter((one) => one !== 'javascript' || vector.javascript !== false)) {
        const whole = readWith(by, [bytes], vector.options);
        check(whole, vector, by);
        const words = inWords(whole);
        // The reference takes whole chunks from a growing buffer, so the split size changes nothing in what it does and
        // a few sizes are enough.
        const sizes = by === 'reference' ? [1, 7] : splitSizes(bytes.length);
        for (const size of bytes.length > 5000 && by === 'reference' ? [4096] : sizes) {
          const cut = inWords(readWith(by, split(bytes, size), vector.options));
          if (cut !== words) expect(cut, `${by} in pieces of ${size}`).toBe(words);
        }
      }
    });
  }
}
