import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../support/child.js';
import { media } from '../support/media.js';
import { finishPlayer, hashesOf, type MediaHashes } from '../support/playback.js';
import { freePort } from '../support/ports.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import * as tools from '../support/tools.js';

const players: Record<string, (tunnelled: string, plain: string, file: string) => Child> = {
  'ffmpeg by RTMPT': (tunnelled, _plain, file) => tools.ffmpegPlay(tunnelled, file),
  'rtmpdump by RTMPT': (tunnelled, _plain, file) => tools.rtmpdumpPlay(tunnelled, file),
  'ffmpeg by RTMP': (_tunnelled, plain, file) => tools.ffmpegPlay(plain, file),
};

describe('RTMPT with the clients that people use', () => {
  let server: TestServer;
  let ownPort: number;
  let mp4: string;
  let source: MediaHashes;

  beforeAll(async () => {
    ownPort = await freePort();
    server = await spawnServer({
      settings: { 'play.lingerMs': 300, 'rtmpt.listen': `127.0.0.1:${ownPort}`, 'rtmpt.sessionTimeoutMs': 1000 },
    });
    mp4 = await media('h264-aac.mp4');
    source = await hashesOf(mp4);
  });
  afterAll(() => server.stop());

  const tunnelled = (name: string, port: number): string => `rtmpt://127.0.0.1:${port}/live/${name}`;

  it('carries what ffmpeg publishes, bit for bit, to players of both kinds, on both ports', async () => {
    const folder = tempDir('rtmpt');
    const running = Object.entries(players).map(([name, start], at) => {
      const file = join(folder, `${at}.flv`);
      return { name, file, child: start(tunnelled('cam', server.rtmpPort), server.url('cam'), file) };
    });
    await server.waitForPlayers(running.length);
    const encoder = tools.ffmpegPublish(mp4, tunnelled('cam', ownPort));
    expect(await encoder.finish(20_000), encoder.output).toEqual({ code: 0, signal: null });

    const got: Record<string, MediaHashes> = {};
    for (const { name, file, child } of running) {
      await finishPlayer(child, file, source.video.length + source.audio.length);
      got[name] = await hashesOf(file);
    }
    expect(got).toEqual(Object.fromEntries(running.map(({ name }) => [name, source])));
    removeTempDir(folder);
  });
});
