import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, run } from '../support/child.js';
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
      settings: { 'play.lingerMs': 300, 'rtmpt.listen': `127.0.0.1:${ownPort}`, 'rtmpt.sessionTimeoutMs': 3000 },
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

  it('ends what is published when the session is not heard of any more', async () => {
    const encoder = tools.ffmpegPublish(await media('long.flv'), tunnelled('lost', server.rtmpPort));
    await server.ready('lost');
    await encoder.stop('SIGKILL');
    await server.ended('lost');
    expect(await server.rejections('ERR_TUNNEL_SILENT')).toBe(1);
  });

  it('says 404 to the question of Flash and to sessions that are none', async () => {
    for (const path of ['/fcs/ident2', '/idle/none/0', '/send/none/0', '/close/none/0']) {
      const url = `http://127.0.0.1:${server.rtmpPort}${path}`;
      const asked = await run(['curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', '--data-binary', '0', url]);
      expect(asked.stdout, path).toBe('404');
    }
  });
});
