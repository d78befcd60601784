import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { connect, type StreamChange, sequenceOf } from '../../src/client/events/index.js';
import { systemClock } from '../../src/core/clock.js';
import { newId } from '../../src/core/ids.js';
import { silentLogger } from '../../src/events/deps.js';
import { EventPipeline, type SluiceEvent } from '../../src/events/index.js';
import { Child } from '../support/child.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { seeded } from '../support/random.js';
import { repository } from '../support/repository.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function setUp(): Promise<{ server: NatsServer; pipeline: EventPipeline }> {
  const server = await startNats();
  closing.push(() => server.stop());
  const deps = { log: silentLogger, clock: systemClock, nodeId: 'n1', bootId: newId() };
  const pipeline = await EventPipeline.open({ dir: tempDir('events'), nats: { urls: [server.url] } }, deps);
  closing.push(() => pipeline.close(1000));
  await waitFor(() => pipeline.stats().busState === 'ready');
  return { server, pipeline };
}

const peer = { address: '192.0.2.7', port: 5000 };
const totals = { bytes: 10, audioFrames: 1, videoFrames: 2, drops: 0 };

async function publish(pipeline: EventPipeline, app: string, name: string): Promise<string> {
  const streamId = newId();
  await pipeline.lifecycle.streamStarted({ streamId, app, name, connectionId: newId(), peer, transport: 'rtmp' });
  pipeline.lifecycle.streamReady(streamId, {
    tracks: [{ id: 0, kind: 'video', codec: 'avc1.64001f' }],
    timeToReadyMs: 3,
  });
  return streamId;
}

async function client(server: NatsServer) {
  const events = await connect({ url: server.url });
  closing.push(() => events.close().catch(() => undefined));
  return events;
}

describe('the client library', () => {
  it('calls the handlers of the streams that are meant, in order, from the first event of a durable consumer on', async () => {
    const { server, pipeline } = await setUp();
    const wanted = await publish(pipeline, 'live', 'cam1');
    await publish(pipeline, 'other', 'cam1');
    const events = await client(server);
    const told: string[] = [];
    await events.onStream(
      'live/cam*',
      {
        started: (e) => told.push(`started ${e.data.peer.address}`),
        ready: (e) => told.push(`ready ${e.data.tracks[0].codec}`),
        ended: (e) => told.push(`ended ${e.data.reason}`),
      },
      { durable: 'd1' },
    );
    pipeline.lifecycle.streamEnded(wanted, { reason: 'client_unpublish', ...totals });
    await waitFor(() => told.length === 3);
    expect(told).toEqual(['started 192.0.2.7', 'ready avc1.64001f', 'ended client_unpublish']);
  });

  it('goes on where a durable consumer of the same name was, and tells nothing twice', async () => {
    const { server, pipeline } = await setUp();
    const first = await client(server);
    const told: string[] = [];
    const handlers = { event: (e: SluiceEvent) => void told.push(e.id) };
    await publish(pipeline, 'live', 'a');
    await first.onStream('*', handlers, { durable: 'd2' });
    await waitFor(() => told.length === 2);
    await first.close();
    await publish(pipeline, 'live', 'b');
    const second = await client(server);
    await second.onStream('*', handlers, { durable: 'd2' });
    await waitFor(() => told.length === 4);
    expect(new Set(told).size).toBe(4);
  });

  it('tries a failing handler again before anything later, and gives an event up after the last try', async () => {
    const { server, pipeline } = await setUp();
    const events = await client(server);
    const told: string[] = [];
    const failed: string[] = [];
    await events.onStream(
      '*',
      {
        started: () => {
          told.push('started');
          if (told.length < 3) throw new Error('not yet');
        },
        ready: () => {
          told.push('ready');
          throw new Error('never');
        },
        ended: () => told.push('ended'),
      },
      { durable: 'd3', attempts: 3, onError: (error) => failed.push(error.message) },
    );
    const streamId = await publish(pipeline, 'live', 'a');
    pipeline.lifecycle.streamEnded(streamId, { reason: 'client_closed', ...totals });
    await waitFor(() => told.includes('ended'));
    expect(told).toEqual(['started', 'started', 'started', 'ready', 'ready', 'ready', 'ended']);
    expect(failed).toEqual(['never']);
  });

  it('refuses an event that breaks its schema and goes on with the next', async () => {
    const { server, pipeline } = await setUp();
    const events = await client(server);
    const failed: string[] = [];
    const told: string[] = [];
    await events.onStream(
      '*',
      { started: (e) => told.push(e.id) },
      { durable: 'd4', onError: (error) => failed.push(error.message) },
    );
    events.connection.publish(
      'sluice.v1.evt.live.x.y.stream.started.1',
      JSON.stringify({ type: 'io.sluice.stream.started', id: 'bad' }),
    );
    await publish(pipeline, 'live', 'a');
    await waitFor(() => told.length === 1);
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatch(/^bad: .*required property/);
  });

  it('gives state and then events without a gap or a double while streams come and go', async () => {
    const { server, pipeline } = await setUp();
    const random = seeded(7);
    const live = new Set<string>();
    let churning = true;
    const churn = (async () => {
      for (let i = 0; churning; i++) {
        const streamId = await publish(pipeline, 'live', `cam${i % 15}.${i}`);
        live.add(streamId);
        for (const id of [...live]) {
          if (random() < 0.2)
            pipeline.lifecycle.streamUpdated(id, { before: {}, after: { metadata: { videoKbps: i } } });
          if (random() < 0.1) {
            live.delete(id);
            pipeline.lifecycle.streamEnded(id, { reason: 'client_closed', ...totals });
          }
        }
      }
    })();
    const events = await client(server);
    const watchers: Map<string, number>[] = [];
    const problems: string[] = [];
    for (let round = 0; round < 5; round++) {
      const known = new Map<string, number>();
      watchers.push(known);
      let synced = false;
      void (async () => {
        for await (const change of events.watchStreams('live/*')) {
          apply(change, known, problems);
          synced ||= change.kind === 'synced';
        }
      })();
      const before = pipeline.stats().emitted;
      await waitFor(() => synced && pipeline.stats().emitted > before + 100);
    }
    churning = false;
    await churn;
    await waitFor(() => watchers.every((known) => equal(new Set(known.keys()), live)), {
      what: () => `${watchers.map((known) => known.size).join(', ')} to become ${live.size}`,
    });
    expect(problems).toEqual([]);
    expect(live.size).toBeGreaterThan(0);
  });

  it('works in the ten lines that the documentation shows', async () => {
    const { server, pipeline } = await setUp();
    const block = /```js\n(import \{ connect \}[\s\S]*?)```/.exec(
      readFileSync(join(repository(), 'docs/events.md'), 'utf8'),
    );
    const lines = block?.[1] ?? '';
    expect(
      lines
        .trim()
        .split('\n')
        .filter((line) => line !== ''),
    ).toHaveLength(8);
    const script = join(repository(), 'dist', `example.${process.pid}.mjs`);
    writeFileSync(script, lines.replace('nats://127.0.0.1:4222', server.url));
    closing.push(() => rmSync(script, { force: true }));
    const example = new Child([process.execPath, script]);
    closing.push(() => example.stop('SIGKILL'));
    const streamId = await publish(pipeline, 'live', 'cam1');
    pipeline.lifecycle.streamEnded(streamId, { reason: 'client_unpublish', ...totals });
    await example.waitForOutput(/live\/cam1 ended: client_unpublish after \d+ ms/);
    expect(example.stdout).toMatch(/live\/cam1 started by 192\.0\.2\.7\nlive\/cam1 is avc1\.64001f\n/);
    expect(await example.stop('SIGINT')).toEqual({ code: 0, signal: null });
  });
});

function apply(change: StreamChange, known: Map<string, number>, problems: string[]): void {
  if (change.kind === 'state') known.set(change.state.streamId, change.state.seq);
  if (change.kind !== 'event') return;
  const { streamid, type } = change.event;
  const sequence = sequenceOf(change.event);
  const seq = known.get(streamid);
  if (seq === undefined && sequence !== 1) problems.push(`${change.event.id} of a stream never heard of`);
  if (seq !== undefined && sequence !== seq + 1) problems.push(`${change.event.id} after ${seq}`);
  if (type === 'io.sluice.stream.ended') known.delete(streamid);
  else known.set(streamid, sequence);
}

function equal(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((id) => b.has(id));
}
