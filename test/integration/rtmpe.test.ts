import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amf } from '../support/amf.js';
import { SseWatcher } from '../support/events.js';
import { media } from '../support/media.js';
import { finishPlayer, frameCount, hashesOf, type MediaHashes, tagHashes, tagsIn } from '../support/playback.js';
import { RtmpePeer } from '../support/protocol/rtmpe-peer.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { chunks } from '../support/rtmp-wire.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import * as tools from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const connectBytes = (): Buffer =>
  chunks({
    type: 20,
    timestamp: 0,
    messageStreamId: 0,
    payload: amf('connect', 1, { app: 'live', tcUrl: 'rtmpe://127.0.0.1/live' }),
  });

describe('RTMPE', () => {
  let server: TestServer;
  let events: SseWatcher;
  beforeAll(async () => {
    const settings = { 'play.lingerMs': 300, 'limits.firstBytesTimeoutMs': 700, 'limits.handshakeTimeoutMs': 1200 };
    server = await spawnServer({ settings });
    events = await SseWatcher.open(server.http('/v1/events?since=all'));
  });
  afterAll(async () => {
    events.close();
    await server.stop();
  });

  it('hands what rtmpsink publishes encrypted, bit for bit, to players by RTMPE, RTMPTE and RTMP', async () => {
    const folder = tempDir('rtmpe');
    const plain = server.url('secret');
    const encrypted = plain.replace('rtmp:', 'rtmpe:');
    const flv = await media('h264-aac.flv');
    const frames = frameCount(await tagsIn(flv));
    const players = {
      rtmpdump: tools.rtmpdumpPlay(encrypted, join(folder, 'rtmpdump.flv')),
      curl: tools.curlPlay(encrypted, join(folder, 'curl.flv')),
      rtmpsrc: tools.gstPlay('rtmpsrc', encrypted, join(folder, 'rtmpsrc.flv')),
      tunnel: tools.rtmpdumpPlay(plain.replace('rtmp:', 'rtmpte:'), join(folder, 'tunnel.flv')),
      plain: tools.rtmpdumpPlay(plain, join(folder, 'plain.flv')),
    };
    await server.waitForPlayers(5);
    const publisher = tools.gstPublish('rtmpsink', flv, encrypted);
    const started = await events.expect('stream.started');
    expect(started.data).toMatchObject({ name: 'secret', transport: 'rtmpe' });
    expect(await publisher.finish(20_000), publisher.output).toEqual({ code: 0, signal: null });
    const got: Record<string, MediaHashes> = {};
    for (const [name, child] of Object.entries(players)) {
      const file = join(folder, `${name}.flv`);
      await finishPlayer(child, file, frames);
      got[name] = tagHashes(await tagsIn(file));
    }
    expect(got).toEqual(Object.fromEntries(Object.keys(players).map((name) => [name, got['plain']])));
    // The muxer of the publisher writes tags of its own around the same frames.
    expect(await hashesOf(join(folder, 'plain.flv'))).toEqual(await hashesOf(flv));
    removeTempDir(folder);
  });

  it.each([6, 8, 9])(
    'reads a connect of type %d that comes in one segment with C2, and answers encrypted',
    async (version) => {
      const client = await RawRtmp.open({ port: server.rtmpPort });
      const peer = new RtmpePeer({ version });
      client.send(peer.first);
      await waitFor(() => client.handshakeBytes.length >= 3073, { what: 'S0S1S2' });
      const secured = peer.answer(client.handshakeBytes);
      client.send(secured.c2, secured.out.apply(connectBytes()));
      const result = Buffer.from('NetConnection.Connect.Success');
      let plain = Buffer.alloc(0);
      let read = 3073;
      await waitFor(
        () => {
          plain = Buffer.concat([plain, secured.in.apply(client.handshakeBytes.subarray(read))]);
          read = client.handshakeBytes.length;
          return plain.includes(result) || undefined;
        },
        { what: '_result' },
      );
      client.destroy();
    },
  );

  it('closes one whose public key is 1, and one without a digest, and counts both', async () => {
    const one = Buffer.concat([Buffer.alloc(127), Buffer.from([1])]);
    for (const peer of [new RtmpePeer({ key: one }), new RtmpePeer({ signed: false })]) {
      const client = await RawRtmp.open({ port: server.rtmpPort });
      client.send(peer.first);
      await client.gone(5000);
      expect(client.handshakeBytes).toHaveLength(0);
    }
    for (const code of ['ERR_HANDSHAKE_KEY', 'ERR_HANDSHAKE_DIGEST']) {
      await waitFor(async () => (await server.rejections(code)) === 1 || undefined, { what: code });
    }
  });

  it('closes one that is silent in the middle of its handshake', async () => {
    const [early, late] = [
      await RawRtmp.open({ port: server.rtmpPort }),
      await RawRtmp.open({ port: server.rtmpPort }),
    ];
    const { first } = new RtmpePeer();
    early.send(first.subarray(0, 1000));
    late.send(first);
    await Promise.all([early.gone(5000), late.gone(5000)]);
    expect([early.handshakeBytes.length, late.handshakeBytes.length]).toEqual([0, 3073]);
  });
});
