import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlvTag } from '../../../src/flv/flv-format.js';
import { FlvReader } from '../../../src/flv/flv-reader.js';
import { flvHeader, flvTag } from '../../../src/flv/flv-writer.js';
import { bytes, VECTORS } from '../../support/flv-vectors.js';

const HEADER = '46 4C 56 01 05 00000009 | 00000000';

const FILE = bytes(HEADER + VECTORS.map((v) => v.hex).join(''));
const plain = (tags: readonly FlvTag[]): object[] =>
  tags.map((t) => ({ ...t, payload: Buffer.from(t.payload).toString('hex') }));
const readAll = (parts: readonly Uint8Array[], reader = new FlvReader()): object[] =>
  parts.flatMap((part) => plain(reader.push(part)));

describe('the FLV format', () => {
  it.each(VECTORS)('reads $name', (v) => {
    expect(readAll([bytes(HEADER + v.hex)])).toEqual(plain([v.tag]));
  });

  it.each([
    [{ audio: true, video: true }, '05'],
    [{ audio: true, video: false }, '04'],
    [{ audio: false, video: true }, '01'],
    [{ audio: false, video: false }, '00'],
  ])('writes and reads the header flags %o', (flags, byte) => {
    expect(flvHeader(flags)).toEqual(bytes(HEADER.replace('05', byte)));
    const reader = new FlvReader();
    expect(reader.push(flvHeader(flags))).toEqual([]);
    expect({ audio: reader.hasAudio, video: reader.hasVideo }).toEqual(flags);
  });
});

describe('the FLV reader', () => {
  const whole = plain(VECTORS.map((v) => v.tag));

  it('gives the same tags for every split size', () => {
    for (let size = 1; size <= FILE.length; size++) {
      const parts: Buffer[] = [];
      for (let at = 0; at < FILE.length; at += size) parts.push(FILE.subarray(at, at + size));
      const reader = new FlvReader();
      expect(readAll(parts, reader)).toEqual(whole);
      expect(reader).toMatchObject({
        pendingBytes: 0,
        wholeBytes: FILE.length,
        wrongBackPointers: 0,
        failure: undefined,
      });
    }
  });

  it('gives back what was written, whatever the sizes and splits', () => {
    const tag = fc.record({
      type: fc.constantFrom(8, 9, 15, 18),
      timestamp: fc.integer({ min: 0, max: 0xffffffff }),
      payload: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(
        fc.array(tag, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }),
        (tags, sizes) => {
          const file = Buffer.concat([
            flvHeader({ audio: true, video: true }),
            ...tags.map((t) => flvTag(t.type, t.timestamp, t.payload)),
          ]);
          const parts: Buffer[] = [];
          for (let at = 0, i = 0; at < file.length; i++) {
            const size = sizes[i % sizes.length]!;
            parts.push(file.subarray(at, at + size));
            at += size;
          }
          expect(readAll(parts)).toEqual(plain(tags));
        },
      ),
      { seed: 20260613, numRuns: 300 },
    );
  });

  it('tells where the last whole tag of a cut file ends', () => {
    const reader = new FlvReader();
    expect(readAll([FILE.subarray(0, FILE.length - 1)], reader)).toEqual(whole.slice(0, -1));
    expect(reader.wholeBytes).toBe(FILE.length - bytes(VECTORS.at(-1)!.hex).length);
    expect(reader.pendingBytes).toBeGreaterThan(0);
    expect(reader.failure).toBeUndefined();
  });

  it('counts a wrong PreviousTagSize and goes on', () => {
    const reader = new FlvReader();
    const wrong = VECTORS[0]!.hex.replace('0000000F', '00000000');
    expect(readAll([bytes(HEADER + wrong + VECTORS[1]!.hex)], reader)).toHaveLength(2);
    expect(reader.wrongBackPointers).toBe(1);
  });

  it('skips a longer file header', () => {
    expect(readAll([bytes(`464C560105 0000000C AABBCC 00000000 ${VECTORS[0]!.hex}`)])).toEqual(whole.slice(0, 1));
  });

  it.each([
    ['another signature', '494433 04 00 00000009', 'ERR_FLV_SIGNATURE', 0],
    ['another version', '464C56 02 05 00000009', 'ERR_FLV_SIGNATURE', 0],
    ['a file header of 8 bytes', '464C56 01 05 00000008', 'ERR_FLV_SIGNATURE', 0],
    ['a file header of 4 GB', '464C56 01 05 FFFFFFFF', 'ERR_FLV_SIGNATURE', 0],
    ['an unknown tag type', `${HEADER} 07 000000 000000 00 000000`, 'ERR_FLV_TAG', 13],
    ['an encrypted tag', `${HEADER} 29 000000 000000 00 000000`, 'ERR_FLV_TAG', 13],
  ])('stops at %s', (_name, hex, code, offset) => {
    const reader = new FlvReader();
    expect(reader.push(bytes(hex))).toEqual([]);
    expect(reader.failure).toMatchObject({ code, details: { offset } });
    expect(reader.push(FILE)).toEqual([]);
    expect(reader.pendingBytes).toBe(0);
  });

  it('gives the tags before the damage', () => {
    const reader = new FlvReader();
    expect(
      readAll([bytes(`${HEADER} ${VECTORS[0]!.hex} ${VECTORS[1]!.hex} 00 000000 000000 00 000000`)], reader),
    ).toHaveLength(2);
    expect(reader.failure?.code).toBe('ERR_FLV_TAG');
  });

  it.each([
    [9, undefined],
    [10, undefined],
    [11, 'ERR_FLV_TAG_SIZE'],
  ])('holds a limit of 10 bytes against a tag of %i', (size, code) => {
    const reader = new FlvReader({ maxTagBytes: 10 });
    reader.push(flvHeader({ audio: true, video: true }));
    reader.push(flvTag(9, 0, new Uint8Array(size)));
    expect(reader.failure?.code).toBe(code);
  });
});
