import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child, run } from '../support/child.js';
import { readFlv } from '../support/flv.js';
import { media } from '../support/media.js';
import { box } from '../support/mp4.js';
import { hashesOf, type MediaHashes, tagHashes } from '../support/playback.js';
import { RawRtmp, type Received, statusOf } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { ffmpegPlay, gstPlay } from '../support/tools.js';

/** What clients send that want everything at once, as rtmpdump does: no test waits for media to play. */
const ALL_AT_ONCE = 36_000_000;

/** A client without headers and ends of sequences: those are no frames of a file. */
async function playedBy(child: Child, file: string): Promise<MediaHashes> {
  expect((await child.exited).code, child.output.slice(-1000)).toBe(0);
  return hashesOf(file);
}

describe('recorded streams', () => {
  const root = tempDir('media');
  const out = tempDir('played');
  let server: TestServer;
  let flv: Buffer;
  let ofFile: MediaHashes;
  beforeAll(async () => {
    const source = await media('h264-aac.flv');
    flv = await readFile(source);
    ofFile = await hashesOf(source);
    await mkdir(join(root, 'vod', 'deep'), { recursive: true });
    await copyFile(source, join(root, 'vod', 'film.flv'));
    await copyFile(await media('h264-aac.mp4'), join(root, 'vod', 'deep', 'film.mp4'));
    await copyFile(await media('hevc.mp4'), join(root, 'vod', 'hevc.mp4'));
    const fragmented = Buffer.concat([box('ftyp', Buffer.from('isom')), box('moof')]);
    await writeFile(join(root, 'vod', 'pieces.mp4'), fragmented);
    const outside = tempDir('outside');
    await copyFile(source, join(outside, 'secret.flv'));
    await symlink(join(outside, 'secret.flv'), join(root, 'vod', 'link.flv'));
    server = await spawnServer({
      settings: { 'media.root': root, 'vod.maxBufferMs': ALL_AT_ONCE, 'play.waitForPublisher': false },
    });
  });
  afterAll(() => server.stop());

  /** createStream, SetBufferLength, play. */
  async function plays(name: string, ...more: number[]) {
    const client = await RawRtmp.connected({ port: server.rtmpPort, app: 'vod' });
    const id = await client.createStream();
    const buffer = (ms: number): void => {
      const payload = Buffer.alloc(10);
      payload.writeUInt16BE(3, 0);
      payload.writeUInt32BE(id, 2);
      payload.writeUInt32BE(ms, 6);
      client.message(4, payload);
    };
    return { client, id, buffer, play: () => client.command(id, 'play', 0, null, name, ...more) };
  }
  const codesOf = (received: readonly Received[]) =>
    received.filter((m) => m.values[0] === 'onStatus').map((m) => String(statusOf(m).code).split('.').at(-1));
  const controls = (received: readonly Received[]) =>
    received.filter((m) => m.type === 4).map((m) => m.payload.readUInt16BE(0));
  const payloads = (received: readonly Received[]) =>
    received.filter((m) => m.type === 8 || m.type === 9).map((m) => m.payload.toString('hex'));

  it('plays every tag of a file and says that it has ended', async () => {
    const { client, buffer, play } = await plays('film');
    buffer(ALL_AT_ONCE);
    play();
    await client.gone();
    const tags = readFlv(flv).filter(({ type }) => type !== 18);
    expect(payloads(client.received)).toEqual(tags.map(({ payload }) => payload.toString('hex')));
    const times = client.received.filter(({ type }) => type === 8 || type === 9).map(({ timestamp }) => timestamp);
    expect(times).toEqual(tags.map(({ timestamp }) => timestamp));
    expect(codesOf(client.received)).toEqual(['Reset', 'Start', 'Stop']);
    // StreamIsRecorded, StreamBegin, StreamEOF.
    expect(controls(client.received).filter((event) => event !== 6)).toEqual([4, 0, 1]);
    const names = client.received.filter(({ type }) => type === 18).map(({ values }) => values[0]);
    expect(names).toEqual(['|RtmpSampleAccess', 'onMetaData', 'onPlayStatus']);
    const { values } = client.received.findLast(({ type }) => type === 18)!;
    expect(values[1]).toMatchObject({ code: 'NetStream.Play.Complete', level: 'status', duration: expect.any(Number) });
  });

  it('seeks to a keyframe, pauses, and goes on where it was', async () => {
    const { client, id, buffer, play } = await plays('film');
    play();
    await client.expect((m) => m.type === 9 && m.timestamp >= 900, 'the first second');
    client.command(id, 'pause', 0, null, true, 900);
    await client.status('NetStream.Pause.Notify');
    const before = client.received.length;
    client.command(id, 'seek', 0, null, 1500);
    await client.status('NetStream.Seek.Notify');
    client.command(id, 'pause', 0, null, false, 1500);
    buffer(ALL_AT_ONCE);
    await client.gone();
    const after = client.received.slice(before);
    const key = after.find((m) => m.type === 9 && m.payload[1] === 1)!;
    expect([key.timestamp, key.payload[0]]).toEqual([1000, 0x17]);
    const rest = readFlv(flv).filter(({ type, timestamp }) => type === 9 && timestamp >= 1000);
    expect(after.filter((m) => m.type === 9 && m.payload[1] === 1).length).toBe(
      rest.filter(({ payload }) => payload[1] === 1).length,
    );
    expect(codesOf(client.received)).toEqual(['Reset', 'Start', 'Notify', 'Notify', 'Notify', 'Stop']);
  });

  it('says how long a file is, and 0 for what there is not', async () => {
    const { client } = await plays('film');
    const lengthOf = async (transaction: number, name: string): Promise<unknown> => {
      client.command(0, 'getStreamLength', transaction, null, name);
      const answer = await client.expect((m) => m.values[0] === '_result' && m.values[1] === transaction, 'a length');
      return answer.values[3];
    };
    expect(await lengthOf(11, 'film')).toBeCloseTo(3, 0);
    expect(await lengthOf(12, 'mp4:deep/film')).toBeCloseTo(3, 0);
    expect(await lengthOf(13, 'nothing')).toBe(0);
    client.destroy();
  });

  it.each([
    ['nothing', -2000, 'StreamNotFound'],
    ['film', -1000, 'StreamNotFound'],
    ['link', 0, 'StreamNotFound'],
    ['mp4:pieces', 0, 'Failed'],
  ])('refuses %s with start %i', async (name, start, code) => {
    const { client, play } = await plays(name, start);
    play();
    await client.gone();
    expect(codesOf(client.received)).toEqual([code]);
  });

  it('plays HEVC of MP4 as Enhanced RTMP', async () => {
    const { client, buffer, play } = await plays('hevc.mp4');
    buffer(ALL_AT_ONCE);
    play();
    await client.gone();
    const video = client.received.filter(({ type }) => type === 9).map(({ payload }) => payload);
    expect(video[0]!.subarray(0, 5).toString('latin1')).toBe('\x90hvc1');
    expect(new Set(video.slice(1).map((payload) => payload.toString('latin1', 1, 5)))).toEqual(new Set(['hvc1']));
    const metadata = client.received.find(({ values }) => values[0] === 'onMetaData')!;
    expect(metadata.values[1]).toMatchObject({ videocodecid: 0x68766331, duration: expect.any(Number) });
  });

  it('ffmpeg and GStreamer get every frame, of FLV and of MP4', async () => {
    const [ffmpeg, ofMp4, gst] = await Promise.all([
      playedBy(ffmpegPlay(server.url('film', 'vod'), join(out, 'f.flv')), join(out, 'f.flv')),
      playedBy(ffmpegPlay(server.url('deep/film.mp4', 'vod'), join(out, 'm.flv')), join(out, 'm.flv')),
      playedBy(gstPlay('rtmp2src', server.url('film', 'vod'), join(out, 'g.flv')), join(out, 'g.flv')),
    ]);
    expect(ffmpeg).toEqual(ofFile);
    expect(gst).toEqual(ofFile);
    expect(ofMp4).toEqual(await hashesOf(await media('h264-aac.mp4')));
  });

  it('ffmpeg seeks by the seek command', async () => {
    const file = join(out, 'seek.flv');
    await run(['ffmpeg', '-v', 'error', '-y', '-ss', '2.2', '-i', server.url('film', 'vod'), '-c', 'copy', file]);
    const { video } = await hashesOf(file);
    expect(video).toEqual(ofFile.video.slice(-video.length));
    expect([25, 50]).toContain(video.length);
  });

  it('rtmpdump starts, stops, and resumes a file that it has in part', async () => {
    const url = server.url('film', 'vod');
    const part = join(out, 'part.flv');
    await run(['rtmpdump', '-q', '-r', url, '--start', '1', '--stop', '2', '-o', part]).catch(() => undefined);
    const tags = readFlv(await readFile(part)).filter(({ type }) => type !== 18);
    expect([tags[0]!.timestamp, tags.at(-1)!.timestamp].map((ms) => Math.round(ms / 100))).toEqual([10, 20]);
    const whole = readFlv(flv);
    const cut = whole.findIndex(({ timestamp }) => timestamp >= 1700);
    const resumed = join(out, 'resumed.flv');
    await writeFile(resumed, flv.subarray(0, bytesOf(whole.slice(0, cut))));
    await new Child(['rtmpdump', '-q', '-r', url, '--resume', '-o', resumed]).exited;
    expect(tagHashes(readFlv(await readFile(resumed)).filter(isFrame))).toEqual(tagHashes(whole.filter(isFrame)));
  });
});

/** rtmpdump leaves out the end of a sequence, which has five bytes. */
function isFrame({ payload }: { readonly payload: Buffer }): boolean {
  return payload.length > 5;
}

function bytesOf(tags: readonly { readonly payload: Buffer }[]): number {
  return tags.reduce((sum, { payload }) => sum + 15 + payload.length, 13);
}
