import { expect, test } from 'vitest';
import { indexFlv } from '../../../src/flv/flv-index.js';
import { flvHeader, flvTag } from '../../../src/flv/flv-writer.js';
import { writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';
import { readerOf } from '../../support/mp4.js';

const HEADER = flvHeader({ audio: true, video: true });
const AVC_HEADER = Buffer.from('1700000000014d401e', 'hex');
const AAC_HEADER = Buffer.from('af001190', 'hex');
const key = (fill: number, bytes = 40): Buffer =>
  Buffer.concat([Buffer.from('1701000000', 'hex'), Buffer.alloc(bytes, fill)]);
const inter = Buffer.from('270100000022', 'hex');
const sound = Buffer.from('af0133', 'hex');

function file(...tags: readonly [type: number, ms: number, body: Buffer][]): Buffer {
  return Buffer.concat([HEADER, ...tags.map(([type, ms, body]) => flvTag(type, ms, body))]);
}

/** Ten seconds with a keyframe every second. @param metadata is made with the places of keyframes */
function tenSeconds(metadata: (times: number[], positions: number[]) => Buffer | undefined): Buffer {
  const frames = Array.from({ length: 10 }, (_, i): [number, number, Buffer][] => [
    [9, i * 1000, key(i)],
    [8, i * 1000 + 10, sound],
    [9, i * 1000 + 500, inter],
  ]);
  const make = (times: number[], positions: number[]): Buffer => {
    const body = metadata(times, positions);
    const head: [number, number, Buffer][] = body === undefined ? [] : [[18, 0, body]];
    return file(...head, [9, 0, AVC_HEADER], [8, 0, AAC_HEADER], ...frames.flat());
  };
  const times = frames.map((_, i) => i);
  const empty = make(times, times);
  const positions = frames.map((_, i) => empty.indexOf(flvTag(9, i * 1000, key(i))));
  return make(times, positions);
}

const withKeyframes = (times: number[], positions: number[]): Buffer =>
  writeAmf0('onMetaData', { width: 640, keyframes: { times, filepositions: positions } });

async function index(bytes: Buffer) {
  const { read, counts } = readerOf(bytes);
  return { ...(await indexFlv(read, bytes.length)), reads: counts.reads };
}

test('finds keyframes, decoder configurations, metadata and times', async () => {
  const bytes = tenSeconds(() => writeAmf0('onMetaData', { width: 640 }));
  const { begin, end, firstMs, lastMs, times, positions, headers, metadata } = await index(bytes);
  expect({ begin, end, firstMs, lastMs }).toEqual({ begin: 13, end: bytes.length, firstMs: 0, lastMs: 9500 });
  expect([...times]).toEqual([0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000]);
  expect([...positions].map((at) => bytes.subarray(at + 11, at + 16).toString('hex'))).toEqual(
    Array.from({ length: 10 }, () => '1701000000'),
  );
  expect(headers.map(({ key: of, payload }) => [of, payload])).toEqual([
    ['video 0', AVC_HEADER],
    ['audio 0', AAC_HEADER],
  ]);
  expect(metadata).toEqual(writeAmf0('onMetaData', { duration: 9.5, width: 640 }));
});

test('takes the keyframes that the file lists, and gives the same as a scan', async () => {
  const listed = await index(tenSeconds(withKeyframes));
  const scanned = await index(tenSeconds((times, positions) => withKeyframes(times, [...positions.slice(1), 1])));
  expect(listed.reads).toBeLessThan(30);
  expect(listed.times).toEqual(scanned.times);
  expect(listed.positions).toEqual(scanned.positions);
  expect(listed.lastMs).toBe(scanned.lastMs);
});

test.each<[string, (times: number[], positions: number[]) => Buffer]>([
  [
    'positions where no keyframe is',
    (times, positions) =>
      withKeyframes(
        times,
        positions.map((at) => at + 1),
      ),
  ],
  [
    'times that are wrong',
    (times, positions) =>
      withKeyframes(
        times.map((s) => s + 1),
        positions,
      ),
  ],
  ['lists of different lengths', (times, positions) => withKeyframes(times, positions.slice(1))],
  [
    'positions behind the end',
    (times, positions) =>
      withKeyframes(
        times,
        positions.map((at) => at + 1e9),
      ),
  ],
  ['nothing', () => withKeyframes([], [])],
])('does not believe a list of keyframes with %s', async (_, metadata) => {
  const { times } = await index(tenSeconds(metadata));
  expect([...times]).toEqual([0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000]);
});

test('a duration that the metadata has stays, and one of 0 is replaced', async () => {
  const of = async (duration: number) =>
    (await index(tenSeconds(() => writeAmf0('onMetaData', { duration })))).metadata;
  expect(await of(12)).toEqual(writeAmf0('onMetaData', { duration: 12 }));
  expect(await of(0)).toEqual(writeAmf0('onMetaData', { duration: 9.5 }));
});

test('a file that was cut ends with its last whole tag', async () => {
  const whole = file([9, 0, AVC_HEADER], [9, 0, key(1)], [9, 40, inter]);
  const { end, lastMs } = await index(whole.subarray(0, whole.length - 5));
  expect({ end, lastMs }).toEqual({ end: whole.length - flvTag(9, 40, inter).length, lastMs: 0 });
});

test('a file without video can begin at audio', async () => {
  const { times } = await index(file([8, 0, AAC_HEADER], [8, 0, sound], [8, 100, sound], [8, 300, sound]));
  expect([...times]).toEqual([0, 300]);
});

test('tags longer than a piece of the scan are passed over', async () => {
  const { times } = await index(file([9, 0, AVC_HEADER], [9, 0, key(1, 600_000)], [9, 1000, key(2)]));
  expect([...times]).toEqual([0, 1000]);
});

test('what is no FLV, and what has no tag, is refused', async () => {
  await expect(index(Buffer.from('ftypisom, or so'))).rejects.toMatchObject({ code: 'ERR_FLV_SIGNATURE' });
  await expect(index(HEADER)).rejects.toMatchObject({ code: 'ERR_FLV_EMPTY' });
});
