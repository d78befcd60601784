import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../support/child.js';
import { media } from '../support/media.js';
import { finishPlayer, hashesOf, type MediaHashes } from '../support/playback.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import * as tools from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const publishers: Record<string, (mp4: string, flv: string, url: string) => Child> = {
  ffmpeg: (mp4, _flv, url) => tools.ffmpegPublish(mp4, url),
  rtmp2sink: (_mp4, flv, url) => tools.gstPublish('rtmp2sink', flv, url),
  rtmpsink: (_mp4, flv, url) => tools.gstPublish('rtmpsink', flv, url),
  'sluice publish': (_mp4, flv, url) => tools.sluice('publish', flv, url),
};

const players: Record<string, (url: string, file: string) => Child> = {
  ffmpeg: tools.ffmpegPlay,
  rtmp2src: (url, file) => tools.gstPlay('rtmp2src', url, file),
  rtmpsrc: (url, file) => tools.gstPlay('rtmpsrc', url, file),
  rtmpdump: tools.rtmpdumpPlay,
  curl: tools.curlPlay,
  'sluice play': (url, file) => tools.sluice('play', url, '-o', file),
};

describe('publishers and players people use', () => {
  let server: TestServer;
  let mp4: string;
  let flv: string;
  let source: MediaHashes;

  beforeAll(async () => {
    // Players end by themselves soon after the publisher.
    server = await spawnServer({ settings: { 'play.lingerMs': 300 } });
    mp4 = await media('h264-aac.mp4');
    flv = await media('h264-aac.flv');
    source = await hashesOf(mp4);
  });
  afterAll(() => server.stop());

  it.each(Object.keys(publishers))(
    'hands what %s publishes, bit for bit, to every player that waited for it',
    async (publisher) => {
      const folder = tempDir('matrix');
      const url = server.url(publisher.replace(' ', '-'));
      const before = await server.playerCount();
      const running = Object.entries(players).map(([name, start]) => {
        const file = join(folder, `${name.replace(' ', '-')}.flv`);
        return { name, file, child: start(url, file) };
      });
      await server.waitForPlayers(before + running.length);

      const encoder = publishers[publisher](mp4, flv, url);
      expect(await encoder.finish(20_000), encoder.output).toEqual({ code: 0, signal: null });

      const got: Record<string, MediaHashes> = {};
      for (const { name, file, child } of running) {
        await finishPlayer(child, file, source.video.length + source.audio.length);
        got[name] = await hashesOf(file);
      }
      expect(got).toEqual(Object.fromEntries(running.map(({ name }) => [name, source])));
      removeTempDir(folder);
    },
  );

  it('lets every player join a running stream at a keyframe and go on without a gap', async () => {
    const folder = tempDir('join');
    const file = await media('long.flv');
    const all = await hashesOf(file);
    const publisher = tools.ffmpegPublish(file, server.url('join'));
    await server.ready('join');
    const running = Object.entries(players).map(([name, start]) => {
      const out = join(folder, `${name.replace(' ', '-')}.flv`);
      return { name, out, child: start(server.url('join'), out) };
    });
    await server.waitForPlayers(running.length);
    const soon = (await server.stream('join'))?.videoFrames ?? 0;
    await waitFor(async () => ((await server.stream('join'))?.videoFrames ?? 0) > soon + 50, {
      timeoutMs: 15_000,
      everyMs: 100,
      what: 'two more seconds of video',
    });
    await publisher.stop('SIGINT');
    await Promise.all(
      running.map(async ({ name, out, child }) => {
        await waitFor(() => child.exit !== undefined, { timeoutMs: 3000 }).catch(() => child.stop('SIGINT', 1000));
        const packets = (await tools.probePackets(out)).filter((p) => p.codec_type === 'video');
        expect(packets[0].flags, name).toMatch(/^K/);
        const got = packets.map((p) => p.data_hash ?? '');
        expect(got.length, name).toBeGreaterThan(25);
        const at = all.video.indexOf(got[0]);
        expect(got, name).toEqual(all.video.slice(at, at + got.length));
      }),
    );
    removeTempDir(folder);
  });
});
