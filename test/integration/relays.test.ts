import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SseWatcher } from '../support/events.js';
import { media } from '../support/media.js';
import { finishPlayer, hashesOf, type MediaHashes } from '../support/playback.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import * as tools from '../support/tools.js';

const QUICK = { 'play.lingerMs': 300 };

/** An edge pulls what is played there from a middle server, to which an origin pushes what is published to it. */
describe('a chain of three servers', () => {
  let origin: TestServer;
  let middle: TestServer;
  let edge: TestServer;
  let source: MediaHashes;
  let file: string;

  beforeAll(async () => {
    middle = await spawnServer({ settings: QUICK });
    origin = await spawnServer({
      settings: {
        ...QUICK,
        'relay.push': JSON.stringify([{ match: 'live/*', url: `${middle.url('', 'mid')}{name}?token=secret-key` }]),
      },
    });
    edge = await spawnServer({
      settings: {
        ...QUICK,
        'relay.lingerMs': 300,
        'play.waitForPublisher': false,
        'relay.pull': JSON.stringify([{ name: 'far/cam', url: middle.url('cam', 'mid') }]),
      },
    });
    file = await media('h264-aac.flv');
    source = await hashesOf(file);
  });
  afterAll(async () => {
    for (const server of [edge, origin, middle]) await server.stop();
  });

  it('hands on what ffmpeg publishes to who asked for it at its far end, bit for bit, and tells so', async () => {
    const atOrigin = await SseWatcher.open(origin.http('/v1/events'));
    const atEdge = await SseWatcher.open(edge.http('/v1/events'));
    const out = join(tempDir('relays'), 'played.flv');
    // The player is first: the edge asks the middle for a stream that is not there yet, and goes on asking.
    const player = tools.sluice('play', edge.url('cam', 'far'), '-o', out);
    await edge.waitForPlayers(1);
    await middle.waitForPlayers(1);
    const listed = async (server: TestServer) => (await fetch(server.http('/v1/relays'))).text();
    expect(JSON.parse(await listed(origin))).toMatchObject({
      relays: [{ direction: 'push', match: 'live/*', state: 'waiting' }],
    });
    expect((await tools.ffmpegPublish(file, origin.url('cam')).finish(30_000)).code).toBe(0);
    await finishPlayer(player, out, source.video.length + source.audio.length);
    expect(await hashesOf(out)).toEqual(source);

    const pushed = await atOrigin.expect('relay.started');
    expect(pushed.data).toMatchObject({
      direction: 'push',
      url: `rtmp://127.0.0.1:${middle.rtmpPort}/mid/cam`,
      attempts: 1,
    });
    expect(JSON.parse(await listed(edge))).toMatchObject({ relays: [{ direction: 'pull', app: 'far', name: 'cam' }] });
    const ended = await atOrigin.expect('relay.ended');
    expect(ended.data).toMatchObject({ relayId: pushed.data['relayId'], reason: 'stream_ended' });
    expect(ended.data['bytes']).toBeGreaterThan(10_000);
    expect((await atEdge.expect('relay.started')).data).toMatchObject({ direction: 'pull', app: 'far', name: 'cam' });
    expect((await atEdge.expect('relay.ended')).data).toMatchObject({ direction: 'pull', reason: 'idle' });
    expect(await listed(origin)).not.toContain('secret-key');
    for (const server of [origin, middle, edge]) expect(server.child.output).not.toContain('secret-key');
    for (const watcher of [atOrigin, atEdge]) {
      expect(JSON.stringify(watcher.all)).not.toContain('secret-key');
      watcher.close();
    }
  });
});
