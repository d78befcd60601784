import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../src/core/log.js';
import type { SluiceEvent, StreamEnded } from '../../src/events/event-types.js';
import { createServer } from '../../src/server/server.js';
import type { SluiceServer } from '../../src/server/sluice-server.js';
import { startNats } from '../support/nats.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const folders: string[] = [];

function folder(purpose: string): string {
  const made = tempDir(purpose);
  folders.push(made);
  return made;
}

/** The disk, as it answers all that ask for something to survive a power loss. */
interface Disk {
  /** What waits for it. */
  readonly waiting: (() => void)[];
  hangs: boolean;
}

async function disk(): Promise<Disk> {
  const file = await open(join(folder('disk'), 'file'), 'w');
  const state: Disk = { waiting: [], hangs: false };
  const prototype = Object.getPrototypeOf(file) as { datasync(): Promise<void> };
  await file.close();
  const real = prototype.datasync;
  vi.spyOn(prototype, 'datasync').mockImplementation(async function (this: unknown) {
    if (state.hangs) await new Promise<void>((go) => state.waiting.push(go));
    return real.call(this);
  });
  return state;
}

async function server(data: string, deadlineMs: number, nats = ''): Promise<SluiceServer> {
  return createServer(
    {
      data,
      nats: { url: nats },
      rtmp: { listen: '127.0.0.1:0' },
      http: { listen: '127.0.0.1:0' },
      shutdown: { deadlineMs },
    },
    { log: createLogger({ level: 'silent' }) },
  );
}

async function publishing(of: SluiceServer, name: string): Promise<RawRtmp> {
  const client = await RawRtmp.connected({ port: of.rtmpAddress.port });
  const id = await client.createStream();
  client.command(id, 'publish', 0, null, name, 'live');
  return client;
}

async function allEvents(of: SluiceServer): Promise<SluiceEvent[]> {
  const events: SluiceEvent[] = [];
  for await (const { json } of of.events.since('oldest')) events.push(JSON.parse(json.toString('utf8')) as SluiceEvent);
  return events;
}

describe('a shutdown', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    for (const made of folders.splice(0)) removeTempDir(made);
  });

  it('comes to its end when the disk hangs, with a publish whose start is not written', async () => {
    const hung = await disk();
    const data = folder('data');
    const running = await server(data, 1000);
    hung.hangs = true;
    const client = await publishing(running, 'cam');
    await waitFor(() => hung.waiting.length > 0, { what: 'the start to wait for the disk' });
    await running.close();
    await client.gone();
    expect(client.received.some((m) => m.values[0] === 'onStatus')).toBe(true);
    for (const go of hung.waiting) go();
  });

  it('comes to its end when NATS hangs, and keeps the events for the next start', async () => {
    const nats = await startNats();
    const data = folder('data');
    const running = await server(data, 1000, nats.url);
    const client = await publishing(running, 'cam');
    await client.status('NetStream.Publish.Start');
    nats.signal('SIGSTOP');
    await running.close();
    await nats.stop();
    const again = await server(data, 1000);
    const types = (await allEvents(again)).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['io.sluice.stream.started', 'io.sluice.stream.ended']));
    await again.close();
  });

  it('ends a publish whose start was being written as server_drain, before node.stopped', async () => {
    const slow = await disk();
    const data = folder('data');
    const running = await server(data, 8000);
    slow.hangs = true;
    const client = await publishing(running, 'cam');
    await waitFor(() => slow.waiting.length > 0, { what: 'the start to wait for the disk' });
    const closing = running.close();
    await client.status('NetConnection.Connect.AppShutdown');
    slow.hangs = false;
    for (const go of slow.waiting) go();
    await closing;
    const again = await server(data, 8000);
    const events = await allEvents(again);
    const of = (type: string): SluiceEvent[] => events.filter((event) => event.type === `io.sluice.${type}`);
    expect(of('stream.ended').map(({ data: facts }) => (facts as StreamEnded).reason)).toEqual(['server_drain']);
    expect(events.indexOf(of('stream.ended')[0])).toBeLessThan(events.indexOf(of('node.stopped')[0]));
    await again.close();
  });
});
