import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playTo } from '../../src/client/play-to.js';
import type { FlvTag } from '../../src/flv/flv-format.js';
import { flvTags } from '../support/enhanced.js';
import { digest } from '../support/flv.js';
import { media } from '../support/media.js';
import { finishPlayer, hashesOf } from '../support/playback.js';
import { RawRtmp, type Received, statusOf } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import * as tools from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const isKey = (m: Received) => m.type === 9 && m.payload[0] === 0x17 && m.payload[1] === 1;
const isHeader = (m: Received) => (m.type === 8 || m.type === 9) && m.payload[1] === 0;

describe('players', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await spawnServer({ settings: { 'play.lingerMs': 1500, 'play.aggregate': true } });
  });
  afterAll(() => server.stop());

  it('gives a player that asks aggregates of what is there when it joins, and its own client the same frames', async () => {
    const publisher = await RawRtmp.connected({ port: server.rtmpPort });
    const messageStreamId = await publisher.publish('packed');
    const frames = Array.from({ length: 12 }, (_, i) => Buffer.from([i === 0 ? 0x12 : 0x22, ...Array(40).fill(i)]));
    for (const [i, frame] of frames.entries()) publisher.message(9, frame, { timestamp: i * 40, messageStreamId });
    const plain = await RawRtmp.connected({ port: server.rtmpPort });
    await plain.play('packed');
    await plain.expect((m) => m.type === 9 && m.payload.equals(frames[11]), 'the last frame');
    expect(plain.received.filter((m) => m.type === 22)).toEqual([]);

    const raw = await RawRtmp.connected({ port: server.rtmpPort });
    await raw.play('packed?aggregate=1');
    const aggregate = await raw.expect((m) => m.type === 22, 'an aggregate');
    expect(frames.every((frame) => aggregate.payload.includes(frame))).toBe(true);
    const tags: FlvTag[] = [];
    const enough = new AbortController();
    const onTag = (tag: FlvTag) => {
      if (tag.type === 9 && tags.push(tag) === frames.length) enough.abort();
    };
    await playTo(server.url('packed?aggregate=1'), { onTag, signal: enough.signal });
    expect(tags.map(({ payload, timestamp }) => [timestamp, Buffer.from(payload)])).toEqual(
      frames.map((frame, i) => [i * 40, frame]),
    );
    for (const client of [publisher, plain, raw]) client.destroy();
  });

  it('tells ffprobe every codec of a running stream with less than two seconds of analysis', async () => {
    const publisher = tools.ffmpegPublish(await media('long.flv'), server.url('probe'));
    await server.ready('probe');
    const streams = await tools.probeStreams(server.url('probe'), [
      ...['-analyzeduration', '1000000', '-probesize', '200000', '-rw_timeout', '2000000'],
    ]);
    const facts = streams
      .filter((s) => s.codec_type !== 'data')
      .map((s) => [s.codec_name, s.width ?? s.sample_rate, s.height ?? s.channels]);
    expect(facts.sort()).toEqual([
      ['aac', '44100', 2],
      ['h264', 320, 180],
    ]);
    await publisher.stop('SIGKILL');
    await server.ended('probe');
  });

  it('gives twenty players at once the same complete data', async () => {
    const folder = tempDir('twenty');
    const source = await media('h264-aac.flv');
    const want = await hashesOf(source);
    const url = server.url('twenty');
    const before = await server.playerCount();
    const running = Array.from({ length: 20 }, (_, i) => {
      const file = join(folder, `${i}.flv`);
      return { file, child: tools.rtmpdumpPlay(url, file) };
    });
    await server.waitForPlayers(before + 20);
    expect((await tools.ffmpegPublish(source, url).finish(20_000)).code).toBe(0);
    await Promise.all(
      running.map(({ file, child }) => finishPlayer(child, file, want.video.length + want.audio.length)),
    );
    for (const { file } of running) expect(await hashesOf(file)).toEqual(want);
    removeTempDir(folder);
  });

  it('gives a player that joins in the middle of a GOP metadata, headers, the GOP from its keyframe, then live frames, without a gap', async () => {
    const tags = (await flvTags('long-gop.flv')).filter((t) => t.type !== 18);
    const publisher = await RawRtmp.connected({ port: server.rtmpPort });
    const id = await publisher.publish('late');
    publisher.setChunkSize(4096);
    publisher.message(18, Buffer.from(metadata), { messageStreamId: id });
    const send = (from: number, to: number) => {
      for (const { type, timestamp, payload } of tags.slice(from, to)) {
        publisher.message(type, payload, { timestamp, messageStreamId: id });
      }
    };
    const keys = tags.flatMap((t, i) => (t.type === 9 && t.payload[0] === 0x17 && t.payload[1] === 1 ? [i] : []));
    const middle = keys[1] + 40;
    send(0, middle);
    await waitFor(async () => ((await server.stream('late'))?.videoFrames ?? 0) > 0 && (await allIn(middle)), {
      everyMs: 50,
      what: 'the first half to arrive',
    });

    const player = await RawRtmp.connected({ port: server.rtmpPort });
    const playerId = await player.play('late');
    send(middle, tags.length);
    const last = digest(tags.at(-1)?.payload ?? Buffer.alloc(0));
    await player.expect((m) => digest(m.payload) === last, 'the last message');

    const got = player.media(playerId).filter((m) => m.type !== 18 || m.values[0] !== '|RtmpSampleAccess');
    expect(got[0].values[0]).toBe('onMetaData');
    expect(got.slice(1, 3).every(isHeader), player.describe()).toBe(true);
    expect(got.slice(1, 3).map((m) => m.type)).toEqual([8, 9]);
    const frames = got.slice(3);
    expect(isKey(frames.find((m) => m.type === 9) as Received)).toBe(true);
    expect(got[2].timestamp).toBe(frames[0].timestamp);
    expect(frames.map((m) => `${m.type} ${m.timestamp} ${digest(m.payload)}`)).toEqual(
      tags.slice(keys[1]).map((t) => `${t.type} ${t.timestamp} ${digest(t.payload)}`),
    );
    publisher.destroy();
    player.destroy();

    async function allIn(count: number): Promise<boolean> {
      const stream = await server.stream('late');
      const headers = 2;
      return (stream?.videoFrames ?? 0) + (stream?.audioFrames ?? 0) >= count - headers;
    }
  });

  it('gives a player that joins after a repeated header the whole GOP, and after a new header that one before any frame', async () => {
    const publisher = await RawRtmp.connected({ port: server.rtmpPort });
    const id = await publisher.publish('headers');
    const early = await RawRtmp.connected({ port: server.rtmpPort });
    await early.play('headers');
    // AVCDecoderConfigurationRecord, version 1, with one SPS and one PPS that differ by a byte.
    const header = (n: number) =>
      Buffer.concat([
        Buffer.from('1700000000' + '0142001effe1' + '0004' + '674200', 'hex'),
        Buffer.from([n]),
        Buffer.from('01' + '0002' + '68', 'hex'),
        Buffer.from([n]),
      ]);
    const frame = (n: number, key = false) =>
      Buffer.concat([Buffer.from(key ? '1701000000' : '2701000000', 'hex'), Buffer.alloc(30, n)]);
    const send = (...payloads: Buffer[]) => {
      for (const payload of payloads) publisher.message(9, payload, { messageStreamId: id });
    };
    const video = (client: RawRtmp) => client.media().flatMap((m) => (m.type === 9 ? [m.payload] : []));
    const joins = async (until: Buffer) => {
      const client = await RawRtmp.connected({ port: server.rtmpPort });
      await client.play('headers');
      await client.expect((m) => m.payload.equals(until), 'the last frame');
      client.destroy();
      return video(client);
    };

    send(header(1), frame(2, true), frame(3), header(1), frame(4));
    await early.expect((m) => m.payload.equals(frame(4)), 'frame 4');
    const first = await joins(frame(4));
    expect(first.filter((payload) => !payload.equals(header(1)))).toEqual([frame(2, true), frame(3), frame(4)]);
    expect(first[0]).toEqual(header(1));

    send(header(5), frame(6, true), frame(7));
    await early.expect((m) => m.payload.equals(frame(7)), 'frame 7');
    expect(await joins(frame(7))).toEqual([header(5), frame(6, true), frame(7)]);
    expect(video(early)).toEqual([
      ...[header(1), frame(2, true), frame(3), header(1), frame(4)],
      ...[header(5), frame(6, true), frame(7)],
    ]);
    publisher.destroy();
    early.destroy();
  });

  it('lets waiting players carry on when a stream is published again under the same name', async () => {
    const tags = (await flvTags('h264-aac.flv')).filter((t) => t.type !== 18);
    const player = await RawRtmp.connected({ port: server.rtmpPort });
    await player.play('again');
    for (const round of [1, 2]) {
      const from = player.received.length;
      const publisher = await RawRtmp.connected({ port: server.rtmpPort });
      const id = await publisher.publish('again');
      publisher.setChunkSize(4096);
      for (const { type, timestamp, payload } of tags)
        publisher.message(type, payload, { timestamp, messageStreamId: id });
      await player.expect(
        (m) => digest(m.payload) === digest(tags.at(-1)?.payload ?? Buffer.alloc(0)),
        `all of round ${round}`,
        { from },
      );
      const frames = player.received.slice(from).filter((m) => m.type === 8 || m.type === 9);
      expect(frames.map((m) => digest(m.payload))).toEqual(tags.map((t) => digest(t.payload)));
      publisher.command(0, 'FCUnpublish', 0, null, 'again');
      publisher.command(0, 'deleteStream', 0, null, id);
      publisher.destroy();
      await server.ended('again');
    }
    const times = player
      .media()
      .filter((m) => m.type === 9)
      .map((m) => m.timestamp);
    expect(times.every((t, i) => i === 0 || t >= times[i - 1])).toBe(true);
    player.destroy();
  });

  it('does not let a player that never reads slow the others, and does not keep it for ever', async () => {
    const publisher = await RawRtmp.connected({ port: server.rtmpPort });
    const id = await publisher.publish('slow');
    publisher.setChunkSize(65_536);
    const frozen = await RawRtmp.connected({ port: server.rtmpPort });
    await frozen.play('slow');
    frozen.socket.pause();
    const healthy = await RawRtmp.connected({ port: server.rtmpPort });
    await healthy.play('slow');

    const frame = (i: number) => {
      const payload = Buffer.alloc(60_000, i & 255);
      payload.set([i % 10 === 0 ? 0x12 : 0x22, 0, 0, 0, 0]);
      payload.writeUInt32BE(i, 1);
      return payload;
    };
    const framesOf = (client: RawRtmp) =>
      client
        .media()
        .filter((m) => m.type === 9)
        .map((m) => m.payload.readUInt32BE(1));
    const numbers = () => framesOf(healthy);
    let sent = 0;
    const closed = () => frozen.closed || frozen.socket.destroyed;
    await waitFor(
      async () => {
        publisher.message(9, frame(sent), { timestamp: sent * 40, messageStreamId: id });
        sent++;
        await waitFor(() => numbers().length >= sent, { everyMs: 2, what: `the healthy player to get frame ${sent}` });
        return sent >= 300 && (closed() || ((await server.stream('slow'))?.drops ?? 0) > 0);
      },
      { timeoutMs: 30_000, everyMs: 1, what: 'the frozen player to be skipped or disconnected' },
    );
    expect(numbers()).toEqual(Array.from({ length: sent }, (_, i) => i));

    if (!closed()) {
      frozen.socket.resume();
      const caught = () => framesOf(frozen).includes(sent - 1);
      await waitFor(
        () => {
          if (caught()) return true;
          publisher.message(9, frame(sent), { timestamp: sent * 40, messageStreamId: id });
          sent++;
          return undefined;
        },
        { timeoutMs: 20_000, everyMs: 10, what: () => `the frozen player to catch up; ${frozen.describe()}` },
      );
      const got = framesOf(frozen);
      const gaps = got.flatMap((n, i) => (i > 0 && n !== got[i - 1] + 1 ? [n] : []));
      expect(gaps.length).toBeGreaterThan(0);
      expect(gaps.filter((n) => n % 10 !== 0)).toEqual([]);
    }
    for (const client of [publisher, frozen, healthy]) client.destroy();
  });

  it('ends every player with an error or a stop when the name it asks for is refused', async () => {
    const player = await RawRtmp.connected({ port: server.rtmpPort });
    const id = await player.createStream();
    player.command(id, 'play', 0, null, '../etc/passwd', -2000);
    const answer = await player.expect(
      (m) => m.values[0] === 'onStatus' && statusOf(m).level === 'error',
      'an error status',
    );
    expect(String(statusOf(answer).code)).toMatch(/^NetStream\.Play\./);
    await player.gone();
  });
});

const metadata = [
  ...[0x02, 0x00, 0x0d, ...Buffer.from('@setDataFrame'), 0x02, 0x00, 0x0a, ...Buffer.from('onMetaData')],
  ...[0x03, 0x00, 0x05, ...Buffer.from('width'), 0x00, 0x40, 0x74, 0, 0, 0, 0, 0, 0, 0x00, 0x00, 0x09],
];
