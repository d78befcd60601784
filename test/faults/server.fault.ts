import { describe, expect, it } from 'vitest';
import { readStored, type Stored } from '../support/faults/checker.js';
import type { NatsProcess } from '../support/faults/nats-process.js';
import { scaled } from '../support/faults/scale.js';
import { afterwards, broker } from '../support/faults/setting.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { SteadyStream } from '../support/steady-stream.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

async function serve(nats: NatsProcess, data?: string): Promise<TestServer> {
  const server = await spawnServer({ nats: nats.url, ...(data === undefined ? {} : { data }) });
  afterwards(() => server.stop());
  return server;
}

/** Publishes and leaves again, so that there are events. */
async function visit(server: TestServer, name: string): Promise<void> {
  const encoder = await RawRtmp.connected({ port: server.rtmpPort });
  await encoder.publish(name);
  encoder.destroy();
}

function storedOf(stored: readonly Stored[], type: string): Stored[] {
  return stored.filter((message) => message.event.type === `io.sluice.${type}`);
}

async function allStored(nats: NatsProcess, starts: number): Promise<Stored[]> {
  return waitFor(
    async () => {
      const stored = await readStored(nats.url);
      const ends = storedOf(stored, 'stream.ended').length;
      return storedOf(stored, 'stream.started').length >= starts && ends >= starts - 1 ? stored : undefined;
    },
    { timeoutMs: 30_000, everyMs: 200, what: `${starts} starts and their ends` },
  );
}

describe('a whole server', () => {
  it('keeps a stream going frame by frame while NATS is killed, started and stopped, and tells all of it afterwards', async () => {
    const nats = await broker();
    const server = await serve(nats);
    const steady = await SteadyStream.start(server.rtmpPort);
    afterwards(() => steady.stop());
    await visit(server, 'before');
    await nats.kill();
    for (let i = 0; i < 10; i++) await visit(server, `down${i}`);
    await steady.goesOn(scaled(100, 500), 30_000);
    await nats.start();
    nats.signal('SIGSTOP');
    for (let i = 0; i < 5; i++) await visit(server, `stopped${i}`);
    await steady.goesOn(scaled(150, 1500), 60_000);
    nats.signal('SIGCONT');
    await visit(server, 'after');
    // The steady stream itself has started and goes on.
    const stored = await allStored(nats, 18);
    await steady.goesOn();
    const names = storedOf(stored, 'stream.started').map((message) => message.event.data['name']);
    expect(names).toHaveLength(18);
    expect(new Set(names).size).toBe(18);
    expect(await server.metric('sluice_events_dropped_total')).toBe(0);
  });

  it('ends after SIGKILL what it had let in, and tells the encoder nothing that NATS does not hear', async () => {
    const nats = await broker();
    const data = tempDir('data');
    const first = await spawnServer({ nats: nats.url, data });
    afterwards(() => first.child.stop('SIGKILL'));
    const encoders = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const encoder = await RawRtmp.connected({ port: first.rtmpPort });
        await encoder.publish(`cam${i}`);
        return encoder;
      }),
    );
    await first.child.stop('SIGKILL');
    for (const encoder of encoders) encoder.destroy();
    await serve(nats, data);
    const stored = await waitFor(
      async () => {
        const held = await readStored(nats.url);
        return storedOf(held, 'stream.ended').length === 10 ? held : undefined;
      },
      { timeoutMs: 30_000, everyMs: 200, what: 'ten ends' },
    );
    expect(storedOf(stored, 'stream.started')).toHaveLength(10);
    const ends = storedOf(stored, 'stream.ended');
    expect(ends.map((message) => message.event.data['reason'])).toEqual(
      Array.from({ length: 10 }, () => 'node_restart'),
    );
  });
});
