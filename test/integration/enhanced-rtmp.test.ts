import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amf, EcmaArray, readAmf } from '../support/amf.js';
import { SseWatcher } from '../support/events.js';
import { readFlv } from '../support/flv.js';
import { RawRtmp, type Received } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
/** Constrained Baseline, level 1.3, 320 by 240. */
const AVCC = '01 42c00d ff e1 0016 6742c00dd90141fb0110000003001000000303c0f1429920 01 0005 68cb83cb20';
const AVCC_BYTES = '000028';

type Sent = readonly [type: number, payload: Buffer];

const METADATA: Sent = [
  18,
  amf(
    'onMetaData',
    new EcmaArray({
      videocodecid: 0x61766331,
      audiocodecid: 10,
      audioTrackIdInfoMap: { 1: { audiocodecid: 0x4f707573, channels: 2 } },
      videoTrackIdInfoMap: { 1: { width: 320, height: 240 }, 2: { width: 320, height: 240 } },
    }),
  ),
];
/** What late players must have, audio before video. */
const AUDIO_HEADERS: readonly Sent[] = [
  [8, hex('af 00 1210')],
  // ManyTracksManyCodecs: Opus as track 1, AAC as track 2.
  [8, hex('95 20 4f707573 01 000013 4f70757348656164 01 02 3801 80bb0000 0000 00 6d703461 02 000002 1210')],
  // MultichannelConfig of track 1: native order, two channels, front left and right.
  [8, hex('95 04 4f707573 01 01 02 00000003')],
];
const VIDEO_HEADERS: readonly Sent[] = [
  [9, hex(`17 00 000000 ${AVCC}`)],
  // ManyTracks: tracks 1 and 2.
  [9, hex(`96 10 61766331 01 ${AVCC_BYTES} ${AVCC} 02 ${AVCC_BYTES} ${AVCC}`)],
  // OneTrack of a codec that nobody knows.
  [9, hex('96 00 7a7a7a7a 03 0102030405')],
  // Metadata of track 0 in AVC as ffmpeg writes it, with frame type 5.
  [9, Buffer.concat([hex('d4 61766331'), amf('colorInfo', { colorConfig: { bitDepth: 10 } })])],
];
const HEADERS = [...VIDEO_HEADERS, ...AUDIO_HEADERS];
/** The first begins the GOP: nanoseconds of ModEx before a keyframe of the default track. */
const FRAMES: readonly Sent[] = [
  [9, hex('97 02 0f423f 01 61766331 000000 0000000165')],
  [9, hex('96 11 61766331 01 000008 000000 00000001 65 02 000008 000000 00000001 65')],
  [9, hex('96 01 7a7a7a7a 03 99')],
  [8, hex('af 01 21')],
  [8, hex('95 21 4f707573 01 000002 fc01 6d703461 02 000001 21')],
  // ModEx past the greatest offset, of an unknown type, of 1 and of 256 bytes; and packet types that nobody knows.
  [9, hex('a7 02 0f4240 01 61766331 000000 0000000141')],
  [9, hex('a7 00 ff f3 61766331 0000000141')],
  [9, hex(`a7 ff 00ff ${'00'.repeat(256)} f3 61766331 0000000141`)],
  [9, hex('ae 61766331 0102')],
  [8, hex('9e 6d703461 0102')],
  // Cut short within ModEx, within multitrack, and multitrack within multitrack.
  [9, hex('a7 05 00')],
  [9, hex('a6 11 61766331 01 ffffff 00')],
  [8, hex('95 15 4f707573 01')],
  [8, hex('91 6d703461 21')],
];
/** OBS ends so: SequenceEnd with timestamp 0. */
const END: Sent = [9, hex('a2 61766331')];

const seen = (messages: readonly Received[]): string[] => messages.map(({ type, payload }) => show([type, payload]));
const show = ([type, payload]: Sent): string => `${type} ${payload.toString('hex')}`;
const times = (messages: readonly Received[]): number[] => messages.map(({ timestamp }) => timestamp);

describe('Enhanced RTMP', () => {
  let server: TestServer;
  let events: SseWatcher;
  beforeAll(async () => {
    const settings = {
      'publish.firstFrameTimeoutMs': 1000,
      'publish.idleTimeoutMs': 3000,
      'publish.readyTimeoutMs': 500,
    };
    server = await spawnServer({ settings: { ...settings, 'play.lingerMs': 100, 'recording.match': 'live/data' } });
    events = await SseWatcher.open(server.http('/v1/events'));
  });
  afterAll(async () => {
    events.close();
    await server.stop();
  });

  it('hands on every track, prefix and codec as it is, and all headers to one who comes later', async () => {
    const early = await RawRtmp.connected({ port: server.rtmpPort });
    await early.play('tracks');
    const late = await RawRtmp.connected({ port: server.rtmpPort });
    const publisher = await RawRtmp.shaken({ port: server.rtmpPort });
    await publisher.connect('live', { capsEx: 14, fourCcList: ['avc1', 'Opus'] });
    const id = await publisher.publish('tracks');
    const send = ([type, payload]: Sent, timestamp: number) =>
      publisher.message(type, payload, { timestamp, messageStreamId: id });
    for (const sent of [METADATA, ...HEADERS]) send(sent, 0);
    for (const [i, sent] of FRAMES.entries()) send(sent, 40 * i);
    send(END, 0);
    const last = FRAMES.length * 40;
    send(FRAMES[0]!, last);
    const whole = [METADATA, ...HEADERS, ...FRAMES, END, FRAMES[0]!].map(show);
    await waitFor(() => early.media().length >= whole.length + 1, { what: () => `all media; got ${early.describe()}` });
    const got = early.media().slice(1);
    expect(seen(got)).toEqual(whole);
    expect(times(got).slice(1 + HEADERS.length, -2)).toEqual(FRAMES.map((_, i) => 40 * i));
    expect(times(got).at(-1)).toBe(last);

    await late.play('tracks');
    await late.expect((m) => m.timestamp === last && m.type === 9 && m.payload[0] === 0x97, 'the last frame');
    const headers = seen(late.media()).slice(1, 2 + HEADERS.length);
    expect(headers[0]).toBe(show(METADATA));
    expect(headers.slice(1, 4).sort()).toEqual(AUDIO_HEADERS.map(show).sort());
    expect(headers.slice(4).sort()).toEqual(VIDEO_HEADERS.map(show).sort());

    const ready = await events.expect('stream.ready', (e) => e.subject === 'live/tracks');
    const tracks = ready.data['tracks'] as { kind: string; id: number; codec: string }[];
    expect(tracks.map(({ kind, id: track, codec }) => `${kind} ${track} ${codec}`)).toEqual([
      'video 0 avc1.42c00d',
      'video 1 avc1.42c00d',
      'video 2 avc1.42c00d',
      'video 3 zzzz',
      'audio 0 mp4a.40.2',
      'audio 1 opus',
      'audio 2 mp4a.40.2',
    ]);
    for (const client of [publisher, early, late]) client.destroy();
    const ended = await events.expect('stream.ended', (e) => e.subject === 'live/tracks');
    expect(ended.data['timestampJumps'] ?? 0).toBe(0);
  });

  it('streams of data alone are played, become ready, are recorded, go on as long as data comes, and end as idle', async () => {
    const publisher = await RawRtmp.connected({ port: server.rtmpPort });
    const id = await publisher.publish('data');
    const player = await RawRtmp.connected({ port: server.rtmpPort });
    await player.play('data');
    let sent = 0;
    const timer = setInterval(() => {
      const payload = amf('position', { x: sent, y: 2 });
      publisher.message(18, payload, { timestamp: 100 * sent++, messageStreamId: id });
    }, 100);
    const ready = await events.expect('stream.ready', (e) => e.subject === 'live/data');
    expect(ready.data).toMatchObject({ tracks: [] });
    const positions = () => player.media().filter(({ values }) => values[0] === 'position');
    // Longer than a publisher may go without its first audio or video.
    await waitFor(() => positions().length >= 15, { what: 'fifteen positions' });
    clearInterval(timer);
    expect(times(positions()).slice(0, 15)).toEqual(Array.from({ length: 15 }, (_, i) => 100 * i));
    const ended = await events.expect('stream.ended', (e) => e.subject === 'live/data');
    expect(ended.data).toMatchObject({ reason: 'idle', audioFrames: 0, videoFrames: 0 });
    await player.status('NetStream.Play.Stop');
    const { data: record } = await events.expect('record.ended', (e) => e.data['name'] === 'data');
    const recorded = readFlv(readFileSync(join(server.data, 'media', String(record['file']))));
    const kept = recorded.filter(({ payload }) => readAmf(Buffer.from(payload))[0] === 'position');
    expect(kept.map(({ timestamp }) => timestamp)).toEqual(Array.from({ length: sent }, (_, i) => 100 * i));
    publisher.destroy();
    player.destroy();
  });

  it('metadata that promises media keeps no stream alive that has none', async () => {
    const publisher = await RawRtmp.connected({ port: server.rtmpPort });
    const id = await publisher.publish('promised');
    publisher.message(18, METADATA[1], { messageStreamId: id });
    publisher.message(18, amf('position', { x: 1 }), { messageStreamId: id });
    const ended = await events.expect('stream.ended', (e) => e.subject === 'live/promised');
    expect(ended.data['readyAt'] ?? null).toBeNull();
    await publisher.gone();
  });
});
