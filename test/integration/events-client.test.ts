import type { NatsConnection } from 'nats';
import { describe, expect, it } from 'vitest';
import type { SluiceEvent } from '../../src/events/event-types.js';
import { afterwards, client, publish, setUp, totals } from '../support/event-layer.js';
import { startNats } from '../support/nats.js';
import { waitFor } from '../support/wait.js';

describe('the client library', () => {
  it('calls the handlers of the streams that are meant, in order, from the first event of a durable consumer on', async () => {
    const { server, eventLayer } = await setUp();
    const wanted = await publish(eventLayer, 'live', 'cam1');
    await publish(eventLayer, 'other', 'cam1');
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
    eventLayer.lifecycle.streamEnded(wanted, { reason: 'client_unpublish', ...totals });
    await waitFor(() => told.length === 3);
    expect(told).toEqual(['started 192.0.2.7', 'ready avc1.64001f', 'ended client_unpublish']);
  });

  it('goes on where a durable consumer of the same name was, and tells nothing twice', async () => {
    const { server, eventLayer } = await setUp();
    const first = await client(server);
    const told: string[] = [];
    const handlers = { event: (e: SluiceEvent) => void told.push(e.id) };
    await publish(eventLayer, 'live', 'a');
    await first.onStream('*', handlers, { durable: 'd2' });
    await waitFor(() => told.length === 2);
    await first.close();
    await publish(eventLayer, 'live', 'b');
    const second = await client(server);
    await second.onStream('*', handlers, { durable: 'd2' });
    await waitFor(() => told.length === 4);
    expect(new Set(told).size).toBe(4);
  });

  it('refuses an event that breaks its schema and goes on with the next', async () => {
    const { server, eventLayer } = await setUp();
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
    await publish(eventLayer, 'live', 'a');
    await waitFor(() => told.length === 1);
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatch(/^bad: .*required property/);
  });

  it('calls a handler that fails until it succeeds, before anything later, and each of two handlers once', async () => {
    const { server, eventLayer } = await setUp();
    const events = await client(server);
    const told: string[] = [];
    const failed: number[] = [];
    await events.onStream(
      '*',
      {
        event: (e) => told.push(`event ${e.type.split('.').at(-1)}`),
        started: () => {
          told.push('started');
          if (failed.length < 6) throw new Error('not yet');
        },
        ended: () => told.push('ended'),
      },
      { durable: 'd3', onError: (_error, _event, attempt) => failed.push(attempt) },
    );
    const streamId = await publish(eventLayer, 'live', 'a');
    eventLayer.lifecycle.streamEnded(streamId, { reason: 'client_closed', ...totals });
    await waitFor(() => told.includes('ended'), { timeoutMs: 30_000 });
    expect(told).toEqual(['event started', ...Array(7).fill('started'), 'event ready', 'event ended', 'ended']);
    expect(failed).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('puts an event whose handler keeps failing with the dead letters, when asked to, and goes on', async () => {
    const { server, eventLayer } = await setUp();
    const events = await client(server);
    const manager = await (events.connection as NatsConnection).jetstreamManager();
    const told: string[] = [];
    const codes: unknown[] = [];
    await events.onStream(
      '*',
      {
        ready: () => {
          throw new Error('never\nagain');
        },
        ended: () => told.push('ended'),
      },
      {
        deadLetter: { subject: 'dead.letters', attempts: 2 },
        onError: (error) => codes.push((error as { code?: string }).code ?? error.message),
      },
    );
    const streamId = await publish(eventLayer, 'live', 'a');
    eventLayer.lifecycle.streamEnded(streamId, { reason: 'client_closed', ...totals });
    // As long as nobody keeps dead letters the event is not given up.
    await waitFor(() => codes.includes('ERR_EVENTS_DEAD_LETTER'));
    expect(told).toEqual([]);
    await manager.streams.add({ name: 'DEAD', subjects: ['dead.>'] });
    await waitFor(() => told.length === 1);
    const { state } = await manager.streams.info('DEAD');
    expect(state.messages).toBe(1);
    const letter = await manager.streams.getMessage('DEAD', { seq: 1 });
    expect(letter.json<SluiceEvent>().id).toBe(`${streamId}:2`);
    expect(letter.header.get('Sluice-Error')).toBe('never again');
    expect(letter.header.get('Sluice-Attempts')).toBe('2');
    expect(codes.slice(0, 2)).toEqual(['never\nagain', 'never\nagain']);
  });

  it('says that an event is being worked on: a handler longer than the wait for its acknowledgement runs once', async () => {
    const { server, eventLayer } = await setUp();
    const runs: string[] = [];
    const ackWaitMs = 200;
    for (let worker = 0; worker < 2; worker++) {
      const events = await client(server);
      await events.onStream(
        '*',
        {
          started: async (e) => {
            runs.push(e.id);
            const startMs = performance.now();
            await waitFor(() => performance.now() - startMs > 5 * ackWaitMs);
          },
        },
        { durable: 'shared', ackWaitMs, inFlight: 2 },
      );
    }
    const ids = [await publish(eventLayer, 'live', 'a'), await publish(eventLayer, 'live', 'b')];
    const manager = await ((await client(server)).connection as NatsConnection).jetstreamManager();
    await waitFor(async () => {
      const info = await manager.consumers.info('SLUICE_EVENTS', 'shared');
      return info.num_pending === 0 && info.num_ack_pending === 0;
    });
    expect(runs.sort()).toEqual(ids.map((id) => `${id}:1`).sort());
  });

  it.each(['durable', undefined])('has its consumer (%s) again when it is deleted, and tells it', async (durable) => {
    const { server, eventLayer } = await setUp();
    const events = await client(server);
    const told: string[] = [];
    const notices: string[] = [];
    const handlers = { event: (e: SluiceEvent) => void told.push(e.id) };
    await events.onStream('*', handlers, { durable, onNotice: ({ kind }) => notices.push(kind) });
    const first = await publish(eventLayer, 'live', 'a');
    await waitFor(() => told.length === 2);
    const manager = await (events.connection as NatsConnection).jetstreamManager();
    const [{ name }] = await manager.consumers.list('SLUICE_EVENTS').next();
    await manager.consumers.delete('SLUICE_EVENTS', name);
    const second = await publish(eventLayer, 'live', 'b');
    await waitFor(() => told.length === 4);
    expect(told).toEqual([`${first}:1`, `${first}:2`, `${second}:1`, `${second}:2`]);
    expect(notices).toEqual(['consumer_remade']);
  });

  it('reads a stream that was deleted and made anew from its beginning, and tells it', async () => {
    const { server, eventLayer } = await setUp();
    const events = await client(server);
    const told: string[] = [];
    const notices: string[] = [];
    const handlers = { event: (e: SluiceEvent) => void told.push(e.id) };
    await events.onStream('*', handlers, { durable: 'd5', onNotice: ({ kind }) => notices.push(kind) });
    await publish(eventLayer, 'live', 'a');
    await waitFor(() => told.length === 2);
    const manager = await (events.connection as NatsConnection).jetstreamManager();
    await manager.streams.delete('SLUICE_EVENTS');
    const second = await publish(eventLayer, 'live', 'b');
    await waitFor(() => told.includes(`${second}:2`), { timeoutMs: 30_000 });
    expect(told.slice(2)).toEqual([`${second}:1`, `${second}:2`]);
    expect(notices).toContain('stream_remade');
  });

  it('refuses a durable consumer that was made for other streams, and changes it when asked to', async () => {
    const { server, eventLayer } = await setUp();
    const events = await client(server);
    await (await events.onStream('live/a*', {}, { durable: 'd6' })).stop();
    await expect(events.onStream('live/b*', {}, { durable: 'd6' })).rejects.toMatchObject({
      code: 'ERR_EVENTS_CONSUMER_CONFLICT',
      message: expect.stringContaining('d6 is for live/a*, not for live/b*'),
    });
    const told: string[] = [];
    await events.onStream('live/b1', { started: (e) => told.push(e.subject) }, { durable: 'd6', onConflict: 'update' });
    await publish(eventLayer, 'live', 'a1');
    await publish(eventLayer, 'live', 'b1');
    await waitFor(() => told.length === 1);
    expect(told).toEqual(['live/b1']);
  });

  it('hands a type that it does not know to the handler for all', async () => {
    const { server } = await setUp();
    const events = await client(server);
    const told: string[] = [];
    await events.onStream('live/x/*', { event: (e) => told.push(e.type) });
    const data = { streamId: 'S', app: 'live/x', name: 'cam' };
    const event = { id: 'S:1', type: 'io.sluice.stream.invented', streamid: 'S', sequence: '0000000001', data };
    events.connection.publish('sluice.v1.evt.live=2Fx.cam.S.stream.invented.1', JSON.stringify(event));
    await waitFor(() => told.length === 1);
    expect(told).toEqual(['io.sluice.stream.invented']);
  });

  it('goes on when a callback of the program throws', async () => {
    const { server, eventLayer } = await setUp();
    const events = await client(server);
    let tries = 0;
    await events.onStream(
      '*',
      {
        started: () => {
          if (++tries < 2) throw new Error('not yet');
        },
      },
      {
        onError: () => {
          throw new Error('nor this');
        },
      },
    );
    await publish(eventLayer, 'live', 'a');
    await waitFor(() => tries === 2);
  });

  it('has a code for what cannot work: options, and a stream that is not there', async () => {
    const server = await startNats();
    afterwards(() => server.stop());
    const events = await client(server);
    for (const options of [{ inFlight: 0 }, { ackWaitMs: 1 }, { durable: 'a.b' }, { attempts: 3 } as object])
      await expect(events.onStream('*', {}, options)).rejects.toMatchObject({ code: 'ERR_EVENTS_OPTION' });
    const missing = { code: 'ERR_EVENTS_STREAM_MISSING' };
    await expect(events.onStream('*', {})).rejects.toMatchObject(missing);
    await expect(events.watchStreams().next()).rejects.toMatchObject(missing);
  });

  it('closes also when the server is gone', async () => {
    const { server } = await setUp();
    const events = await client(server);
    const subscription = await events.onStream('*', {}, { onNotice: () => undefined });
    await server.kill();
    await events.close();
    await subscription.done;
    expect(events.connection.isClosed()).toBe(true);
  });
});
