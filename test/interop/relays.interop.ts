import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../support/child.js';
import { SseWatcher } from '../support/events.js';
import { type NginxRtmp, nginxRtmp } from '../support/interop/nginx-rtmp.js';
import { NodeMediaServer } from '../support/interop/node-media-server.js';
import { media } from '../support/media.js';
import { expectStretchOf, finishPlayer, frameCount, hashesOf, type MediaHashes } from '../support/playback.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import * as tools from '../support/tools.js';

/** Two keyframe intervals make a player's file long enough to compare. */
const FRAMES = 150;

let nginx: NginxRtmp;
let nms: NodeMediaServer;
let server: TestServer;
let events: SseWatcher;
let source: MediaHashes;
let file: string;
const running: Child[] = [];

beforeAll(async () => {
  [nginx, nms] = [await nginxRtmp(), await NodeMediaServer.start()];
  server = await spawnServer({
    settings: {
      'relay.push': JSON.stringify([
        { match: 'live/to-nginx', url: `${nginx.url}/{name}` },
        { match: 'live/to-nms', url: nms.url('{name}') },
      ]),
      'relay.pull': JSON.stringify([
        { name: 'live/from-nginx', url: `${nginx.url}/origin` },
        { name: 'live/from-nms', url: nms.url('origin') },
      ]),
    },
  });
  events = await SseWatcher.open(server.http('/v1/events'));
  file = await media('long.flv');
  source = await hashesOf(file);
});
afterAll(async () => {
  events.close();
  for (const child of running.reverse()) await child.stop('SIGKILL');
  await server.stop();
  for (const { child } of [nginx, nms]) await child.stop('SIGKILL');
});

function publishes(url: string): void {
  running.push(tools.ffmpegPublish(file, url));
}

async function played(url: string): Promise<MediaHashes> {
  const out = join(tempDir('relays'), 'played.flv');
  const player = tools.sluice('play', url, '-o', out);
  running.push(player);
  await finishPlayer(player, out, (tags) => frameCount(tags) >= FRAMES);
  return hashesOf(out);
}

// Each of them takes the time of what it plays, so they go side by side.
describe.concurrent('a relay of Sluice', () => {
  it.each([
    ['nginx-rtmp', 'to-nginx', () => `${nginx.url}/to-nginx`],
    ['Node-Media-Server', 'to-nms', () => nms.url('to-nms')],
  ])('pushes a stream to %s, which hands it on as it is', async (_peer, name, url) => {
    publishes(server.url(name));
    const started = await events.expect('relay.started', (e) => e.data['name'] === name);
    expect(started.data).toMatchObject({ direction: 'push', attempts: 1 });
    expectStretchOf(source, await played(url()));
  });

  it.each([
    ['nginx-rtmp', 'from-nginx', () => `${nginx.url}/origin`],
    ['Node-Media-Server', 'from-nms', () => nms.url('origin')],
  ])('pulls a stream of %s with the first player, as it is', async (_peer, name, url) => {
    publishes(url());
    expectStretchOf(source, await played(server.url(name)));
    const ready = await events.expect('stream.ready', (e) => e.data['name'] === name);
    expect((ready.data['tracks'] as { kind: string }[]).map(({ kind }) => kind).sort()).toEqual(['audio', 'video']);
  });
});
