import { describe, expect, it } from 'vitest';
import { DelayProbe } from '../../../src/load/delay-probe.js';
import { STAMP_UUID, stampNal, writeStampTime } from '../../../src/load/stamp.js';

describe('the stamps of a stream', () => {
  it('are found in raw bytes at every split', () => {
    const stream = Buffer.concat(
      [0, 1, 2].flatMap((index) => {
        const nal = stampNal(index);
        writeStampTime(nal, nal.indexOf(STAMP_UUID), BigInt(1000 + index));
        return [Buffer.alloc(50, 0xee), nal];
      }),
    );
    for (let size = 1; size <= stream.length; size++) {
      const found: bigint[] = [];
      const probe = new DelayProbe((nanoseconds) => found.push(nanoseconds));
      for (let at = 0; at < stream.length; at += size) probe.scan(stream.subarray(at, at + size));
      expect(found).toEqual([1000n, 1001n, 1002n]);
    }
  });
});
