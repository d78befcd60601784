import { describe, expect, it } from 'vitest';
import { codecString } from '../../../../src/page/pictures/codec-string.js';

const bytes = (text: string): Uint8Array =>
  Uint8Array.from(text.replaceAll(' ', '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

describe('a codec, from its configuration', () => {
  it('is named for H.264 by profile, constraints and level', () => {
    expect(codecString('avc1', bytes('01 64 00 1F FF'))).toBe('avc1.64001f');
  });

  it('is named for HEVC with compatibility turned round and constraints without zeroes behind them', () => {
    expect(codecString('hvc1', bytes('01 01 60000000 900000000000 5D'))).toBe('hvc1.1.6.L93.90');
    expect(codecString('hvc1', bytes('01 62 20000000 B00000000000 96'))).toBe('hvc1.A2.4.H150.b0');
    expect(codecString('hvc1', bytes('01 01 60000000 000000000000 5D'))).toBe('hvc1.1.6.L93');
  });

  it('is named for AV1 by profile, level, tier and depth', () => {
    expect(codecString('av01', bytes('81 04 0C 00'))).toBe('av01.0.04M.08');
    expect(codecString('av01', bytes('81 28 CC 00'))).toBe('av01.1.08H.10');
    expect(codecString('av01', bytes('81 4D 6C 00'))).toBe('av01.2.13M.12');
  });

  it('is named for VP9 from a record, alone or in its box', () => {
    expect(codecString('vp09', bytes('00 1F 82 02 02 02 0000'))).toBe('vp09.00.31.08');
    expect(codecString('vp09', bytes('01000000 02 1F A2 02 02 02 0000'))).toBe('vp09.02.31.10');
    expect(codecString('vp08', bytes(''))).toBe('vp8');
  });

  it('is not known where the record is cut off', () => {
    const codecs = ['avc1', 'hvc1', 'av01', 'vp09'] as const;
    expect(codecs.map((codec) => codecString(codec, bytes('01 00')))).toEqual(codecs.map(() => undefined));
  });
});
