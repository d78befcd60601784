import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flvTags } from '../support/enhanced.js';
import { SseWatcher } from '../support/events.js';
import { digest } from '../support/flv.js';
import { media } from '../support/media.js';
import { finishPlayer, hashesOf } from '../support/playback.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import * as tools from '../support/tools.js';

describe('timestamps', () => {
  let server: TestServer;
  beforeAll(async () => {
    // Players end by themselves soon after the publisher.
    server = await spawnServer({ settings: { 'play.lingerMs': 300 } });
  });
  afterAll(() => server.stop());

  // 16 777 215 ms is where the extended timestamp begins, 2 147 483 647 where a signed reader breaks, 4 294 967 295
  // where 32 bits wrap.
  it.each([16_776_000, 2_147_482_600, 4_294_966_000])('go on for players across the edge after %i ms', async (base) => {
    const tags = (await flvTags('h264-aac.flv')).filter((t) => t.type !== 18);
    const publisher = await RawRtmp.connected({ port: server.rtmpPort });
    const id = await publisher.publish(`edge-${base}`);
    publisher.setChunkSize(1000);
    const player = await RawRtmp.connected({ port: server.rtmpPort });
    await player.play(`edge-${base}`);
    for (const { type, timestamp, payload } of tags) {
      publisher.message(type, payload, { timestamp: (base + timestamp) >>> 0, messageStreamId: id });
    }
    const end = digest(tags.at(-1)?.payload ?? Buffer.alloc(0));
    await player.expect((m) => digest(m.payload) === end, 'the last message');
    const got = player.media().filter((m) => m.type !== 18);
    expect(got.map((m) => digest(m.payload))).toEqual(tags.map((t) => digest(t.payload)));
    const steps = (times: number[]) => times.slice(1).map((t, i) => (t - times[i]) | 0);
    expect(steps(got.map((m) => m.timestamp))).toEqual(steps(tags.map((t) => t.timestamp)));
    publisher.destroy();
    player.destroy();
  });

  it.each([16_776_000, 4_294_960_000])(
    'that ffmpeg starts at %i ms keep their distances in rtmpdump and ffmpeg',
    async (base) => {
      const folder = tempDir('timestamps');
      const source = await media('h264-aac.flv');
      const want = await hashesOf(source);
      const url = server.url(`offset-${base}`);
      const before = await server.playerCount();
      const running = { ffmpeg: tools.ffmpegPlay, rtmpdump: tools.rtmpdumpPlay };
      const started = Object.entries(running).map(([name, start]) => {
        const file = join(folder, `${name}.flv`);
        return { file, child: start(url, file) };
      });
      await server.waitForPlayers(before + started.length);
      const encoder = tools.ffmpegPublish(source, url, { output: ['-output_ts_offset', `${base}ms`] });
      expect((await encoder.finish(20_000)).code, encoder.output).toBe(0);
      for (const { file, child } of started) {
        await finishPlayer(child, file, want.video.length + want.audio.length);
        expect(await hashesOf(file)).toEqual(want);
        const dts = (await tools.probePackets(file))
          .filter((p) => p.codec_type === 'video')
          .map((p) => p.dts ?? Number.NaN);
        expect(dts.slice(1).map((t, i) => (t - dts[i]) | 0)).toEqual(Array.from({ length: dts.length - 1 }, () => 40));
      }
      removeTempDir(folder);
    },
  );

  it('that jump back and forth kill nobody: frames keep their order, and players see time go on', async () => {
    const publisher = await RawRtmp.connected({ port: server.rtmpPort });
    const id = await publisher.publish('jumpy');
    const player = await RawRtmp.connected({ port: server.rtmpPort });
    await player.play('jumpy');
    const times = [0, 40, 20, 90_000, 80, 4_294_967_290, 10, 50];
    times.forEach((timestamp, i) => {
      const payload = Buffer.alloc(50, i);
      payload.set([i === 0 ? 0x12 : 0x22]);
      publisher.message(9, payload, { timestamp, messageStreamId: id });
    });
    await player.expect((m) => m.type === 9 && m.payload[10] === times.length - 1, 'the last frame');
    expect(
      player
        .media()
        .filter((m) => m.type === 9)
        .map((m) => m.payload[10]),
    ).toEqual(times.map((_, i) => i));
    const frames = player.media().filter((m) => m.type === 9);
    // 20 is within half a second; 90 000 goes on after the newest; 80 is back on the first clock; then comes a clock
    // that wraps.
    expect(frames.map((m) => m.timestamp)).toEqual([0, 40, 20, 60, 80, 100, 116, 156]);
    publisher.destroy();
    player.destroy();
  });

  it('of two publishes on one connection are moved apart, and their ends say how often', async () => {
    const events = await SseWatcher.open(server.http('/v1/events'));
    const publisher = await RawRtmp.connected({ port: server.rtmpPort });
    const ids = [await publisher.publish('two-a'), await publisher.publish('two-b')];
    const players = await Promise.all(
      ['a', 'b'].map(async (name) => {
        const player = await RawRtmp.connected({ port: server.rtmpPort });
        await player.play(`two-${name}`);
        return player;
      }),
    );
    const sent = [
      [60_000, 60_040, 0, 40, 80],
      [500, 540, 580, 620, 3_600_000],
    ];
    for (let i = 0; i < 5; i++) {
      ids.forEach((messageStreamId, which) => {
        const payload = Buffer.from([i === 0 ? 0x12 : 0x22, which, i]);
        publisher.message(9, payload, { timestamp: sent[which][i], messageStreamId });
      });
    }
    for (const player of players) await player.expect((m) => m.type === 9 && m.payload[2] === 4, 'the last frame');
    expect(
      players.map((player) =>
        player
          .media()
          .filter((m) => m.type === 9)
          .map((m) => m.timestamp),
      ),
    ).toEqual([
      [60_000, 60_040, 60_060, 60_100, 60_140],
      [500, 540, 580, 620, 640],
    ]);
    publisher.destroy();
    for (const name of ['two-a', 'two-b']) {
      const { data } = await events.expect('stream.ended', (event) => event.data['name'] === name);
      expect(data['timestampJumps']).toBe(1);
    }
    expect(await server.metric('sluice_timestamp_jumps_total')).toBeGreaterThanOrEqual(2);
    events.close();
    for (const player of players) player.destroy();
  });
});
