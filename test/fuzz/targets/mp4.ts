import { SluiceError } from '../../../src/core/errors.js';
import { indexMp4, type Mp4Track } from '../../../src/mp4/mp4-index.js';
import {
  AVC_ENTRY,
  audioEntry,
  fullBox,
  HEVC_ENTRY,
  mp4File,
  readerOf,
  type TestTrack,
  u32,
} from '../../support/mp4.js';
import { seeded } from '../../support/random.js';
import type { FuzzTarget } from '../target.js';

const MAX_INDEX_BYTES = 20_000;
const CODES = ['ERR_MP4_FRAGMENTED', 'ERR_MP4_CODEC', 'ERR_MP4_DAMAGED', 'ERR_VOD_INDEX'];

function samples(seed: number): Uint8Array[] {
  const random = seeded(seed);
  const below = (end: number): number => Math.floor(random() * end);
  const track = (handler: 'vide' | 'soun', entry: Buffer): TestTrack => {
    const count = 1 + below(12);
    return {
      handler,
      entry,
      timescale: [25, 600, 44_100, 90_000][below(4)]!,
      delta: below(3000),
      samples: Array.from({ length: count }, (_, i) => Buffer.alloc(below(60), i)),
      ...(random() < 0.5 && { keys: Array.from({ length: 1 + (count >> 2) }, (_, i) => 1 + 4 * i) }),
      ...(random() < 0.5 && { compositions: Array.from({ length: count }, () => below(200) - 50) }),
      ...(random() < 0.5 && { edits: fullBox('elst', u32(1, below(1000), below(100) - 1, 0x10000)) }),
    };
  };
  return Array.from({ length: 6 }, () => {
    const video = track('vide', random() < 0.5 ? AVC_ENTRY : HEVC_ENTRY);
    const both = [video, track('soun', audioEntry())];
    return mp4File(random() < 0.7 ? both : both.slice(below(2)), ...(random() < 0.1 ? [fullBox('mvex')] : []));
  });
}

/** @throws Error when a sample is not in the file, or its times or its key frames go back */
function check({ samples: { count, offsets, sizes, times, keys } }: Mp4Track, fileBytes: number): void {
  for (let i = 0; i < count; i++) {
    if (!(offsets[i]! >= 0 && offsets[i]! + sizes[i]! <= fileBytes)) throw new Error(`sample ${i} is not in the file`);
    if (!(times[i]! >= (i === 0 ? 0 : times[i - 1]!))) throw new Error(`the time of sample ${i} is ${times[i]}`);
  }
  for (const [i, key] of (keys ?? []).entries())
    if (!(key < count && key > (i === 0 ? -1 : keys![i - 1]!))) throw new Error(`key frame ${i} is sample ${key}`);
}

/** MP4 files: their index lies within the file and within its bound, or there is an error that says why. */
export const mp4: FuzzTarget = {
  name: 'mp4-index',
  what: 'the index of an MP4 file: samples that are in it, in order, within its bound; or an error with a code',
  sources: ['/src/mp4/'],
  tokens: [
    'moov',
    'trak',
    'mdia',
    'stbl',
    'stsz',
    'stsc',
    'stco',
    'co64',
    'stts',
    'ctts',
    'stss',
    'elst',
    'avc1',
    'moof',
  ]
    .map((type): Uint8Array => Buffer.from(type))
    .concat(u32(0), u32(1), u32(0xffffffff), u32(0, 0xffffffff)),
  maxBytes: 4000,
  samples,
  run: async (input) => {
    const { read, counts } = readerOf(Buffer.from(input));
    try {
      const index = await indexMp4(read, input.length, MAX_INDEX_BYTES);
      for (const track of [index.video, index.audio]) if (track !== undefined) check(track, input.length);
      if (index.heldBytes > 2 * MAX_INDEX_BYTES) throw new Error(`an index of ${index.heldBytes} bytes`);
    } catch (error) {
      if (!(error instanceof SluiceError) || !CODES.includes(error.code)) throw error;
    }
    if (counts.longest > MAX_INDEX_BYTES) throw new Error(`${counts.longest} bytes were read at once`);
  },
};
