import { describe, expect, it } from 'vitest';
import { FlvReader } from '../../../../src/flv/flv-reader.js';
import { frameMessage } from '../../../../src/hub/framing.js';
import { RecorderHarness } from '../../../support/recording/memory-file.js';

const CHUNK_SIZE = 4096;
const KEY = Buffer.from('1701000000aa', 'hex');
const INTER = Buffer.from('2701000000bb', 'hex');
const AUDIO = Buffer.from('af0121', 'hex');
const AVC = Buffer.from('170000000001640032', 'hex');

const video = (timestamp: number, payload = INTER) => frameMessage(6, 9, timestamp, payload, CHUNK_SIZE);
const audio = (timestamp: number) => frameMessage(4, 8, timestamp, AUDIO, CHUNK_SIZE);
/** A message that fills what is gathered for one write. */
const large = (timestamp: number) => video(timestamp, Buffer.concat([INTER, Buffer.alloc(262_144)]));

/** Type, time and payload of the tags of a file, without its head. */
function tags(bytes: Buffer): string[] {
  const [, ...found] = new FlvReader().push(bytes);
  return found.map(
    ({ type, timestamp, payload }) => `${type} ${timestamp} ${Buffer.from(payload).toString('hex', 0, 9)}`,
  );
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('a recorder', () => {
  it('ends a file that is long enough before the next keyframe, and begins the next one with headers, at 0', async () => {
    const harness = new RecorderHarness(CHUNK_SIZE);
    harness.rotation = { maxBytes: Number.POSITIVE_INFINITY, maxMs: 1000 };
    await harness.play(Buffer.concat([video(0, AVC), video(0, KEY), audio(990), video(999)]));
    await harness.play(Buffer.concat([video(1000), audio(1010), video(1040, KEY), video(1080)]));
    await harness.recorder.end('stream_ended');
    expect(harness.files.map(({ bytes }) => tags(bytes))).toEqual([
      [
        `9 0 ${AVC.toString('hex')}`,
        `9 0 ${KEY.toString('hex')}`,
        `8 990 ${AUDIO.toString('hex')}`,
        `9 999 ${INTER.toString('hex')}`,
        `9 1000 ${INTER.toString('hex')}`,
        `8 1010 ${AUDIO.toString('hex')}`,
      ],
      [`9 0 ${AVC.toString('hex')}`, `9 0 ${KEY.toString('hex')}`, `9 40 ${INTER.toString('hex')}`],
    ]);
    expect(harness.ended.map(({ reason }) => reason)).toEqual(['rotated', 'stream_ended']);
  });

  it('does so at any frame when there is no video, or no keyframe comes for half as long again', async () => {
    const harness = new RecorderHarness(CHUNK_SIZE);
    harness.rotation = { maxBytes: Number.POSITIVE_INFINITY, maxMs: 1000 };
    await harness.play(Buffer.concat([audio(0), audio(999), audio(1000), video(1020, KEY)]));
    await harness.play(Buffer.concat([video(2499), video(2500)]));
    await harness.recorder.end('stream_ended');
    expect(harness.files.map(({ bytes }) => tags(bytes).length)).toEqual([2, 3, 1]);
  });

  it('ends a file that is large enough', async () => {
    const harness = new RecorderHarness(CHUNK_SIZE);
    harness.rotation = { maxBytes: 2000, maxMs: Number.POSITIVE_INFINITY };
    const key = video(0, Buffer.concat([KEY, Buffer.alloc(1500)]));
    await harness.play(Buffer.concat([key, key, key, key]));
    await harness.recorder.end('stream_ended');
    expect(harness.files.map(({ bytes }) => tags(bytes).length)).toEqual([2, 2]);
  });

  it('ends a file of data alone that is large enough', async () => {
    const harness = new RecorderHarness(CHUNK_SIZE);
    harness.rotation = { maxBytes: 2000, maxMs: Number.POSITIVE_INFINITY };
    const data = frameMessage(
      8,
      18,
      0,
      Buffer.concat([Buffer.from('0200016d02', 'hex'), Buffer.alloc(1500)]),
      CHUNK_SIZE,
    );
    await harness.play(Buffer.concat([data, data, data, data, data]));
    await harness.recorder.end('stream_ended');
    expect(harness.files.map(({ bytes }) => tags(bytes).length)).toEqual([2, 2, 1]);
  });

  it('does not end files for their headers, however long these are', async () => {
    const harness = new RecorderHarness(CHUNK_SIZE);
    harness.rotation = { maxBytes: 2000, maxMs: Number.POSITIVE_INFINITY };
    const header = video(0, Buffer.concat([AVC, Buffer.alloc(4000)]));
    await harness.play(Buffer.concat([header, video(0, KEY), video(40, KEY), video(80, KEY)]));
    await harness.recorder.end('stream_ended');
    expect(harness.files.map(({ bytes }) => tags(bytes).length)).toEqual([2, 2, 2]);
  });

  it('takes nothing while its disk is slow, and goes on where it was', async () => {
    const harness = new RecorderHarness(CHUNK_SIZE);
    await harness.play(video(0, KEY));
    harness.files[0]!.isSlow = true;
    const { recorder } = harness;
    expect(recorder.write(Buffer.concat([large(1), large(2), audio(3)]))).toBe(false);
    await turns();
    expect(harness.drained).toBe(1);
    expect(recorder.heldBytes).toBeLessThan(2_000_000);
    harness.skips = 2;
    harness.files[0]!.release();
    await turns();
    expect(harness.drained).toBe(2);
    await recorder.end('stream_ended');
    expect(tags(harness.files[0]!.bytes).map((tag) => tag.slice(0, 3))).toEqual(['9 0', '9 1', '9 2', '8 3']);
    expect(harness.ended).toMatchObject([{ reason: 'stream_ended', gaps: 2 }]);
    expect(recorder.heldBytes).toBe(0);
  });

  it.each([
    ['ENOSPC', 'disk_full'],
    ['EDQUOT', 'disk_full'],
    ['EIO', 'disk_error'],
  ])('ends at %s, with a file of whole tags', async (code, reason) => {
    const harness = new RecorderHarness(CHUNK_SIZE);
    await harness.play(Buffer.concat([video(0, KEY), large(1)]));
    await turns();
    const file = harness.files[0]!;
    const whole = file.bytes.length;
    file.failure = Object.assign(new Error(code), { code });
    expect(harness.recorder.write(Buffer.concat([large(2), audio(3)]))).toBe(true);
    await turns();
    file.failure = undefined;
    await turns();
    expect(harness.ended).toMatchObject([{ reason }]);
    expect(harness.detached).toBe(1);
    expect(harness.recorder.write(audio(4)), 'more is let go').toBe(true);
    if (harness.ended[0]!.state !== undefined) expect(file.bytes).toHaveLength(whole);
    expect(file.isClosed).toBe(true);
  });

  it('lets go of what waits when no file can be opened, and says why', async () => {
    const harness = new RecorderHarness(CHUNK_SIZE);
    const failure = Object.assign(new Error('no'), { code: 'EACCES' });
    harness.opening = () => Promise.reject(failure);
    expect(harness.recorder.write(Buffer.concat([video(0, KEY), audio(1)]))).toBe(false);
    await turns();
    expect([harness.refusals, harness.ended, harness.detached]).toEqual([[failure], [], 1]);
  });

  it('writes what it was given also when the stream ends while the file is opened', async () => {
    const harness = new RecorderHarness(CHUNK_SIZE);
    let open = (): void => {};
    harness.opening = () => new Promise((resolve) => (open = resolve));
    expect(harness.recorder.write(Buffer.concat([video(0, KEY), audio(1)]))).toBe(false);
    harness.recorder.publisherGone();
    open();
    await turns();
    expect(tags(harness.files[0]!.bytes)).toHaveLength(2);
    expect(harness.drained).toBe(1);
  });

  it('makes no file of a stream without a frame', async () => {
    const harness = new RecorderHarness(CHUNK_SIZE);
    expect(harness.recorder.write(video(0, AVC))).toBe(true);
    await harness.recorder.end('stream_ended');
    expect([harness.files, harness.ended]).toEqual([[], []]);
  });

  it('writes what has waited for a second, and ends for memory and defects', async () => {
    const harness = new RecorderHarness(CHUNK_SIZE);
    await harness.play(video(0, KEY));
    const head = harness.files[0]!.bytes.length;
    harness.recorder.tick(999);
    await turns();
    expect(harness.files[0]!.bytes).toHaveLength(head);
    harness.recorder.tick(1000);
    await turns();
    expect(harness.files[0]!.bytes.length).toBeGreaterThan(head);
    expect(harness.visits).toBe(2);
    harness.recorder.evicted();
    harness.recorder.failed(new Error('twice'));
    await turns();
    expect(harness.ended).toMatchObject([{ reason: 'memory' }]);
    harness.recorder.tick(5000);
    expect(harness.visits).toBe(2);
  });
});
