import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoderRule, KEY } from '../support/admission/encoder-key.js';
import { SseWatcher } from '../support/events.js';
import { media } from '../support/media.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { ffmpegPublish } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const AAC_HEADER = Buffer.from([0xaf, 0, 0x12, 0x10]);
const AAC_FRAME = Buffer.from([0xaf, 1, 1, 2, 3]);
const RULES = [
  { match: { action: 'play' }, decision: 'allow' },
  encoderRule({ match: { name: 'take-*' }, set: { conflict: 'takeover' } }),
  encoderRule({ set: { resumeWindowMs: 15_000 } }),
];

/** So many streams, each replaced once, over connections that are half open. */
const STREAMS = 50;

/** A publisher that has sent a header and some frames. */
async function publishing(server: TestServer, name: string, startMs = 0) {
  const client = await RawRtmp.connected({ port: server.rtmpPort });
  const id = await client.publish(`${name}?key=${KEY}`);
  const send = (timestamp: number) => client.message(8, AAC_FRAME, { messageStreamId: id, timestamp });
  client.message(8, AAC_HEADER, { messageStreamId: id, timestamp: startMs });
  for (let n = 0; n < 5; n++) send(startMs + n * 20);
  return { client, send };
}

describe('a name that is published already', () => {
  let server: TestServer;
  let events: SseWatcher;
  beforeAll(async () => {
    server = await spawnServer({
      settings: {
        'auth.rules': JSON.stringify(RULES),
        'limits.maxConnectionsPerIp': 0,
        'limits.acceptsPerSecondPerIp': 0,
        'limits.publishesPerSecondPerIp': 0,
        'limits.playsPerSecondPerIp': 0,
        'limits.eventsPerSecondPerIp': 0,
      },
    });
    events = await SseWatcher.open(server.http('/v1/events?since=all'));
  });
  afterAll(async () => {
    events.close();
    await server.stop();
  });

  it(`goes on with a new connection of the same encoder while the old one is half open, ${STREAMS} times`, async () => {
    const cycle = async (name: string): Promise<void> => {
      // The line of this one is dead: nothing of it comes any more, and nothing says so.
      const dead = await publishing(server, name);
      const { streamId } = await server.ready(name);
      const player = await RawRtmp.connected({ port: server.rtmpPort });
      const play = await player.play(name);
      await waitFor(() => player.media(play).length > 0);
      const again = await publishing(server, name, 7);
      for (let n = 0; n < 20; n++) again.send(200 + n * 20);
      await dead.client.status('NetStream.Publish.BadName');
      expect(dead.client.describe()).toContain('onStatus');
      await waitFor(() => player.media(play).length >= 20, { what: () => player.describe() });
      expect((await server.stream(name))?.streamId).toBe(streamId);
      const times = player.media(play).map(({ timestamp }) => timestamp);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(player.closed).toBe(false);
      const ended = again.client;
      ended.destroy();
      player.destroy();
      await dead.client.gone();
    };
    const names = Array.from({ length: STREAMS }, (_, n) => `half-${n}`);
    for (let at = 0; at < STREAMS; at += 10) await Promise.all(names.slice(at, at + 10).map(cycle));
    const of = (name: string): string[] =>
      events.all.filter(({ subject }) => subject === `live/${name}`).map(({ type }) => type.slice('io.sluice.'.length));
    for (const name of names) {
      const told = of(name);
      expect(told.filter((type) => type === 'stream.started').length).toBe(1);
      expect(told.filter((type) => type === 'stream.resumed').length).toBe(1);
      expect(told.slice(0, told.indexOf('stream.resumed'))).not.toContain('stream.suspended');
    }
  });

  it('goes on when ffmpeg was killed and is started again: same stream, and its player has noticed nothing', async () => {
    const url = `${server.url('killed')}?key=${KEY}`;
    const file = await media('long.flv');
    let encoder = ffmpegPublish(file, url);
    const { streamId } = await server.ready('killed');
    const player = await RawRtmp.connected({ port: server.rtmpPort });
    const play = await player.play('killed');
    for (let n = 0; n < 3; n++) {
      const had = player.media(play).length;
      await waitFor(() => player.media(play).length > had + 20, { timeoutMs: 15_000, what: () => player.describe() });
      expect((await server.stream('killed'))?.streamId).toBe(streamId);
      await encoder.stop('SIGKILL');
      if (n < 2) encoder = ffmpegPublish(file, url);
    }
    const times = player
      .media(play)
      .filter(({ type }) => type === 9)
      .map(({ timestamp }) => timestamp);
    // B-frames do not move decoding times, which are what RTMP carries.
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(player.closed).toBe(false);
    player.destroy();
  });

  it('is taken over where the rule says so: the older stream ends, and its player goes on with the newer', async () => {
    const older = await publishing(server, 'take-1');
    const { streamId } = await server.ready('take-1');
    const player = await RawRtmp.connected({ port: server.rtmpPort });
    const play = await player.play('take-1');
    await waitFor(() => player.media(play).length > 0);
    const newer = await publishing(server, 'take-1');
    for (let n = 5; n < 30; n++) newer.send(n * 20);
    await older.client.status('NetStream.Publish.BadName');
    await waitFor(() => player.media(play).length > 20, { what: () => player.describe() });
    const now = await server.stream('take-1');
    expect(now?.streamId).not.toBe(streamId);
    await waitFor(() => events.all.some(({ type, id }) => type.endsWith('stream.ended') && id.startsWith(streamId)));
    const taken = events.all.find(({ type, id }) => type.endsWith('taken_over') && id.startsWith(streamId));
    expect(taken?.data).toMatchObject({ byStreamId: now?.streamId });
    expect(player.closed).toBe(false);
    player.destroy();
    newer.client.destroy();
  });

  it('is refused to somebody else', async () => {
    const holder = await publishing(server, 'mine');
    const stranger = await RawRtmp.connected({ port: server.rtmpPort });
    const id = await stranger.createStream();
    stranger.command(id, 'publish', 0, null, 'mine?key=another-key-that-is-wrong', 'live');
    await stranger.status('NetStream.Publish.Rejected');
    await stranger.gone();
    expect(holder.client.closed).toBe(false);
    holder.client.destroy();
  });
});
