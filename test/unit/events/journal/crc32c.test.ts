import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../../src/events/journal/crc32c.js';

describe('crc32c', () => {
  // RFC 3720 appendix B.4, and the check value of the catalogue of CRC algorithms.
  const vectors: [string, Buffer, number][] = [
    ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes of 0xFF', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['bytes counting up', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
    ['bytes counting down', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
    ['the digits 1 to 9', Buffer.from('123456789'), 0xe3069283],
    ['nothing', Buffer.alloc(0), 0],
  ];

  it.each(vectors)('gives the published checksum of %s', (_name, bytes, sum) => {
    expect(crc32c(bytes)).toBe(sum);
  });

  it('sums a range as it sums a copy of the range, at every alignment', () => {
    const bytes = Buffer.from(Array.from({ length: 64 }, (_, i) => (i * 37) & 0xff));
    for (let start = 0; start < 16; start++) {
      for (let end = start; end < 64; end++) {
        expect(crc32c(bytes, start, end)).toBe(crc32c(Buffer.from(bytes.subarray(start, end))));
      }
    }
  });
});
