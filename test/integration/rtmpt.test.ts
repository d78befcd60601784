import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, run } from '../support/child.js';
import { media } from '../support/media.js';
import { finishPlayer, hashesOf, type MediaHashes } from '../support/playback.js';
import { freePort } from '../support/ports.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import * as tools from '../support/tools.js';
import { makeCertificate } from '../support/transport/certificates.js';

const players: Record<string, (url: (scheme: string) => string, file: string) => Child> = {
  'ffmpeg by RTMPT': (url, file) => tools.ffmpegPlay(url('rtmpt'), file),
  'rtmpdump by RTMPT': (url, file) => tools.rtmpdumpPlay(url('rtmpt'), file),
  'ffmpeg by RTMPTS': (url, file) => tools.ffmpegPlay(url('rtmpts'), file),
  'ffmpeg by RTMP': (url, file) => tools.ffmpegPlay(url('rtmp'), file),
};

describe('RTMPT with the clients that people use', () => {
  let server: TestServer;
  let ownPort: number;
  let mp4: string;
  let source: MediaHashes;

  beforeAll(async () => {
    ownPort = await freePort();
    const { cert, key } = makeCertificate(['localhost']);
    server = await spawnServer({
      settings: {
        ...{ 'play.lingerMs': 300, 'rtmpt.listen': `127.0.0.1:${ownPort}`, 'rtmpt.sessionTimeoutMs': 3000 },
        ...{ 'rtmps.cert': cert, 'rtmps.key': key },
      },
    });
    mp4 = await media('h264-aac.mp4');
    source = await hashesOf(mp4);
  });
  afterAll(() => server.stop());

  const url = (scheme: string, port: number, name: string): string => `${scheme}://127.0.0.1:${port}/live/${name}`;

  it.each([
    ['RTMPT, on a port of its own', 'rtmpt', () => ownPort],
    ['RTMPTS', 'rtmpts', () => server.rtmpPort],
  ] as const)('carries what ffmpeg publishes by %s, bit for bit, to players of all kinds', async (_, scheme, port) => {
    const folder = tempDir('rtmpt');
    const running = Object.entries(players).map(([name, start], at) => {
      const file = join(folder, `${at}.flv`);
      return { name, file, child: start((by) => url(by, server.rtmpPort, scheme), file) };
    });
    await server.waitForPlayers(running.length);
    const encoder = tools.ffmpegPublish(mp4, url(scheme, port(), scheme), { paced: false });
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
    const encoder = tools.ffmpegPublish(await media('long.flv'), url('rtmpt', server.rtmpPort, 'lost'));
    await server.ready('lost');
    await encoder.stop('SIGKILL');
    await server.ended('lost');
    expect(await server.rejections('ERR_TUNNEL_SILENT')).toBe(1);
  });

  it('says 404 to the question of Flash and to sessions that are none', async () => {
    for (const path of ['/fcs/ident2', '/idle/none/0', '/send/none/0', '/close/none/0']) {
      const asks = `http://127.0.0.1:${server.rtmpPort}${path}`;
      const asked = await run(['curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', '--data-binary', '0', asks]);
      expect(asked.stdout, path).toBe('404');
    }
  });
});
