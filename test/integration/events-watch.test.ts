import type { NatsConnection } from 'nats';
import { describe, expect, it } from 'vitest';
import type { StreamChange } from '../../src/client/events/index.js';
import { client, publish, setUp, totals } from '../support/event-layer.js';
import { seeded } from '../support/random.js';
import { waitFor } from '../support/wait.js';

describe('watching streams', () => {
  it('gives state and then events without a gap or a double while streams come and go', async () => {
    const { server, eventLayer } = await setUp();
    const random = seeded(7);
    const live = new Set<string>();
    let churning = true;
    const churn = (async () => {
      for (let i = 0; churning; i++) {
        const streamId = await publish(eventLayer, 'live', `cam${i % 15}.${i}`);
        live.add(streamId);
        for (const id of [...live]) {
          if (random() < 0.2)
            eventLayer.lifecycle.streamUpdated(id, { before: {}, after: { metadata: { videoKbps: i } } });
          if (random() < 0.1) {
            live.delete(id);
            eventLayer.lifecycle.streamEnded(id, { reason: 'client_closed', ...totals });
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
      const before = eventLayer.stats().emitted;
      await waitFor(() => synced && eventLayer.stats().emitted > before + 100);
    }
    churning = false;
    await churn;
    await waitFor(() => watchers.every((known) => equal(new Set(known.keys()), live)), {
      what: () => `${watchers.map((known) => known.size).join(', ')} to become ${live.size}`,
    });
    expect(problems).toEqual([]);
    expect(live.size).toBeGreaterThan(0);
  });

  it('tells a watcher only what comes after its call, and no stream that is over', async () => {
    const { server, eventLayer } = await setUp();
    const over = await publish(eventLayer, 'live', 'over');
    eventLayer.lifecycle.streamEnded(over, { reason: 'client_closed', ...totals });
    const live = await publish(eventLayer, 'live', 'cam');
    await waitFor(() => eventLayer.stats().pending === 0);
    const events = await client(server);
    // A bucket that was not told of an end, as after the loss of a node.
    const state = { streamId: over, app: 'live', name: 'over', connectionId: 'c', nodeId: 'n2', bootId: 'b', seq: 2 };
    const more = { state: 'ready', startedAt: new Date().toISOString(), transport: 'rtmp', tracks: [] };
    events.connection.publish('$KV.SLUICE_STREAMS.live.over', JSON.stringify({ ...state, ...more }));
    await events.connection.flush();
    const changes = events.watchStreams('live/*');
    const next = async () => (await changes.next()).value as StreamChange;
    expect(await next()).toMatchObject({ kind: 'state', state: { streamId: live, seq: 2, state: 'ready' } });
    expect(await next()).toEqual({ kind: 'synced' });
    eventLayer.lifecycle.streamEnded(live, { reason: 'client_closed', ...totals });
    expect(await next()).toMatchObject({ kind: 'event', event: { id: `${live}:end` } });
  });

  it('has a watcher begin again when the stream is another one, or events are missing', async () => {
    const { server, eventLayer } = await setUp();
    const events = await client(server);
    const changes = events.watchStreams('live/*');
    const next = async () => (await changes.next()).value as StreamChange;
    expect(await next()).toEqual({ kind: 'synced' });
    const live = await publish(eventLayer, 'live', 'a');
    expect(await next()).toMatchObject({ kind: 'event', event: { id: `${live}:1` } });
    expect(await next()).toMatchObject({ kind: 'event', event: { id: `${live}:2` } });
    const manager = await (events.connection as NatsConnection).jetstreamManager();
    await manager.streams.delete('SLUICE_EVENTS');
    const state = { kind: 'state', state: { streamId: live } };
    const [reset, told, synced] = [next(), next(), next()];
    eventLayer.lifecycle.streamUpdated(live, { before: {}, after: { metadata: { videoKbps: 1 } } });
    expect(await reset).toEqual({ kind: 'reset', reason: 'stream_remade' });
    expect(await told).toMatchObject(state);
    expect(await synced).toEqual({ kind: 'synced' });
    const jumped = { id: `${live}:9`, type: 'io.sluice.stream.data', streamid: live, sequence: 9 };
    const data = { streamId: live, app: 'live', name: 'a' };
    const subject = `sluice.v1.evt.live.a.${live}.stream.data.9`;
    events.connection.publish(subject, JSON.stringify({ ...jumped, data }));
    let change = await next();
    while (change.kind === 'event') change = await next();
    expect(change).toEqual({ kind: 'reset', reason: 'events_missing' });
    expect(await next()).toMatchObject({ kind: 'state', state: { streamId: live, seq: 9 } });
  });
});

function apply(change: StreamChange, known: Map<string, number>, problems: string[]): void {
  if (change.kind === 'state') known.set(change.state.streamId, change.state.seq);
  if (change.kind !== 'event') return;
  const { streamid, sequence, type } = change.event;
  const seq = known.get(streamid);
  if (seq === undefined && Number(sequence) !== 1) problems.push(`${change.event.id} of a stream never heard of`);
  if (seq !== undefined && Number(sequence) !== seq + 1) problems.push(`${change.event.id} after ${seq}`);
  if (type === 'io.sluice.stream.ended') known.delete(streamid);
  else known.set(streamid, Number(sequence));
}

function equal(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((id) => b.has(id));
}
