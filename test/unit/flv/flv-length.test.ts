import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { flvLengthMs } from '../../../src/flv/flv-length.js';
import { flvHeader, flvTag } from '../../../src/flv/flv-writer.js';
import { tempDir } from '../../support/temp.js';

const HEADER = flvHeader({ audio: true, video: true });
const BODY = Buffer.from('270100000022', 'hex');
const video = (ms: number): Buffer => flvTag(9, ms, BODY);
const folder = tempDir('flv-length');
let files = 0;

function lengthOf(...parts: readonly Buffer[]): Promise<number | undefined> {
  const path = join(folder, `${++files}.flv`);
  writeFileSync(path, Buffer.concat(parts));
  return flvLengthMs(path);
}

describe('the length of an FLV file', () => {
  it.each([
    ['is from its first tag to its last', [video(500), video(1000), video(10_500)], 10_000],
    ['counts beyond 24 bits', [video(0), video(0x1000_0064)], 0x1000_0064],
    ['does not depend on an end of sequence with time 0', [video(0), video(4000), flvTag(9, 0, BODY)], 4000],
    ['does not depend on script data', [flvTag(18, 0, BODY), video(0), video(4000), flvTag(18, 9000, BODY)], 4000],
    ['is 0 with one tag', [video(77)], 0],
    ['is not known of a file that is cut', [video(0), video(4000).subarray(0, -2)], undefined],
    ['is not known where times fall', [video(9000), ...Array.from({ length: 8 }, () => video(10))], undefined],
    ['is not known without a tag', [], undefined],
    ['is not known of script data alone', [flvTag(18, 0, BODY)], undefined],
  ])('%s', async (_, tags, length) => {
    expect(await lengthOf(HEADER, ...tags)).toBe(length);
  });

  it('is not known of what is no FLV, no file, or not there', async () => {
    expect(await lengthOf(Buffer.from('no FLV at all'))).toBeUndefined();
    expect(await flvLengthMs(folder)).toBeUndefined();
    expect(await flvLengthMs(join(folder, 'missing.flv'))).toBeUndefined();
  });
});
