import { describe, expect, it } from 'vitest';
import { flvTag } from '../../../src/flv/flv-writer.js';
import { bytes, VECTORS } from '../../support/flv-vectors.js';

describe('the FLV writer', () => {
  it.each(VECTORS)('writes $name', (v) => {
    expect(flvTag(v.tag.type, v.tag.timestamp, v.tag.payload).toString('hex')).toBe(bytes(v.hex).toString('hex'));
  });

  it('refuses to write a body that the size field cannot say', () => {
    expect(() => flvTag(9, 0, new Uint8Array(0x1000000))).toThrow(
      expect.objectContaining({ code: 'ERR_FLV_TAG_SIZE' }),
    );
  });
});
