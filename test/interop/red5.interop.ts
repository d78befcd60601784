import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFlv } from '../support/flv.js';
import { Red5 } from '../support/interop/red5.js';
import { media } from '../support/media.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

let server: TestServer;
let nats: NatsServer;
let red5: Red5;

beforeAll(async () => {
  nats = await startNats();
  server = await spawnServer({ nats: nats.url, settings: { 'rpc.apps': 'live', 'sharedObjects.apps': '*' } });
  red5 = await Red5.start();
}, 120_000);
afterAll(async () => {
  await red5.stop();
  await server.stop();
  await nats.stop();
});

/** SHA-256 of the payloads of one kind in an FLV file, in order. */
function payloadsIn(file: string, type: 8 | 9): string[] {
  const tags = readFlv(readFileSync(file)).filter((tag) => tag.type === type);
  return tags.map(({ payload }) => createHash('sha256').update(payload).digest('hex'));
}

describe('the client of Red5', () => {
  it.each([
    ['rtmp', 'rtmp', 0],
    ['rtmpe', 'rtmpe', 0],
    ['rtmp in AMF3', 'rtmp', 3],
  ] as const)('publishes by %s, and a second one plays it as it is', async (_name, protocol, objectEncoding) => {
    const file = await media('h264-aac.flv');
    const stream = `red5-${protocol}-${objectEncoding}`;
    const publisher = await red5.open(server.rtmpPort, { protocol, objectEncoding });
    const player = await red5.open(server.rtmpPort, { protocol, objectEncoding });
    player.command('play', stream);
    await publisher.publish(stream, file);
    await waitFor(() => player.media('video').length > 50 && player.media('audio').length > 50, { what: 'media' });
    for (const [kind, type] of [
      ['video', 9],
      ['audio', 8],
    ] as const) {
      const got = player.media(kind).map(({ sha256 }) => sha256);
      const sent = payloadsIn(file, type);
      const from = sent.indexOf(got[0] ?? '');
      expect(from).toBeGreaterThanOrEqual(0);
      expect(got).toEqual(sent.slice(from, from + got.length));
    }
    publisher.command('close');
    player.command('close');
  });

  // It plays nothing by RTMPT: its decoder fails on the first data message, for want of a connection in its thread.
  it('publishes by RTMPT, and one by RTMP plays it as it is', async () => {
    const publisher = await red5.open(server.rtmpPort, { protocol: 'rtmpt' });
    const player = await red5.open(server.rtmpPort);
    player.command('play', 'tunnelled');
    const file = await media('h264-aac.flv');
    await publisher.publish('tunnelled', file);
    expect(await server.metric('sluice_rtmpt_sessions')).toBe(1);
    await waitFor(() => player.media('video').length > 50, { what: 'media' });
    const got = player.media('video').map(({ sha256 }) => sha256);
    const sent = payloadsIn(file, 9);
    const from = sent.indexOf(got[0] ?? '');
    expect(from).toBeGreaterThanOrEqual(0);
    expect(got).toEqual(sent.slice(from, from + got.length));
    publisher.command('close');
    await server.ended('tunnelled');
    player.command('close');
    await waitFor(async () => (await server.metric('sluice_rtmpt_sessions')) === 0, { what: 'the session to end' });
  });

  it('calls a program on NATS and gets its answer, or why there is none', async () => {
    const program = await connect({ servers: nats.url });
    program.subscribe('sluice.v1.rpc.live.add', {
      callback: (_error, message) => {
        const { args } = message.json<{ args: number[] }>();
        message.respond(JSON.stringify({ result: args.reduce((sum, value) => sum + value) }));
      },
    });
    await program.flush();
    const client = await red5.open(server.rtmpPort);
    expect(await client.call('add', 40, 2)).toBe(42);
    expect(await client.call('sub', 1)).toMatchObject({ code: 'NetConnection.Call.Failed' });
    await program.close();
    client.command('close');
  });

  it('calls a program on NATS in AMF3, with an object that comes back in its answer', async () => {
    const program = await connect({ servers: nats.url });
    const asked: unknown[] = [];
    program.subscribe('sluice.v1.rpc.live.echo', {
      callback: (_error, message) => {
        const { args } = message.json<{ args: unknown[] }>();
        asked.push(args);
        message.respond(JSON.stringify({ result: args[0] }));
      },
    });
    await program.flush();
    const client = await red5.open(server.rtmpPort, { objectEncoding: 3 });
    const value = { name: 'größe', numbers: [1, -2, 2.5, 3e9], inner: { yes: true, no: false, nothing: null } };
    expect(await client.call('echo', value, 'again', 7)).toEqual(value);
    expect(asked).toEqual([[value, 'again', 7]]);
    expect(await client.call('nobody', value)).toMatchObject({ code: 'NetConnection.Call.Failed' });
    await program.close();
    client.command('close');
  });

  it('is called by the server while it publishes and while it plays', async () => {
    const publisher = await red5.open(server.rtmpPort);
    await publisher.publish('called', await media('long.flv'));
    const post = async (path: string, body: object): Promise<unknown> => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(server.http(path), { method: 'POST', headers, body: JSON.stringify(body) })).json();
    };
    const stream = await server.ready('called');
    const answer = await post(`/v1/streams/${stream.streamId}/call`, { method: 'hello', values: ['Red5'] });
    expect(answer).toMatchObject({ ok: true, kind: 'result', values: ['hello Red5'] });
    expect(await publisher.told('called')).toMatchObject({ method: 'hello', value: 'Red5' });
    const player = await red5.open(server.rtmpPort);
    player.command('play', 'called');
    await player.told('video');
    const plays = (await (await fetch(server.http('/v1/plays'))).json()) as { plays: { playId: string }[] };
    const echoed = await post(`/v1/plays/${plays.plays[0]?.playId}/call`, {
      method: 'echoMap',
      values: [{ list: [1, true, null, 'x'] }],
    });
    expect(echoed).toMatchObject({ ok: true, kind: 'result', values: [{ list: [1, true, null, 'x'] }] });
    publisher.command('close');
    player.command('close');
  });

  it.each([
    ['AMF0', 0],
    ['AMF3', 3],
  ] as const)('shares an object with another one: changes, messages and removals, in %s', async (_name, encoding) => {
    const [ann, bob] = [
      await red5.open(server.rtmpPort, { objectEncoding: encoding }),
      await red5.open(server.rtmpPort),
    ];
    for (const client of [ann, bob]) {
      client.command('use', 'game', false);
      await client.told('object connected');
    }
    ann.command('change', 'game', false, 'score', 7);
    ann.command('change', 'game', false, 'at', { x: 1.5, y: [true, null, 'text'] });
    expect(await bob.told('object changed', ({ key }) => key === 'score')).toMatchObject({ object: 'game', value: 7 });
    const at = await bob.told('object changed', ({ key }) => key === 'at');
    expect(at).toMatchObject({ value: { x: 1.5, y: [true, null, 'text'] } });
    bob.command('send', 'game', false, 'say', ['hello', 3]);
    for (const client of [ann, bob])
      expect(await client.told('object message')).toMatchObject({ key: 'say', value: ['hello', 3] });
    bob.command('remove', 'game', false, 'score');
    expect(await ann.told('object removed')).toMatchObject({ key: 'score' });
    const late = await red5.open(server.rtmpPort);
    late.command('use', 'game', false);
    expect(await late.told('object changed')).toMatchObject({ key: 'at', value: { x: 1.5, y: [true, null, 'text'] } });
    expect(late.reports('object changed')).toHaveLength(1);
    for (const client of [ann, bob, late]) client.command('close');
    await waitFor(async () => (await server.metric('sluice_shared_objects')) === 0, { what: 'the object to be freed' });
  });
});
