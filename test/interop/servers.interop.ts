import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../support/child.js';
import { SseWatcher } from '../support/events.js';
import { nginxPushingTo } from '../support/interop/nginx-rtmp.js';
import { NodeMediaServer } from '../support/interop/node-media-server.js';
import { media } from '../support/media.js';
import { expectStretchOf, finishPlayer, frameCount, hashesOf, type MediaHashes } from '../support/playback.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import * as tools from '../support/tools.js';

/** Four keyframe intervals make a player's file long enough to compare. */
const FRAMES = 300;

let server: TestServer;
let events: SseWatcher;
let source: MediaHashes;
let file: string;
const running: Child[] = [];

beforeAll(async () => {
  server = await spawnServer();
  events = await SseWatcher.open(server.http('/v1/events'));
  file = await media('long.flv');
  source = await hashesOf(file);
});
afterEach(async () => {
  for (const child of running.splice(0).reverse()) await child.stop('SIGKILL');
});
afterAll(async () => {
  events.close();
  await server.stop();
});

function runs(child: Child): Child {
  running.push(child);
  return child;
}

/** Plays a URL until there is enough to compare. */
async function played(url: string): Promise<MediaHashes> {
  const out = join(tempDir('interop'), 'played.flv');
  const player = runs(tools.sluice('play', url, '-o', out));
  await finishPlayer(player, out, (tags) => frameCount(tags) >= FRAMES);
  return hashesOf(out);
}

async function kindsAtReady(name: string): Promise<string[]> {
  const ready = await events.expect('stream.ready', (e) => e.data['name'] === name || e.subject === `live/${name}`);
  return (ready.data['tracks'] as { kind: string }[]).map((track) => track.kind).sort();
}

describe('a relay', () => {
  it('of nginx-rtmp pushes a stream here: it is ready with sound and picture, and players get it as it is', async () => {
    const relay = await nginxPushingTo(server.url('').replace(/\/$/, ''));
    runs(relay.child);
    runs(tools.ffmpegPublish(file, `${relay.url}/nginx`));
    await server.ready('nginx', 20_000);
    expect(await kindsAtReady('nginx')).toEqual(['audio', 'video']);
    expectStretchOf(source, await played(server.url('nginx')));
  });

  it('of nginx-rtmp that begins in the middle of a long interval between keyframes has its picture awaited', async () => {
    const relay = await nginxPushingTo(server.url('').replace(/\/$/, ''));
    runs(relay.child);
    runs(tools.ffmpegPublish(await media('long-gop.flv'), `${relay.url}/late`));
    await server.ready('late', 20_000);
    expect(await kindsAtReady('late')).toEqual(['audio', 'video']);
  });

  it('of Node-Media-Server pushes a stream here: it is ready with sound and picture, and players get it as it is', async () => {
    const peer = await NodeMediaServer.start();
    runs(peer.child);
    runs(tools.ffmpegPublish(file, peer.url('nms')));
    await peer.has('nms');
    await peer.push('nms', server.url('nms-pushed'));
    await server.ready('nms-pushed', 20_000);
    expect(await kindsAtReady('nms-pushed')).toEqual(['audio', 'video']);
    expectStretchOf(source, await played(server.url('nms-pushed')));
  });

  it('of Node-Media-Server pulls a stream that begins later and hands it on as it is', async () => {
    const peer = await NodeMediaServer.start();
    runs(peer.child);
    await peer.pull('early', server.url('begins-later'));
    await peer.has('early');
    runs(tools.ffmpegPublish(file, server.url('begins-later')));
    await server.ready('begins-later', 20_000);
    expectStretchOf(source, await played(peer.url('early')));
  });

  it('of Node-Media-Server pulls a live stream and hands it on as it is: its headers do not come with the answer', async () => {
    // It loses what it reads together with the answer to its play. On a busy machine it reads late, but not as late as
    // this.
    const patient = await spawnServer({ settings: { 'play.startDelayMs': 1000 } });
    try {
      const peer = await NodeMediaServer.start();
      runs(peer.child);
      runs(tools.ffmpegPublish(file, patient.url('origin')));
      await patient.ready('origin', 20_000);
      await peer.pull('pulled', patient.url('origin'));
      await peer.has('pulled');
      expectStretchOf(source, await played(peer.url('pulled')));
    } finally {
      await Promise.all(running.splice(0).map((child) => child.stop('SIGKILL')));
      await patient.stop();
    }
  });
});
