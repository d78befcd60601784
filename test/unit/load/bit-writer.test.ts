import { describe, expect, it } from 'vitest';
import { BitWriter } from '../../../src/load/bit-writer.js';
import { BitReader } from '../../../src/media/bit-reader.js';

/** What was written, without the header. */
function bytes(writer: BitWriter): string {
  return writer.nal(0x67).subarray(1).toString('hex');
}

describe('a bit writer', () => {
  it('writes the most significant bit first and ends with the trailing bits', () => {
    expect(bytes(new BitWriter().bits(0b101, 3))).toBe('b0');
    expect(bytes(new BitWriter().bits(0xabcdef01, 32))).toBe('abcdef0180');
    expect(bytes(new BitWriter().raw('1').bits(0x12345678, 31))).toBe('9234567880');
    expect(bytes(new BitWriter().raw('').bits(0, 0))).toBe('80');
  });

  it.each([
    [0, '1'],
    [1, '010'],
    [2, '011'],
    [3, '00100'],
    [7, '0001000'],
    [254, '000000011111111'],
  ])('writes %i as the unsigned Exp-Golomb code %s', (value, code) => {
    expect(bytes(new BitWriter().ue(value))).toBe(bytes(new BitWriter().raw(code)));
  });

  it.each([
    [0, '1'],
    [1, '010'],
    [-1, '011'],
    [2, '00100'],
    [-6, '0001101'],
  ])('writes %i as the signed Exp-Golomb code %s', (value, code) => {
    expect(bytes(new BitWriter().se(value))).toBe(bytes(new BitWriter().raw(code)));
  });

  it('writes what a reader reads, for values of every size', () => {
    const values = Array.from({ length: 31 }, (_, power) => [2 ** power - 1, 2 ** power]).flat();
    const writer = new BitWriter();
    for (const value of values) writer.bits(1, 1).ue(value);
    const reader = new BitReader(unescaped(writer.nal(0x67)).subarray(1));
    const read = values.map(() => (reader.bits(1) === 1 ? reader.ue() : -1));
    expect(read).toEqual(values);
  });

  it('breaks up what looks like a start code, and is empty afterwards', () => {
    const writer = new BitWriter().bits(0, 32).bits(1, 24).bits(0x000004, 24);
    expect(writer.nal(0x65).toString('hex')).toBe('650000030000030000030100000480');
    expect(bytes(writer)).toBe('80');
  });

  it('grows with what is written', () => {
    const writer = new BitWriter();
    for (let i = 0; i < 5000; i++) writer.bits(0xaa, 8);
    expect(writer.nal(0x65)).toHaveLength(5002);
  });
});

/** Without emulation prevention bytes. */
function unescaped(nal: Buffer): Buffer {
  const out: number[] = [];
  for (const byte of nal) if (!(byte === 3 && out.at(-1) === 0 && out.at(-2) === 0)) out.push(byte);
  return Buffer.from(out);
}
