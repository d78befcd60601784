import { afterEach } from 'vitest';
import { connect, type SluiceEvents } from '../../src/client/events/index.js';
import { systemClock } from '../../src/core/clock.js';
import { newId } from '../../src/core/ids.js';
import { silentLogger } from '../../src/core/log.js';
import { EventLayer } from '../../src/events/event-layer.js';
import { type NatsServer, startNats } from './nats.js';
import { tempDir } from './temp.js';
import { waitFor } from './wait.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Has `close` called when the test is over; the newest first. */
export function afterwards(close: () => unknown): void {
  closing.push(close);
}

/** A NATS server and an event layer that sends to it, for one test. */
export async function setUp(): Promise<{ server: NatsServer; eventLayer: EventLayer }> {
  const server = await startNats();
  closing.push(() => server.stop());
  const deps = { log: silentLogger, clock: systemClock, nodeId: 'n1', bootId: newId() };
  const eventLayer = await EventLayer.open({ dir: tempDir('events'), nats: { urls: [server.url] } }, deps);
  closing.push(() => eventLayer.close(1000));
  await waitFor(() => eventLayer.stats().busState === 'ready');
  return { server, eventLayer };
}

export const peer = { address: '192.0.2.7', port: 5000 };
export const totals = { bytes: 10, audioFrames: 1, videoFrames: 2, drops: 0 };

/** A stream that starts and is ready. @returns its id */
export async function publish(eventLayer: EventLayer, app: string, name: string): Promise<string> {
  const streamId = newId();
  await eventLayer.lifecycle.streamStarted({ streamId, app, name, connectionId: newId(), peer, transport: 'rtmp' });
  eventLayer.lifecycle.streamReady(streamId, {
    tracks: [{ id: 0, kind: 'video', codec: 'avc1.64001f' }],
    timeToReadyMs: 3,
  });
  return streamId;
}

/** A consumer's connection, for one test. */
export async function client(server: NatsServer): Promise<SluiceEvents> {
  const events = await connect({ url: server.url });
  closing.push(() => events.close().catch(() => undefined));
  return events;
}
