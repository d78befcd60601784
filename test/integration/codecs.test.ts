import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FixtureName, fixture } from '../support/enhanced.js';
import { type MediaName, media } from '../support/media.js';
import { finishPlayer, hashesOf, type MediaHashes, tagHashes, tagsIn } from '../support/playback.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import * as tools from '../support/tools.js';

const allOf = ({ video, audio }: MediaHashes) => video.length + audio.length;

describe('codecs', () => {
  let server: TestServer;
  beforeAll(async () => {
    // Players end by themselves soon after the publisher.
    server = await spawnServer({ settings: { 'play.lingerMs': 300 } });
  });
  afterAll(() => server.stop());

  const plain: [MediaName, string[]][] = [
    ['mp3.flv', ['flv1', 'mp3']],
    ['speex.flv', ['flv1', 'speex']],
    ['video-only.flv', ['h264']],
    ['audio-only.flv', ['aac']],
  ];
  it.each(plain)('passes %s through bit-exact from ffmpeg to ffmpeg and rtmpdump', async (name, codecs) => {
    const folder = tempDir('codec');
    const source = await media(name);
    const want = await hashesOf(source);
    const url = server.url(name);
    const before = await server.playerCount();
    const running = [
      { file: join(folder, 'ffmpeg.flv'), start: tools.ffmpegPlay },
      { file: join(folder, 'rtmpdump.flv'), start: tools.rtmpdumpPlay },
    ].map(({ file, start }) => ({ file, child: start(url, file) }));
    await server.waitForPlayers(before + running.length);
    expect((await tools.ffmpegPublish(source, url).finish(20_000)).code).toBe(0);
    for (const { file, child } of running) {
      await finishPlayer(child, file, want.video.length + want.audio.length);
      expect(await hashesOf(file)).toEqual(want);
      expect((await tools.probeStreams(file)).map((s) => s.codec_name).sort()).toEqual([...codecs].sort());
    }
    removeTempDir(folder);
  });

  const fixtures: FixtureName[] = ['hevc-aac', 'av1', 'vp9', 'opus', 'vp6'];
  it.each(fixtures)(
    'passes %s through untouched from its own client to rtmpdump, rtmp2src, curl and its own player',
    async (name) => {
      const folder = tempDir('codec');
      const { path, tags } = await fixture(name);
      const want = tagHashes(tags);
      const url = server.url(name);
      const before = await server.playerCount();
      const starts: Record<string, (url: string, file: string) => ReturnType<typeof tools.sluice>> = {
        rtmpdump: tools.rtmpdumpPlay,
        rtmp2src: (u, f) => tools.gstPlay('rtmp2src', u, f),
        curl: tools.curlPlay,
        sluice: (u, f) => tools.sluice('play', u, '-o', f),
      };
      const running = Object.entries(starts).map(([player, start]) => {
        const file = join(folder, `${player}.flv`);
        return { player, file, child: start(url, file) };
      });
      await server.waitForPlayers(before + running.length);
      const encoder = tools.sluice('publish', path, url);
      expect((await encoder.finish(20_000)).code, encoder.output).toBe(0);
      for (const { player, file, child } of running) {
        await finishPlayer(child, file, (got) => allOf(tagHashes(got)) >= allOf(want));
        expect({ player, ...tagHashes(await tagsIn(file)) }).toEqual({ player, ...want });
      }
      removeTempDir(folder);
    },
  );
});
