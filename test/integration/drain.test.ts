import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/core/log.js';
import type { PlayEnded, SluiceEvent, StreamEnded } from '../../src/events/event-types.js';
import { runLoad } from '../../src/load/index.js';
import { createServer } from '../../src/server/server.js';
import type { SluiceServer } from '../../src/server/sluice-server.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

/** Streams and players of the load; `DRAIN_SCALE=10` makes 50 and 500 of them. */
const SCALE = Number(process.env['DRAIN_SCALE'] ?? 1);
const STREAMS = 5 * SCALE;
const PLAYERS = 50 * SCALE;

const folders: string[] = [];
const cleanups: (() => unknown)[] = [];

function folder(): string {
  const made = tempDir('drain');
  folders.push(made);
  return made;
}

async function embedded(data = folder()): Promise<SluiceServer> {
  const listen = '127.0.0.1:0';
  const server = await createServer(
    { data, rtmp: { listen }, http: { listen } },
    { log: createLogger({ level: 'silent' }) },
  );
  cleanups.push(() => server.close());
  return server;
}

async function eventsIn(data: string): Promise<SluiceEvent[]> {
  const server = await embedded(data);
  const events: SluiceEvent[] = [];
  for await (const { json } of server.events.since('oldest')) events.push(JSON.parse(json.toString('utf8')));
  await server.close();
  return events;
}

async function post(server: TestServer, path: string, body: object): Promise<{ status: number; body: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(server.http(path), { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

/** A server with streams and players; `stop` ends their clients. */
async function busy(data: string) {
  const server = await spawnServer({ data, settings: { 'limits.eventsPerSecondPerIp': 0 } });
  cleanups.push(() => server.child.stop('SIGKILL'));
  const over = new AbortController();
  cleanups.push(() => over.abort());
  const load = { url: server.url('s'), warmup: 0, signal: over.signal } as const;
  const kbps = 300;
  const publishers = runLoad({ ...load, mode: 'publish', count: STREAMS, kbps });
  await waitFor(async () => (await server.streams()).length === STREAMS, { timeoutMs: 60_000, what: 'all streams' });
  const players = runLoad({ ...load, mode: 'play', count: PLAYERS, streams: STREAMS, kbps });
  await server.waitForPlayers(PLAYERS, 60_000);
  await waitFor(async () => (await server.streams()).reduce((sum, stream) => sum + stream.players, 0) === PLAYERS, {
    timeoutMs: 60_000,
    what: 'all players to be attached',
  });
  const stop = async (): Promise<void> => {
    over.abort();
    await Promise.all([publishers, players]);
  };
  return { server, stop };
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  for (const made of folders.splice(0)) removeTempDir(made);
});

/** Every start of streams and plays with its end, and how they ended. */
function accounts(events: readonly SluiceEvent[]) {
  const of = (type: string) => events.filter((event) => event.type === `io.sluice.${type}`);
  const ids = (type: string, id: 'streamId' | 'playerId') =>
    of(type)
      .map(({ data }) => (data as unknown as Record<string, string>)[id])
      .sort();
  return {
    streams: [ids('stream.started', 'streamId'), ids('stream.ended', 'streamId')],
    plays: [ids('play.started', 'playerId'), ids('play.ended', 'playerId')],
    reasons: new Set(of('stream.ended').map(({ data }) => (data as StreamEnded).reason)),
    playReasons: new Set(of('play.ended').map(({ data }) => (data as PlayEnded).reason)),
    nodes: events
      .map(({ type }) => type)
      .filter((type) => type.startsWith('io.sluice.node.') && type !== 'io.sluice.node.command')
      .map((type) => type.slice(15)),
  };
}

describe('a drain', () => {
  it('ends what still runs by its deadline, loses no event, and ends the process with 0', async () => {
    const data = folder();
    const { server, stop } = await busy(data);
    const deadlineMs = 4000;
    const beganMs = performance.now();
    const { status, body } = await post(server, '/v1/node/drain', { deadlineMs });
    expect([status, body]).toMatchObject([200, { ok: true, streams: STREAMS, plays: PLAYERS }]);
    expect((await fetch(server.http('/readyz'))).status).toBe(503);
    const node = (await (await fetch(server.http('/v1/node'))).json()) as object;
    expect(node).toMatchObject({ state: 'draining', drain: { streams: STREAMS, plays: PLAYERS } });
    const exit = await server.child.finish(30_000);
    expect(exit.code).toBe(0);
    expect(performance.now() - beganMs).toBeGreaterThan(0.75 * deadlineMs);
    await stop();
    expect(server.logLines('"msg":"draining"').length).toBeGreaterThan(2);
    const { streams, plays, reasons, playReasons, nodes } = accounts(await eventsIn(data));
    expect([streams[0].length, plays[0].length]).toEqual([STREAMS, PLAYERS]);
    expect([streams[1], plays[1]]).toEqual([streams[0], plays[0]]);
    expect([...reasons]).toEqual(['server_drain']);
    // The play of a stream that was ended first is over with it.
    expect([...playReasons].every((reason) => ['server_drain', 'stream_ended'].includes(reason))).toBe(true);
    expect(nodes.slice(0, 4)).toEqual(['started', 'ready', 'draining', 'stopped']);
  });

  it('ends as soon as nothing runs any more', async () => {
    const data = folder();
    const { server, stop } = await busy(data);
    await post(server, '/v1/node/drain', { deadlineMs: 600_000 });
    await stop();
    expect((await server.child.finish(30_000)).code).toBe(0);
    const { streams, plays } = accounts(await eventsIn(data));
    expect([streams[1], plays[1]]).toEqual([streams[0], plays[0]]);
  });

  it('can be taken back half-way: what ran goes on, and everything is accepted again', async () => {
    const data = folder();
    const { server, stop } = await busy(data);
    await post(server, '/v1/node/drain', { deadlineMs: 600_000 });
    await expect(RawRtmp.connected({ port: server.rtmpPort })).rejects.toThrow();
    expect(await post(server, '/v1/node/undrain', {})).toMatchObject({ status: 200, body: { ok: true } });
    expect(await post(server, '/v1/node/undrain', {})).toMatchObject({ body: { ok: true, already: true } });
    expect((await fetch(server.http('/readyz'))).status).toBe(200);
    const client = await RawRtmp.connected({ port: server.rtmpPort });
    await client.publish('new');
    expect((await server.streams()).length).toBe(STREAMS + 1);
    client.destroy();
    await stop();
    await server.stop();
    expect(accounts(await eventsIn(data)).nodes.slice(0, 5)).toEqual([
      'started',
      'ready',
      'draining',
      'ready',
      'draining',
    ]);
  });

  it('asks clients that understand it to connect elsewhere, and lets waiting players go', async () => {
    const server = await embedded();
    const { port } = server.rtmpAddress;
    const modern = await RawRtmp.shaken({ port });
    await modern.connect('live', { capsEx: 1 });
    await modern.publish('cam');
    const old = await RawRtmp.connected({ port });
    await old.publish('two');
    const waiting = await RawRtmp.connected({ port });
    await waiting.play('nobody');
    await server.drain({ deadlineMs: 60_000, reconnectTo: 'rtmp://b.example/live' });
    const asked = await modern.status('NetConnection.Connect.ReconnectRequest');
    expect(asked.values.at(-1)).toMatchObject({ tcUrl: 'rtmp://b.example/live' });
    await waiting.status('NetStream.Play.Stop');
    expect(JSON.stringify(old.received.map(({ values }) => values))).not.toContain('ReconnectRequest');
    const newcomer = await RawRtmp.shaken({ port });
    newcomer.command(0, 'connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' });
    const refusal = await newcomer.expect(({ values }) => values[0] === '_error', 'the refusal');
    expect(refusal.values.at(-1)).toMatchObject({ code: 'NetConnection.Connect.AppShutdown' });
    for (const client of [modern, old, waiting]) client.destroy();
    await server.stopped;
    await expect(server.undrain()).rejects.toMatchObject({ code: 'ERR_CTL_CONFLICT' });
  });
});
