import { describe, expect, it } from 'vitest';
import { readStamp, STAMP_UUID, stampNal, writeStampTime } from '../../../src/load/stamp.js';

describe('the stamp of a frame', () => {
  it('is read back as written', () => {
    const nal = stampNal(59);
    const at = nal.indexOf(STAMP_UUID);
    writeStampTime(nal, at, 123_456_789_012_345n);
    expect(readStamp(nal, at)).toEqual({ nanoseconds: 123_456_789_012_345n, index: 59 });
    expect(readStamp(nal.subarray(0, -5), at)).toBeUndefined();
  });
});
