import { afterEach } from 'vitest';
import type { EventsOptions } from '../../../src/events/options.js';
import { tempDir } from '../temp.js';
import type { NatsVersion } from './nats-binaries.js';
import { NatsProcess } from './nats-process.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Has `close` called when the test is over; the newest first. */
export function afterwards(close: () => unknown): void {
  closing.push(close);
}

/** A NATS server that lives as long as the test; not `start`ed: only its place is known. */
export async function broker(version: NatsVersion = '2.9.10', start = true): Promise<NatsProcess> {
  const server = await NatsProcess.prepare(version);
  afterwards(() => server.stop());
  if (start) await server.start();
  return server;
}

/** The options of a node under test: a folder of its own, one broker, short waits. */
export function eventsFor(url: string, more: EventsOptions = {}): EventsOptions {
  return { dir: tempDir('events'), nats: { urls: [url], pingIntervalMs: 1000 }, publishTimeoutMs: 1000, ...more };
}
