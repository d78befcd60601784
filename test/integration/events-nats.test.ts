import { cpSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { newId } from '../../src/core/ids.js';
import { EventLayer } from '../../src/events/event-layer.js';
import { RecordKind, scanRecords } from '../../src/events/journal/record.js';
import { MemoryStorage, type SegmentStorage } from '../../src/events/journal/storage.js';
import type { EventsOptions } from '../../src/events/options.js';
import { validateEvent } from '../../src/events/validate.js';
import { NatsWatcher, short } from '../support/events.js';
import { RecordingLog } from '../support/events-parts.js';
import { NatsServer, startNats } from '../support/nats.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(options: EventsOptions, o: { nodeId?: string; bootId?: string; storage?: SegmentStorage } = {}) {
  const log = new RecordingLog();
  const eventLayer = await EventLayer.open(options, {
    log,
    clock: systemClock,
    nodeId: o.nodeId ?? 'n1',
    bootId: o.bootId ?? newId(),
    storage: o.storage,
  });
  closing.push(() => eventLayer.close(1000));
  return { eventLayer, log };
}

async function nats(): Promise<NatsServer> {
  const server = await startNats();
  closing.push(() => server.stop());
  return server;
}

async function watch(url: string): Promise<NatsWatcher> {
  const watcher = await NatsWatcher.open(url);
  closing.push(() => watcher.close());
  return watcher;
}

const peer = { address: '127.0.0.1', port: 5000 };
const track = { id: 0, kind: 'video' as const, codec: 'avc1.64001f', width: 1280, height: 720 };
const totals = { bytes: 10, audioFrames: 1, videoFrames: 2, drops: 0 };

async function session(eventLayer: EventLayer, name = 'cam1'): Promise<string> {
  const streamId = newId();
  await eventLayer.lifecycle.streamStarted({
    streamId,
    app: 'live',
    name,
    connectionId: newId(),
    peer,
    transport: 'rtmp',
  });
  eventLayer.lifecycle.streamReady(streamId, { tracks: [track], timeToReadyMs: 5 });
  return streamId;
}

function settled(eventLayer: EventLayer): Promise<boolean> {
  return waitFor(() => eventLayer.stats().pending === 0 && eventLayer.stats().busState === 'ready', {
    timeoutMs: 20_000,
    what: () => `everything published; ${JSON.stringify(eventLayer.stats())}`,
  });
}

describe('events on a real nats-server', () => {
  it('makes the stream and stores started, ready and ended of a session once each, in order and valid', async () => {
    const server = await nats();
    const { eventLayer } = await open({ dir: tempDir('events'), nats: { urls: [server.url] } });
    const streamId = await session(eventLayer, 'a.b/c *');
    eventLayer.lifecycle.streamEnded(streamId, { reason: 'client_unpublish', ...totals });
    await settled(eventLayer);
    const watcher = await watch(server.url);
    const stored = await watcher.stored();
    expect(stored.map(short)).toEqual(['stream.started', 'stream.ready', 'stream.ended']);
    expect(stored.map((e) => Number(e.sequence))).toEqual([1, 2, 3]);
    expect(stored.map((e) => e.via)).toEqual([
      `sluice.v1.evt.live.a=2Eb=2Fc=20=2A.${streamId}.stream.started.1`,
      `sluice.v1.evt.live.a=2Eb=2Fc=20=2A.${streamId}.stream.ready.2`,
      `sluice.v1.evt.live.a=2Eb=2Fc=20=2A.${streamId}.stream.ended.end`,
    ]);
    for (const { via: _via, ...event } of stored) expect(validateEvent(event)).toEqual([]);
    expect(eventLayer.stats()).toMatchObject({ published: 3, dropped: 0, retries: 0, quarantined: 0 });
  });

  it('starts with the broker down, says so once, and drains with the original times and ids when it comes', async () => {
    const server = await NatsServer.prepare();
    closing.push(() => server.stop());
    const { eventLayer, log } = await open({ dir: tempDir('events'), nats: { urls: [server.url] } });
    const streamId = await session(eventLayer);
    eventLayer.lifecycle.streamEnded(streamId, { reason: 'client_closed', ...totals });
    await eventLayer.flush();
    expect(eventLayer.stats()).toMatchObject({ published: 0, pending: 3 });
    const told: string[] = [];
    for await (const entry of eventLayer.log.since('oldest')) told.push(entry.json.toString('utf8'));
    await server.start();
    await settled(eventLayer);
    const watcher = await watch(server.url);
    const stored = await watcher.stored();
    expect(stored.map(({ via: _via, ...event }) => JSON.stringify(event))).toEqual(told);
    expect(log.lines.filter((line) => line.message.startsWith('nats: no connection'))).toHaveLength(1);
  });

  it('ends with node_restart what an earlier process left open, once, whatever it had published', async () => {
    const server = await nats();
    const dir = tempDir('events');
    const first = await open({ dir, nats: { urls: [server.url] } });
    const streamId = await session(first.eventLayer);
    await settled(first.eventLayer);
    // What a killed process leaves: its files as they are, and a lock that nobody holds.
    const left = join(tempDir('events'), 'copy');
    cpSync(dir, left, { recursive: true, filter: (path) => !/lock\.\d+$/.test(path) });
    const second = await open({ dir: left, nats: { urls: [server.url] } });
    await settled(second.eventLayer);
    const watcher = await watch(server.url);
    const stored = (await watcher.stored()).filter((e) => e.streamid === streamId);
    expect(stored.map(short)).toEqual(['stream.started', 'stream.ready', 'stream.ended']);
    expect(stored[2]).toMatchObject({
      id: `${streamId}:end`,
      sequence: '0000000003',
      data: { reason: 'node_restart', totals: 'last_known' },
    });
  });

  it('survives SIGKILL of the server with nothing lost and nothing doubled', async () => {
    const server = await nats();
    const { eventLayer } = await open({ dir: tempDir('events'), nats: { urls: [server.url] }, publishTimeoutMs: 500 });
    const ids: string[] = [];
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 20; i++) ids.push(await session(eventLayer, `r${round}s${i}`));
      await server.kill();
      for (let i = 0; i < 20; i++) ids.push(await session(eventLayer, `r${round}d${i}`));
      await server.start();
    }
    for (const id of ids) eventLayer.lifecycle.streamEnded(id, { reason: 'client_closed', ...totals });
    await settled(eventLayer);
    const watcher = await watch(server.url);
    const stored = await watcher.stored();
    expect(stored).toHaveLength(ids.length * 3);
    for (const id of ids)
      expect(stored.filter((e) => e.streamid === id).map((e) => Number(e.sequence))).toEqual([1, 2, 3]);
    expect(eventLayer.stats()).toMatchObject({ dropped: 0, quarantined: 0 });
  });

  it('refuses a stream whose discard policy is old, says so, and goes on when it is put right', async () => {
    const server = await nats();
    const watcher = await watch(server.url);
    const manager = await watcher.connection.jetstreamManager();
    const subjects = ['sluice.v1.evt.>', 'sluice.v1.node.>'];
    await manager.streams.add({ name: 'SLUICE_EVENTS', subjects, discard: 'old' as never });
    const { eventLayer, log } = await open({ dir: tempDir('events'), nats: { urls: [server.url] } });
    await session(eventLayer);
    await waitFor(() => eventLayer.stats().busState === 'stream_misconfigured');
    expect(eventLayer.stats().busDetail).toMatch(/discard is "old"/);
    expect(log.lines.filter((line) => line.level === 'error')).toHaveLength(1);
    await manager.streams.update('SLUICE_EVENTS', { discard: 'new' as never });
    await settled(eventLayer);
    expect(await watcher.stored()).toHaveLength(2);
  });

  it('sets an event aside that JetStream can never take, and lets nothing wait behind it', async () => {
    const server = await nats();
    const watcher = await watch(server.url);
    const manager = await watcher.connection.jetstreamManager();
    const subjects = ['sluice.v1.evt.>', 'sluice.v1.node.>'];
    await manager.streams.add({ name: 'SLUICE_EVENTS', subjects, discard: 'new' as never, max_msg_size: 3000 });
    const dir = tempDir('events');
    const { eventLayer } = await open({ dir, nats: { urls: [server.url] } });
    const streamId = await session(eventLayer);
    const values = Array.from({ length: 8 }, () => 'x'.repeat(400));
    eventLayer.lifecycle.streamData(streamId, { handler: 'onTextData', timestamp: 0, values });
    eventLayer.lifecycle.streamEnded(streamId, { reason: 'client_closed', ...totals });
    const other = await session(eventLayer, 'cam2');
    await settled(eventLayer);
    expect(eventLayer.stats()).toMatchObject({ quarantined: 1, published: 5 });
    const stored = await watcher.stored();
    expect(stored.filter((e) => e.streamid === streamId).map((e) => Number(e.sequence))).toEqual([1, 2, 4]);
    expect(stored.filter((e) => e.streamid === other)).toHaveLength(2);
    const [line] = readFileSync(join(dir, 'quarantine.jsonl'), 'utf8').trim().split('\n');
    const aside = JSON.parse(line) as { event: string; reason: string };
    expect(JSON.parse(aside.event)).toMatchObject({ id: `${streamId}:3`, type: 'io.sluice.stream.data' });
    expect(aside.reason).toMatch(/size/);
    expect(statSync(join(dir, 'quarantine.jsonl')).mode & 0o777).toBe(0o600);
  });

  it('stores nothing twice when a node has forgotten what was acknowledged, long after the duplicate window', async () => {
    const server = await nats();
    const windowMs = 300;
    const options = { nats: { urls: [server.url] }, duplicateWindowMs: windowMs };
    const first = new MemoryStorage();
    const { eventLayer } = await open(options, { storage: first });
    const ids = [await session(eventLayer, 'a'), await session(eventLayer, 'b')];
    for (const id of ids) eventLayer.lifecycle.streamEnded(id, { reason: 'client_closed', ...totals });
    await settled(eventLayer);
    const acknowledgedAt = performance.now();
    // Everything but the commit records, as if they had never reached the disk.
    const forgetful = new MemoryStorage();
    for (const [name, bytes] of first.segments) {
      const kept = [...scanRecords(bytes, 0)].filter((record) => record.kind !== RecordKind.Commit);
      forgetful.segments.set(name, Buffer.concat(kept.map((record) => bytes.subarray(record.offset, record.end))));
    }
    await waitFor(() => performance.now() - acknowledgedAt > windowMs * 3);
    const again = await open(options, { storage: forgetful });
    expect(again.eventLayer.stats().pending).toBe(6);
    await settled(again.eventLayer);
    const watcher = await watch(server.url);
    expect(await watcher.stored()).toHaveLength(6);
    expect(again.eventLayer.stats()).toMatchObject({ quarantined: 0 });
  });

  it('keeps SLUICE_STREAMS equal to the open sessions and its own heartbeat in SLUICE_NODES', async () => {
    const server = await nats();
    const watcher = await watch(server.url);
    const put = new Set<string>();
    watcher.connection.subscribe('$KV.>', { callback: (_, { subject }) => void put.add(subject) });
    await watcher.connection.flush();
    const { eventLayer } = await open({ dir: tempDir('events'), nats: { urls: [server.url] } }, { nodeId: 'node.1' });
    const streamId = await session(eventLayer, 'x.y');
    // nats-server 2.9 may crash when a bucket is read while it is being made, so nothing is read before it was written.
    const bucket = async (name: string) => {
      await waitFor(() => [...put].some((subject) => subject.startsWith(`$KV.${name}.`)), { what: `a put in ${name}` });
      return watcher.connection.jetstream().views.kv(name, { bindOnly: true });
    };
    const kv = await bucket('SLUICE_STREAMS');
    const entry = await waitFor(async () => {
      const held = await kv.get('live.x=2Ey');
      return held?.json<{ state: string }>().state === 'ready' && held;
    });
    expect(entry.json()).toMatchObject({
      streamId,
      state: 'ready',
      seq: 2,
      app: 'live',
      name: 'x.y',
      nodeId: 'node.1',
    });
    const nodes = await bucket('SLUICE_NODES');
    const keys: string[] = [];
    for await (const key of await nodes.keys()) keys.push(key);
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatch(/^node=2E1\./);
    eventLayer.lifecycle.streamEnded(streamId, { reason: 'client_closed', ...totals });
    await waitFor(async () => (await kv.get('live.x=2Ey'))?.operation === 'DEL');
  });

  it('has a lost node’s streams ended with node_lost by another, and the late end of the lost one is settled', async () => {
    const server = await nats();
    const lease = { leaseMs: 1500, heartbeatMs: 400, publishTimeoutMs: 500 };
    const doomed = await open({ dir: tempDir('events'), nats: { urls: [server.url] }, ...lease }, { nodeId: 'doomed' });
    const streamId = await session(doomed.eventLayer);
    await settled(doomed.eventLayer);
    const fenced: string[] = [];
    doomed.eventLayer.bus?.onFenced((ids) => fenced.push(...ids));
    // The process lives on, but nothing of it reaches the server: what a cut cable does.
    const silence = doomed.eventLayer.bus?.link as unknown as { connection: unknown };
    Object.defineProperty(silence, 'connection', { configurable: true, get: () => undefined });
    const watcher = await watch(server.url);
    const survivor = await open(
      { dir: tempDir('events'), nats: { urls: [server.url] }, ...lease },
      { nodeId: 'survivor' },
    );
    await watcher.expect('stream.ended', (e) => e.streamid === streamId, 15_000);
    doomed.eventLayer.lifecycle.streamUpdated(streamId, { before: {}, after: {} });
    delete (silence as { connection?: unknown }).connection;
    await waitFor(() => fenced.includes(streamId), { timeoutMs: 15_000, what: 'the lost node to learn it' });
    doomed.eventLayer.lifecycle.streamEnded(streamId, { reason: 'client_closed', ...totals });
    await settled(doomed.eventLayer);
    const stored = (await watcher.stored()).filter((e) => e.streamid === streamId);
    expect(stored.map(short)).toEqual(['stream.started', 'stream.ready', 'stream.ended']);
    expect(stored[2].data).toMatchObject({ reason: 'node_lost', nodeId: 'doomed' });
    expect(stored[2].source).toMatch(/^\/sluice\/survivor\//);
    expect((await watcher.stored('sluice.v1.node.>')).map(short)).toEqual(['node.lost']);
    expect(survivor.eventLayer.stats().dropped).toBe(0);
  });
});
