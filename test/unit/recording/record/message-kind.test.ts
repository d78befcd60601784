import { describe, expect, it } from 'vitest';
import { kindOf } from '../../../../src/recording/record/message-kind.js';

const of = (type: number, hex: string) => {
  const { kind, slot } = kindOf(type, Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  return slot === undefined ? kind : `${kind} ${slot}`;
};
const avc1 = '61766331';

describe('what a message is for a file', () => {
  it.each([
    [9, '17 00 000000 01', 'config v0'],
    [9, '17 01 000000 00', 'key'],
    [9, '27 01 000000 00', 'video'],
    [9, '17 02 000000', 'video'],
    [9, '1c 00 000000', 'config v0'],
    [9, '12 00', 'key'],
    [9, '22 00', 'video'],
    [9, '57 00', 'video'],
    [9, '', 'video'],
    [9, `90 ${avc1} 00`, 'config v0'],
    [9, `91 ${avc1} 00`, 'key'],
    [9, `93 ${avc1} 00`, 'key'],
    [9, `a1 ${avc1} 00`, 'video'],
    [9, `92 ${avc1}`, 'video'],
    [9, `94 ${avc1}`, 'config vm0'],
    [9, `95 61763031`, 'config v0'],
    [9, `96 00 ${avc1} 02 00`, 'config v2'],
    [9, `96 01 ${avc1} 02 00`, 'video'],
    [9, `96 01 ${avc1} 00 00`, 'key'],
    [9, `96 10 ${avc1} 01 000001 00`, 'config vs'],
    [9, `97 02 000001 01 ${avc1}`, 'key'],
    [9, `97 02 000001 00 ${avc1}`, 'config v0'],
    [9, '97 ff ffff 01', 'video'],
    [9, '97', 'video'],
    [9, '96', 'video'],
    [8, 'af 00 1210', 'config a0'],
    [8, 'af 01 00', 'audio'],
    [8, 'af', 'audio'],
    [8, '', 'audio'],
    [8, '2f 00', 'audio'],
    [8, '90 4f707573', 'config a0'],
    [8, '91 4f707573', 'audio'],
    [8, '94 4f707573', 'config am0'],
    [8, '95 00 4f707573 03', 'config a3'],
    [18, '02000a6f6e4d65746144617461 03', 'metadata'],
    [18, '02000a6f6e54657874446174 03', 'data'],
    [18, '', 'data'],
    [15, '02000a6f6e4d65746144617461 03', 'data'],
  ])('%i %s is %s', (type, hex, kind) => {
    expect(of(type, hex)).toBe(kind);
  });
});
