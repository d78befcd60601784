import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFlvStrictly } from '../support/flv.js';
import { type FlvAnswer, getFlv, playWebSocket, problemOf } from '../support/http/flv-client.js';
import { media } from '../support/media.js';
import { finishPlayer, hashesOf, tagHashes } from '../support/playback.js';
import { freePort } from '../support/ports.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import * as tools from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const CORS = 'https://player.example';
const HANDSHAKE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
const KEY = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';

/** Whatever the server sends, and whether it has closed. */
class RawClient {
  readonly socket: Socket;
  text = '';
  closed = false;

  constructor(port: number, sent: string) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => this.socket.write(sent));
    this.socket.on('data', (bytes) => {
      this.text += bytes.toString('latin1');
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.closed = true;
    });
    this.socket.on('end', () => this.socket.end());
  }

  gone(): Promise<boolean> {
    return waitFor(() => this.closed, { what: 'the server to close' });
  }
}

describe('players of FLV over HTTP and WebSocket', () => {
  let server: TestServer;
  let port: number;
  const url = (name: string, app = 'live'): string => `http://127.0.0.1:${port}/${app}/${name}.flv`;
  const players = (): Promise<number> => server.metric('sluice_http_flv_players');
  const nobody = (): Promise<boolean> =>
    waitFor(async () => (await players()) === 0, { everyMs: 20, what: 'all players to be gone' });

  beforeAll(async () => {
    port = await freePort();
    server = await spawnServer({
      settings: {
        ...{ 'httpFlv.listen': `127.0.0.1:${port}`, 'httpFlv.cors': CORS, 'httpFlv.waitMs': 10_000 },
        ...{ 'play.lingerMs': 100, 'http.requestTimeoutMs': 1000, 'httpFlv.maxPlayers': 8 },
      },
    });
  });
  afterAll(() => server.stop());

  it('get the very packets of the source: ffmpeg, curl, WebSocket, on both addresses, and RTMP beside them', async () => {
    const folder = tempDir('flv');
    const source = await media('h264-aac.flv');
    const want = await hashesOf(source);
    const count = want.video.length + want.audio.length;
    const files = ['ffmpeg', 'curl', 'rtmp'].map((name) => join(folder, `${name}.flv`));
    const children = [
      tools.ffmpegPlay(url('all'), files[0]),
      tools.curlPlay(url('all'), files[1]),
      tools.rtmpdumpPlay(server.url('all'), files[2]),
    ];
    const socket = playWebSocket(url('all'));
    const control = getFlv(server.http('/live/all.flv'));
    await server.waitForPlayers(5);
    const publisher = tools.ffmpegPublish(source, server.url('all'), { paced: false });
    await Promise.all(children.map((child, i) => finishPlayer(child, files[i], count)));
    for (const file of files) expect(await hashesOf(file)).toEqual(want);
    const { messages, code } = await socket;
    const overSocket = readFlvStrictly(Buffer.concat(messages));
    const overHttp = readFlvStrictly(await (await control).body);
    expect(overSocket).toEqual(overHttp);
    expect(code).toBe(1000);
    // The first message has the file header and what a decoder must know before the first frame.
    expect(messages[0].subarray(0, 5).toString('hex')).toBe('464c560105');
    expect(readFlvStrictly(messages[0]).map(({ type }) => type)[0]).toBe(18);
    const hashes = tagHashes(overHttp);
    expect([hashes.video.length, hashes.audio.length]).toEqual([want.video.length + 1, want.audio.length + 1]);
    await publisher.finish(20_000);
    removeTempDir(folder);
    await nobody();
  });

  it('are told what is wrong with a request', async () => {
    const head = await getFlv(url('none'), { origin: 'https://evil.example' }, 'HEAD');
    expect(head.status).toBe(403);
    expect(await problemOf(url('none'), {}, 'POST')).toEqual([405, 'ERR_HTTP_FLV_METHOD']);
    expect(await problemOf(url('b d'.replace(' ', '%22')))).toEqual([400, 'ERR_NAME_INVALID']);
    expect(await problemOf(`http://127.0.0.1:${port}/metrics`)).toEqual([404, 'ERR_HTTP_NOT_FOUND']);
    expect(await problemOf(server.http('/live/x.flv'), { host: 'evil.example' })).toEqual([
      421,
      'ERR_HTTP_HOST_REFUSED',
    ]);
    const preflight = await getFlv(url('none'), { origin: CORS }, 'OPTIONS');
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([204, CORS]);
    await expect(playWebSocket(url('none'), { headers: { origin: 'https://evil.example' } })).rejects.toThrow('403');
    await expect(playWebSocket(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow('404');
    await nobody();
  });

  describe('of a stream that goes on', () => {
    let publisher: ReturnType<typeof tools.ffmpegEncode>;
    beforeAll(async () => {
      publisher = tools.ffmpegEncode(server.url('live'), 300);
      await server.ready('live');
    });
    afterAll(() => publisher.stop('SIGKILL'));

    it('answers HEAD with the status and ends at once', async () => {
      const { status, headers, body } = await getFlv(url('live'), { origin: CORS }, 'HEAD');
      expect([status, headers['content-type'], headers['access-control-allow-origin']]).toEqual([
        200,
        'video/x-flv',
        CORS,
      ]);
      expect(await body).toHaveLength(0);
      await nobody();
    });

    it('ends the play of a client that goes, or closes its half, or sends another request', async () => {
      const one: FlvAnswer = await getFlv(url('live'));
      await waitFor(() => one.received() > 0);
      one.request.destroy();
      const get = 'GET /live/live.flv HTTP/1.1\r\nHost: a\r\n\r\n';
      const half = new RawClient(port, get);
      await waitFor(() => half.text.includes('FLV'));
      half.socket.end();
      await half.gone();
      const twice = new RawClient(port, get + get);
      await twice.gone();
      const upgrade = new RawClient(port, `${get}GET /live/live.flv HTTP/1.1\r\nHost: a\r\n${HANDSHAKE}${KEY}\r\n`);
      await upgrade.gone();
      expect(upgrade.text).not.toContain('101 Switching');
      await nobody();
    });

    it('closes a request that does not come in time, and one that is none', async () => {
      const slow = new RawClient(port, 'GET /live/live.flv HTTP/1.1\r\nHost:');
      const broken = new RawClient(port, '\u0003\u0000\u0000 nonsense\r\n\r\n');
      await Promise.all([slow.gone(), broken.gone()]);
      expect(await players()).toBe(0);
    });

    it.each([
      ['a frame without a mask', '\x82\x01x'],
      ['an opcode that is none', '\x83\x80\x00\x00\x00\x00'],
      ['a message that is too long', '\x82\xfe\x04\x01\x00\x00\x00\x00'],
      ['a control frame in pieces', '\x09\x80\x00\x00\x00\x00'],
    ])('closes a WebSocket that sends %s', async (_what, bytes) => {
      const client = new RawClient(port, `GET /live/live.flv HTTP/1.1\r\nHost: a\r\n${HANDSHAKE}${KEY}\r\n`);
      await waitFor(() => client.text.includes('FLV'));
      client.socket.write(Buffer.from(bytes, 'latin1'));
      await client.gone();
      await nobody();
    });

    it('refuses a handshake of WebSocket that is none', async () => {
      const client = new RawClient(port, `GET /live/live.flv HTTP/1.1\r\nHost: a\r\n${HANDSHAKE}\r\n`);
      await client.gone();
      expect(client.text).toMatch(/^HTTP\/1\.1 400 /);
      await nobody();
    });

    it('answers a ping, lets a client say something, and not without end', async () => {
      const end = await playWebSocket(url('live'), {
        opened: (socket) => {
          socket.on('pong', () => {
            for (let n = 0; n <= 1000; n++) socket.send(`${n}`);
          });
          socket.send('hello');
          socket.ping();
        },
      });
      expect(end.code).toBe(1008);
      await nobody();
    });

    it('lets as many play as httpFlv.maxPlayers says', async () => {
      const all = await Promise.all(Array.from({ length: 8 }, () => getFlv(url('live'))));
      expect(all.map(({ status }) => status)).toEqual(Array(8).fill(200));
      expect(await problemOf(url('live'))).toEqual([503, 'ERR_HTTP_FLV_PLAYERS']);
      for (const { request } of all) request.destroy();
      await nobody();
      expect(await server.metric('sluice_http_flv_refused_total', 'code="ERR_HTTP_FLV_PLAYERS"')).toBe(1);
    });
  });
});
