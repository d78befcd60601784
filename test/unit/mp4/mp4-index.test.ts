import { expect, test } from 'vitest';
import { indexMp4 } from '../../../src/mp4/mp4-index.js';
import {
  AAC_CONFIG,
  AVC_CONFIG,
  AVC_ENTRY,
  audioEntry,
  box,
  fullBox,
  HEVC_CONFIG,
  HEVC_ENTRY,
  mp4File,
  readerOf,
  type TestTrack,
  u32,
  videoEntry,
} from '../../support/mp4.js';

const MAX_BYTES = 1_000_000;
const bytes = (...lengths: readonly number[]): Buffer[] => lengths.map((length, i) => Buffer.alloc(length, i + 1));

const VIDEO: TestTrack = {
  handler: 'vide',
  entry: AVC_ENTRY,
  timescale: 25,
  delta: 1,
  samples: bytes(100, 20, 30, 110),
  keys: [1, 4],
  compositions: [2, 4, 1, 1],
};
const AUDIO: TestTrack = {
  handler: 'soun',
  entry: audioEntry(),
  timescale: 48_000,
  delta: 1024,
  samples: bytes(10, 11, 12),
};

async function index(file: Buffer) {
  return indexMp4(readerOf(file).read, file.length, MAX_BYTES);
}

test('lists every sample of both tracks with position, size, time and composition offset', async () => {
  const file = mp4File([VIDEO, AUDIO]);
  const { video, audio, durationMs } = await index(file);
  expect(video!.codec).toEqual({ kind: 'avc', config: AVC_CONFIG, width: 640, height: 360 });
  expect([...video!.samples.times]).toEqual([0, 40, 80, 120]);
  expect([...video!.samples.compositions!]).toEqual([80, 160, 40, 40]);
  expect([...video!.samples.keys!]).toEqual([0, 3]);
  expect(audio!.codec).toEqual({ kind: 'aac', config: AAC_CONFIG });
  expect([...audio!.samples.times]).toEqual([0, 21, 43]);
  expect(durationMs).toBe(120);
  for (const { track, of } of [
    { track: VIDEO, of: video! },
    { track: AUDIO, of: audio! },
  ]) {
    const read = [...of.samples.offsets].map((at, i) => file.subarray(at, at + of.samples.sizes[i]!));
    expect(read).toEqual(track.samples);
  }
});

test('reads HEVC, and a file without video', async () => {
  const hevc = await index(mp4File([{ ...VIDEO, entry: HEVC_ENTRY }]));
  expect(hevc.video!.codec).toMatchObject({ kind: 'hevc', config: HEVC_CONFIG });
  expect(hevc.audio).toBeUndefined();
  const sound = await index(mp4File([AUDIO]));
  expect(sound.video).toBeUndefined();
  expect(sound.durationMs).toBe(43);
});

test('an edit list that leaves out the delay of B-frames moves both tracks, so that none begins before 0', async () => {
  const edits = (time: number): Buffer => fullBox('elst', u32(1, 160, time, 0x10000));
  const { video, audio } = await index(
    mp4File([
      { ...VIDEO, edits: edits(2) },
      { ...AUDIO, edits: edits(1024) },
    ]),
  );
  expect([...video!.samples.times]).toEqual([0, 40, 80, 120]);
  expect([...audio!.samples.times]).toEqual([59, 80, 101]);
});

test('an empty edit delays its track, and edits that cut are not followed', async () => {
  const late = fullBox('elst', u32(2, 500, -1, 0x10000, 160, 0, 0x10000));
  const delayed = await index(mp4File([VIDEO, { ...AUDIO, edits: late }]));
  expect(delayed.audio!.samples.times[0]).toBe(500);
  const cuts = fullBox('elst', u32(2, 40, 1, 0x10000, 40, 3, 0x10000));
  const cut = await index(mp4File([{ ...VIDEO, edits: cuts }]));
  expect([...cut.video!.samples.times]).toEqual([0, 40, 80, 120]);
});

test('a fragmented file is refused, by mvex and by moof', async () => {
  await expect(index(mp4File([VIDEO], box('mvex')))).rejects.toMatchObject({ code: 'ERR_MP4_FRAGMENTED' });
  await expect(index(Buffer.concat([box('moof'), mp4File([VIDEO])]))).rejects.toMatchObject({
    code: 'ERR_MP4_FRAGMENTED',
  });
});

test('other codecs are refused with their name', async () => {
  const refused = async (track: TestTrack, name: string): Promise<void> => {
    await expect(index(mp4File([track]))).rejects.toMatchObject({
      code: 'ERR_MP4_CODEC',
      message: expect.stringContaining(name),
    });
  };
  await refused({ ...VIDEO, entry: videoEntry('av01', 'av1C', AVC_CONFIG) }, 'av01');
  await refused({ ...VIDEO, entry: videoEntry('encv', 'avcC', AVC_CONFIG) }, 'encv');
  await refused({ ...AUDIO, entry: audioEntry(0x6b) }, 'mp4a.6b');
});

test('moov is read when it is as long as the bound, and refused by its header when it is longer', async () => {
  const file = mp4File([VIDEO]);
  const moovBytes = file.readUInt32BE(16);
  const { read, counts } = readerOf(file);
  await expect(indexMp4(read, file.length, moovBytes)).resolves.toBeDefined();
  counts.longest = 0;
  await expect(indexMp4(read, file.length, moovBytes - 1)).rejects.toMatchObject({ code: 'ERR_VOD_INDEX' });
  expect(counts.longest).toBeLessThanOrEqual(16);
});

test('a size that all samples share is not listed more often than the bound allows', async () => {
  const file = mp4File([VIDEO]);
  const at = file.indexOf('stsz') + 8;
  file.writeUInt32BE(1, at);
  file.writeUInt32BE(0xffff_ffff, at + 4);
  await expect(index(file)).rejects.toMatchObject({ code: 'ERR_VOD_INDEX' });
});

test('tables with more entries than bytes, and samples behind the end, are refused', async () => {
  for (const type of ['stts', 'ctts', 'stsc', 'stco', 'stss']) {
    const file = mp4File([VIDEO]);
    file.writeUInt32BE(0xffff_ffff, file.indexOf(type) + 8);
    await expect(index(file), type).rejects.toMatchObject({ code: 'ERR_MP4_DAMAGED' });
  }
  const whole = mp4File([VIDEO]);
  await expect(index(whole.subarray(0, whole.length - 1))).rejects.toMatchObject({ code: 'ERR_MP4_DAMAGED' });
});

test('what is no MP4 is refused', async () => {
  await expect(index(Buffer.from('FLV\x01 is not MP4'))).rejects.toMatchObject({ code: 'ERR_MP4_DAMAGED' });
  await expect(index(Buffer.alloc(0))).rejects.toMatchObject({ code: 'ERR_MP4_DAMAGED' });
});
