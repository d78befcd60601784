import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NatsWatcher, type SeenEvent, SseWatcher, short } from '../support/events.js';
import { media } from '../support/media.js';
import { NatsServer, startNats } from '../support/nats.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { SteadyStream } from '../support/steady-stream.js';
import * as tools from '../support/tools.js';
import { waitFor } from '../support/wait.js';

/** Publishes the 3 s test file with ffmpeg while one player watches; returns when the stream has ended. */
async function session(server: TestServer, name: string): Promise<void> {
  const before = await server.playerCount();
  const player = await RawRtmp.connected({ port: server.rtmpPort });
  await player.play(name);
  await server.waitForPlayers(before + 1);
  const encoder = tools.ffmpegPublish(await media('h264-aac.mp4'), server.url(name));
  expect((await encoder.finish(20_000)).code, encoder.output).toBe(0);
  await server.ended(name);
  player.destroy();
}

/** The rules for every list of one stream's events: numbered from 1 without a gap, one start, one end at the end. */
function expectWhole(events: readonly SeenEvent[]): void {
  const types = events.map(short);
  expect(events.map((e) => Number(e.sequence))).toEqual(events.map((_, i) => i + 1));
  expect(types[0]).toBe('stream.started');
  expect(types.filter((t) => t === 'stream.started')).toHaveLength(1);
  expect(types.filter((t) => t === 'stream.ended')).toHaveLength(1);
  expect(types.at(-1)).toBe('stream.ended');
}

describe('lifecycle events on NATS', () => {
  let nats: NatsServer;
  let server: TestServer;
  let watcher: NatsWatcher;
  beforeAll(async () => {
    nats = await startNats();
    watcher = await NatsWatcher.open(nats.url);
    server = await spawnServer({ nats: nats.url });
  });
  afterAll(async () => {
    await server.stop();
    await watcher.close();
    await nats.stop();
  });

  it('tell an independent subscriber of a whole session with true facts, in order, under subjects that can be filtered', async () => {
    await session(server, 'cam1');
    const ended = await watcher.expect('stream.ended', (e) => e.subject === 'live/cam1');
    const id = String(ended.streamid);
    const events = watcher.of(id);
    expectWhole(events);
    const ready = events.find((e) => short(e) === 'stream.ready') as SeenEvent;
    const tracks = ready.data['tracks'] as Record<string, unknown>[];
    expect(tracks.find((t) => t['kind'] === 'video')).toMatchObject({ width: 320, height: 180, declaredFps: 25 });
    expect(tracks.find((t) => t['kind'] === 'video')?.['codec']).toMatch(/^avc1\.[0-9A-Fa-f]{6}$/);
    expect(tracks.find((t) => t['kind'] === 'audio')).toMatchObject({
      codec: 'mp4a.40.2',
      sampleRate: 44100,
      channels: 2,
    });
    expect(ended.data).toMatchObject({
      reason: 'client_unpublish',
      videoFrames: 75,
      audioFrames: 131,
      totals: 'exact',
      app: 'live',
      name: 'cam1',
      streamId: id,
    });
    expect(Number(ended.data['bytes'])).toBeGreaterThan(100_000);
    expect(Number(ended.data['durationMs'])).toBeGreaterThan(1000);

    expect(events.map((e) => e.via)).toEqual(
      events.map((e, i) => `sluice.v1.evt.live.cam1.${id}.${short(e)}.${short(e) === 'stream.ended' ? 'end' : i + 1}`),
    );
    expect(events.map((e) => e.id)).toEqual(
      events.map((e, i) => `${id}:${short(e) === 'stream.ended' ? 'end' : i + 1}`),
    );
    expect(events.every((e) => e.headers?.['Nats-Msg-Id'] === e.id && e.specversion === '1.0')).toBe(true);
    expect(new Set(events.map(short))).toEqual(
      new Set(['stream.started', 'stream.ready', 'stream.active', 'play.started', 'play.ended', 'stream.ended']),
    );
    expect((await watcher.stored(`sluice.v1.evt.*.*.${id}.>`)).map((e) => e.id)).toEqual(events.map((e) => e.id));
  });

  it('tell when the first player comes and when the last one leaves', async () => {
    const publisher = await RawRtmp.connected({ port: server.rtmpPort });
    await publisher.publish('watched');
    const one = await RawRtmp.connected({ port: server.rtmpPort });
    await one.play('watched');
    const two = await RawRtmp.connected({ port: server.rtmpPort });
    await two.play('watched');
    one.destroy();
    await watcher.expect('play.ended', (e) => e.subject === 'live/watched');
    two.destroy();
    const idle = await watcher.expect('stream.idle', (e) => e.subject === 'live/watched');
    expect(watcher.of(String(idle.streamid)).map(short)).toEqual([
      ...['stream.started', 'stream.active', 'play.started', 'play.started', 'play.ended', 'play.ended', 'stream.idle'],
    ]);
    publisher.destroy();
    await server.ended('watched');
  });

  it('tell of refused publishes with a reason and never start or end them', async () => {
    const client = await RawRtmp.connected({ port: server.rtmpPort });
    const id = await client.createStream();
    client.command(id, 'publish', 0, null, 'a*b>c', 'live');
    await client.expect((m) => m.values[0] === 'onStatus', 'a refusal');
    await client.gone();
    const rejected = await watcher.expect('stream.rejected');
    // From the first character that does not fit, the text may be a key, so it is shown nowhere.
    expect(rejected.data).toMatchObject({ app: 'live', name: 'a' });
    expect(rejected.via).not.toMatch(/[*>]|=2A|=3E/);
    expect(watcher.all.filter((e) => e.subject === 'live/a').map(short)).toEqual(['stream.rejected']);
  });

  it('are the same through server-sent events, resumed by Last-Event-ID, and through `sluice events --json`', async () => {
    const sse = await SseWatcher.open(server.http('/v1/events'));
    const cli = tools.sluice('events', '--json', '--since', '5m', '--http', `127.0.0.1:${server.httpPort}`);
    await session(server, 'cam2');
    const ended = await sse.expect('stream.ended', (e) => e.subject === 'live/cam2');
    const id = String(ended.streamid);
    await watcher.expect('stream.ended', (e) => e.streamid === id);
    const plain = (e: SeenEvent) => [e.id, e.type, e.time, e.data];
    expect(sse.of(id).map(plain)).toEqual(watcher.of(id).map(plain));

    const cut = sse.of(id)[1].id;
    const again = await SseWatcher.open(server.http('/v1/events'), cut);
    await again.expect('stream.ended', (e) => e.streamid === id);
    expect(again.of(id).map((e) => e.id)).toEqual(
      sse
        .of(id)
        .slice(2)
        .map((e) => e.id),
    );

    await cli.waitForOutput(new RegExp(`"${id}:end"`));
    const lines = cli.stdout
      .split('\n')
      .filter((l) => l.startsWith('{'))
      .map((l) => JSON.parse(l) as SeenEvent);
    expect(lines.filter((e) => e.streamid === id).map(plain)).toEqual(watcher.of(id).map(plain));
    for (const one of [sse, again]) one.close();
    await cli.stop('SIGINT');
  });
});

describe('with NATS away', () => {
  it('at the start, media flows and every event follows in order once NATS is there', async () => {
    const nats = await NatsServer.prepare();
    const server = await spawnServer({ nats: nats.url });
    await session(server, 'early');
    await nats.start();
    const watcher = await NatsWatcher.open(nats.url);
    const stored = await waitFor(
      async () => {
        const all = await watcher.stored().catch(() => []);
        return all.some((e) => short(e) === 'stream.ended') && all.filter((e) => e.streamid !== undefined);
      },
      { timeoutMs: 20_000, everyMs: 200, what: () => `the events to follow\n${server.child.output.slice(-3000)}` },
    );
    expectWhole(stored);
    expect(Number(stored.find((e) => short(e) === 'stream.ended')?.data['videoFrames'])).toBe(75);
    expect(await server.metric('sluice_events_dropped_total')).toBe(0);
    await watcher.close();
    await server.stop();
    await nats.stop();
  });

  it('killed in mid-stream and back later, media never stops and no event is lost or doubled', async () => {
    const nats = await startNats();
    const server = await spawnServer({ nats: nats.url });
    const steady = await SteadyStream.start(server.rtmpPort, 'through');
    const watcher = await NatsWatcher.open(nats.url);
    await waitFor(async () => (await watcher.stored()).some((e) => short(e) === 'stream.started'), { everyMs: 100 });
    await nats.kill();
    await session(server, 'meanwhile');
    await steady.goesOn(10);
    await nats.start();
    await steady.goesOn(10);
    steady.stop();
    await server.ended('through');
    const stored = await waitFor(
      async () => {
        const all = await watcher.stored().catch(() => []);
        return all.filter((e) => short(e) === 'stream.ended').length === 2 && all;
      },
      { timeoutMs: 20_000, everyMs: 200, what: () => `the events to follow\n${server.child.output.slice(-3000)}` },
    );
    for (const subject of ['live/through', 'live/meanwhile']) {
      expectWhole(stored.filter((e) => e.subject === subject && e.streamid !== undefined));
    }
    expect(new Set(stored.map((e) => e.id)).size).toBe(stored.length);
    await watcher.close();
    await server.stop();
    await nats.stop();
  });
});
