import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../support/child.js';
import { media } from '../support/media.js';
import { finishPlayer, hashesOf, type MediaHashes } from '../support/playback.js';
import { freePort } from '../support/ports.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import * as tools from '../support/tools.js';
import { makeCertificate } from '../support/transport/certificates.js';
import { waitFor } from '../support/wait.js';

const players: Record<string, (secure: string, plain: string, file: string) => Child> = {
  'ffmpeg by RTMPS': (secure, _plain, file) => tools.ffmpegPlay(secure, file),
  'GStreamer rtmp2src by RTMPS': (secure, _plain, file) => tools.gstPlay('rtmp2src', secure, file),
  'sluice play by RTMPS': (secure, _plain, file) => tools.sluice('play', secure, '--insecure', '-o', file),
  'ffmpeg by RTMP': (_secure, plain, file) => tools.ffmpegPlay(plain, file),
};

describe('RTMPS with the clients that people use', () => {
  const folder = tempDir('rtmps');
  const cert = join(folder, 'cert.pem');
  const key = join(folder, 'key.pem');
  let server: TestServer;
  let ownPort: number;
  let mp4: string;
  let source: MediaHashes;

  /** Puts another certificate in the place of the one that is used. */
  function install(name: string): void {
    const made = makeCertificate([name]);
    copyFileSync(made.cert, cert);
    copyFileSync(made.key, key);
  }

  /** The common name of the certificate that a client gets which asks for `servername`. */
  function nameFor(servername: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const target = { host: '127.0.0.1', port: server.rtmpPort, servername, rejectUnauthorized: false };
      const socket = connect(target, () => {
        resolve(socket.getPeerCertificate().subject.CN);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  }

  beforeAll(async () => {
    install('first.example');
    ownPort = await freePort();
    server = await spawnServer({
      settings: {
        ...{ 'play.lingerMs': 300, 'rtmps.listen': `127.0.0.1:${ownPort}`, 'rtmps.cert': cert, 'rtmps.key': key },
        'rtmps.certificates': JSON.stringify([makeCertificate(['*.second.example'])]),
      },
    });
    mp4 = await media('h264-aac.mp4');
    source = await hashesOf(mp4);
  });
  afterAll(async () => {
    await server.stop();
    removeTempDir(folder);
  });

  const secure = (name: string, port: number): string => `rtmps://127.0.0.1:${port}/live/${name}`;

  it('carries what ffmpeg publishes, bit for bit, to players of both kinds, and renews certificates meanwhile', async () => {
    const running = Object.entries(players).map(([name, start], at) => {
      const file = join(folder, `${at}.flv`);
      return { name, file, child: start(secure('cam', server.rtmpPort), server.url('cam'), file) };
    });
    await server.waitForPlayers(running.length);
    expect([await nameFor('a.second.example'), await nameFor('other.example')]).toEqual([
      ...['*.second.example', 'first.example'],
    ]);

    const follower = new AbortController();
    const events = await fetch(server.http('/v1/events'), { signal: follower.signal });
    let told = '';
    const follow = async (): Promise<void> => {
      for await (const piece of events.body!) told += Buffer.from(piece).toString();
    };
    follow().catch(() => undefined);
    const encoder = tools.ffmpegPublish(mp4, secure('cam', ownPort));
    await server.ready('cam');
    install('third.example');
    server.child.signal('SIGHUP');
    await waitFor(async () => (await nameFor('other.example')) === 'third.example', { what: 'the new certificate' });
    expect(await encoder.finish(20_000), encoder.output).toEqual({ code: 0, signal: null });

    const got: Record<string, MediaHashes> = {};
    for (const { name, file, child } of running) {
      await finishPlayer(child, file, source.video.length + source.audio.length);
      got[name] = await hashesOf(file);
    }
    expect(got).toEqual(Object.fromEntries(running.map(({ name }) => [name, source])));

    await waitFor(() => told.includes('"transport":"rtmps"') || undefined, { what: 'the transport' });
    expect(told).toContain(`"rtmps":"${secure('cam', ownPort)}"`);
    follower.abort();
  });

  it('is not taken by the command line from a server that nobody vouches for, unless told to', async () => {
    const refused = tools.sluice('play', secure('cam', server.rtmpPort));
    expect((await refused.finish(20_000)).code).toBe(3);
    expect(refused.output).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    // A client of TLS 1.3 has its handshake done when it looks at the certificate, and just closes.
    expect(await server.rejections('ERR_INTERNAL')).toBe(0);
  });
});
