import { describe, expect, it } from 'vitest';
import { lasting, readKeyframe } from '../../../../src/page/pictures/keyframe.js';

const bytes = (text: string): Uint8Array =>
  Uint8Array.from(text.replaceAll(/[\s|]/g, '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

const hexOf = (data: Uint8Array | undefined): string =>
  Array.from(data ?? [], (byte) => byte.toString(16).padStart(2, '0')).join('');

/** An FLV file of tags, each of a type and a payload in hex. */
function flv(...tags: readonly (readonly [type: number, payload: string])[]): Uint8Array {
  const all: number[] = [...bytes('464C56 01 05 00000009 00000000')];
  for (const [type, text] of tags) {
    const payload = bytes(text);
    all.push(type, 0, payload.length >> 8, payload.length & 255, 0, 0, 0, 0, 0, 0, 0, ...payload);
    all.push(0, 0, 0, payload.length + 11);
  }
  return Uint8Array.from(all);
}

const AVCC = '01 64001F FF E1';
const AV1C = '81 04 0C 00';

describe('the keyframe of an FLV file', () => {
  it('is found in legacy tags of H.264, with its configuration', () => {
    const found = readKeyframe(
      flv([18, '02'], [9, `17 00 000000 ${AVCC}`], [8, 'AF00 1210'], [9, '17 01 000010 00000002 6588']),
    );
    expect(found?.codec).toBe('avc1.64001f');
    expect(hexOf(found?.description)).toBe('0164001fffe1');
    expect(hexOf(found?.data)).toBe('000000026588');
  });

  it('is found in legacy tags of HEVC', () => {
    const found = readKeyframe(flv([9, '1C 00 000000 01 01 60000000 900000000000 5D'], [9, '1C 01 000000 0102']));
    expect([found?.codec, hexOf(found?.data)]).toEqual(['hvc1.1.6.L93.90', '0102']);
  });

  it('is the newest one, and never a frame that needs others', () => {
    const found = readKeyframe(
      flv([9, `17 00 000000 ${AVCC}`], [9, '17 01 000000 01'], [9, '17 01 000000 02'], [9, '27 01 000000 03']),
    );
    expect(hexOf(found?.data)).toBe('02');
  });

  it('is found in Enhanced tags of HEVC, with and without a time of composition', () => {
    const config = '90 68766331 01 01 60000000 900000000000 5D';
    expect(hexOf(readKeyframe(flv([9, config], [9, '91 68766331 000010 AABB']))?.data)).toBe('aabb');
    const found = readKeyframe(flv([9, config], [9, '93 68766331 CCDD']));
    expect([hexOf(found?.data), hexOf(found?.description).slice(0, 4)]).toEqual(['ccdd', '0101']);
  });

  it('is found in Enhanced tags of H.264 and VP9', () => {
    expect(readKeyframe(flv([9, `90 61766331 ${AVCC}`], [9, '93 61766331 65']))?.codec).toBe('avc1.64001f');
    const vp9 = readKeyframe(flv([9, '90 76703039 01000000 00 1F 82 020202 0000'], [9, '91 76703039 8249']));
    expect([vp9?.codec, vp9?.description, hexOf(vp9?.data)]).toEqual(['vp09.00.31.08', undefined, '8249']);
  });

  it('of AV1 has its sequence header, its own or that of the configuration', () => {
    const config = `90 61763031 ${AV1C} 0A01FF`;
    expect(hexOf(readKeyframe(flv([9, config], [9, '91 61763031 1200 0A0100 3201']))?.data)).toBe('12000a01003201');
    expect(hexOf(readKeyframe(flv([9, config], [9, '91 61763031 1200 3201']))?.data)).toBe('12000a01ff3201');
    expect(hexOf(readKeyframe(flv([9, config], [9, '91 61763031 3201']))?.data)).toBe('0a01ff3201');
  });

  it('is found behind modifiers and in a message of several tracks', () => {
    const config = [9, `90 61766331 ${AVCC}`] as const;
    const cases = {
      'a modifier': '97 02 000000 03 61766331 65',
      'one track': '96 03 61766331 00 65',
      'tracks of one codec': '96 13 61766331 00 000001 65 01 000001 66',
      'tracks of several codecs': '96 23 61766331 00 000001 65 68766331 01 000001 66',
    };
    for (const [name, frame] of Object.entries(cases))
      expect(hexOf(readKeyframe(flv(config, [9, frame]))?.data), name).toBe('65');
  });

  it('has the configuration of its own track', () => {
    const first = [9, `90 61766331 ${AVCC}`] as const;
    const second = [9, '96 00 61766331 01 01 4D401E FF E1'] as const;
    const codecs = ['93 61766331 65', '96 03 61766331 01 65', '96 13 61766331 01 000001 65 00 000001 66'].map(
      (frame) => readKeyframe(flv(first, second, [9, frame]))?.codec,
    );
    expect(codecs).toEqual(['avc1.64001f', 'avc1.4d401e', 'avc1.4d401e']);
    expect(readKeyframe(flv(first, [9, '96 03 61766331 02 65']))).toBeUndefined();
  });

  it('is not there in what is no such file, is cut off, or has another codec', () => {
    const good = flv([9, `17 00 000000 ${AVCC}`], [9, '17 01 000000 0102']);
    expect(readKeyframe(good)).toBeDefined();
    expect(readKeyframe(good.subarray(0, good.length - 5))).toBeUndefined();
    expect(readKeyframe(bytes('3C68746D6C3E'))).toBeUndefined();
    expect(readKeyframe(flv([9, '12 0102']))).toBeUndefined();
    expect(readKeyframe(flv([9, '17 01 000000 0102']))).toBeUndefined();
    expect(readKeyframe(flv([9, '93 76766331 01']))).toBeUndefined();
  });

  it('is read from any bytes without an error', () => {
    const base = flv([9, '90 68766331 01 01 60000000 900000000000 5D'], [9, '97 FF FFFF 96 23 00'], [9, '97']);
    for (let at = 0; at < base.length; at += 1) {
      const broken = base.slice();
      broken[at] = 0xff;
      expect(() => readKeyframe(broken)).not.toThrow();
      expect(() => readKeyframe(base.subarray(0, at))).not.toThrow();
    }
  });
});

describe('a file that is to be shown by a video element', () => {
  it('has its frame three times, each 100 ms later', () => {
    const whole = lasting(flv([9, `17 00 000000 ${AVCC}`], [9, '17 01 000000 0102']));
    const tag = (time: string): string => `09000007${time}0000001701000000010200000012`;
    expect(hexOf(whole).endsWith(tag('00000000') + tag('00006400') + tag('0000c800'))).toBe(true);
    expect(hexOf(readKeyframe(whole)?.data)).toBe('0102');
  });

  it('carries times over 24 bits', () => {
    const file = flv([9, '17 01 000000 01']);
    file.set([0xff, 0xff, 0xff, 0x01], 13 + 4);
    const [first, second] = [lasting(file).subarray(13 + 21 + 4), lasting(file).subarray(13 + 42 + 4)];
    expect([hexOf(first.subarray(0, 4)), hexOf(second.subarray(0, 4))]).toEqual(['00006302', '0000c702']);
  });

  it('stays as it is where there is none', () => {
    expect(hexOf(lasting(bytes('0102')))).toBe('0102');
  });
});
