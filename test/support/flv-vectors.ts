import type { FlvTag } from '../../src/flv/flv-format.js';

/** Bytes of annotated hex: blanks and `|` are there for the reader. */
export const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(/[\s|]/g, ''), 'hex');

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly tag: FlvTag;
}

/** FLV tags with their previous tag size, read and written alike. */
export const VECTORS: readonly Vector[] = [
  {
    name: 'an AAC header at 0',
    hex: '08 000004 000000 00 000000 | AF001210 | 0000000F',
    tag: { type: 8, timestamp: 0, payload: bytes('AF001210') },
  },
  {
    name: 'a video tag at the last timestamp of 24 bits',
    hex: '09 000005 FFFFFF 00 000000 | 1702000000 | 00000010',
    tag: { type: 9, timestamp: 0xffffff, payload: bytes('1702000000') },
  },
  {
    name: 'a video tag one later: the high byte comes last',
    hex: '09 000005 000000 01 000000 | 2702000000 | 00000010',
    tag: { type: 9, timestamp: 0x1000000, payload: bytes('2702000000') },
  },
  {
    name: 'the last timestamp before the wrap',
    hex: '09 000001 FFFFFF FF 000000 | 57 | 0000000C',
    tag: { type: 9, timestamp: 0xffffffff, payload: bytes('57') },
  },
  {
    name: 'an empty audio tag',
    hex: '08 000000 000010 00 000000 | 0000000B',
    tag: { type: 8, timestamp: 16, payload: bytes('') },
  },
  {
    name: 'script data',
    hex: '12 00000D 000000 00 000000 | 02 000A 6F6E4D65746144617461 | 00000018',
    tag: { type: 18, timestamp: 0, payload: bytes('02 000A 6F6E4D65746144617461') },
  },
  {
    name: 'AMF3 script data of Enhanced RTMP',
    hex: '0F 000001 000000 00 000000 | 00 | 0000000C',
    tag: { type: 15, timestamp: 0, payload: bytes('00') },
  },
];
