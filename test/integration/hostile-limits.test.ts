import { afterEach, describe, expect, it } from 'vitest';
import { amf } from '../support/amf.js';
import { SseWatcher } from '../support/events.js';
import { RawRtmp, statusOf } from '../support/rtmp-client.js';
import { type ServerOptions, spawnServer, type TestServer } from '../support/server.js';
import { SteadyStream } from '../support/steady-stream.js';
import { waitFor } from '../support/wait.js';

const MiB = 1024 * 1024;

describe('limits per connection and in sum', () => {
  let server: TestServer | undefined;
  const start = async (settings: NonNullable<ServerOptions['settings']>) => {
    server = await spawnServer({ settings });
    return server;
  };
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  it('let in as many connections as configured and close the next one when none is idle', async () => {
    const { rtmpPort: port } = await start({ 'limits.maxConnections': 4 });
    const clients = [];
    for (let i = 0; i < 4; i++) {
      clients.push(await RawRtmp.connected({ port }));
      await clients[i].play('cam');
    }
    const refused = await RawRtmp.open({ port });
    refused.send(Buffer.from([3]), Buffer.alloc(1536));
    await refused.gone();
    expect(refused.handshakeBytes).toHaveLength(0);
    clients[0].destroy();
    await waitFor(
      async () => {
        const next = await RawRtmp.open({ port });
        next.send(Buffer.from([3]), Buffer.alloc(1536));
        const answered = await waitFor(() => next.handshakeBytes.length > 0 || (next.closed ? 'closed' : undefined));
        next.destroy();
        return answered === true;
      },
      { what: 'room for one more' },
    );
    for (const client of clients) client.destroy();
  });

  it('close what one address opens too fast before the handshake, in numbers and one line, and serve the others', async () => {
    const { rtmpPort: port } = await start({
      'limits.limitLoopback': true,
      'limits.acceptBurstPerIp': 5,
      'limits.acceptsPerSecondPerIp': 1,
    });
    const flood = await Promise.all(Array.from({ length: 200 }, () => RawRtmp.open({ port })));
    for (const client of flood) client.send(Buffer.from([3]), Buffer.alloc(1536));
    const settled = () => flood.filter((client) => client.closed || client.handshakeBytes.length > 0).length;
    await waitFor(() => settled() === flood.length, {
      what: () => `200 sockets to be answered or closed, ${settled()} are`,
    });
    const served = flood.filter((client) => client.handshakeBytes.length > 0).length;
    expect(served).toBeGreaterThanOrEqual(5);
    expect(served).toBeLessThan(100);
    const other = await RawRtmp.connected({ port, localAddress: '127.0.0.2' });
    await other.publish('other');
    const refused = await (server as TestServer).metric(
      'sluice_connections_refused_total',
      'code="ERR_LIMIT_ACCEPT_RATE"',
    );
    expect(refused).toBe(200 - served);
    const lines = () => (server as TestServer).logLines('connects too often');
    await waitFor(() => lines().length > 0, { what: 'the line about the flood' });
    expect(lines()).toHaveLength(1);
    for (const client of [...flood, other]) client.destroy();
  });

  it('close a hundred slow handshakes and sessions that never connect or publish, in time, while a good client is served', async () => {
    const { rtmpPort: port } = await start({
      'limits.firstBytesTimeoutMs': 700,
      'limits.handshakeTimeoutMs': 1200,
      'limits.connectTimeoutMs': 1500,
      'limits.idleMs': 1500,
    });
    const steady = await SteadyStream.start(port);
    const slow = await Promise.all(Array.from({ length: 100 }, () => RawRtmp.open({ port })));
    const drip = setInterval(() => {
      for (const client of slow) client.send(Buffer.from([3]));
    }, 50);
    const idle = await RawRtmp.connected({ port });
    const shaken = await RawRtmp.shaken({ port });
    await Promise.all([...slow, idle, shaken].map((client) => client.gone(8000)));
    clearInterval(drip);
    await steady.goesOn();
    steady.stop();
  });

  it('close a connection that sends more than the bytes allowed before it publishes or plays', async () => {
    const { rtmpPort: port } = await start({ 'limits.preAuthBytes': 16_384, 'limits.commandsPerSecond': 100_000 });
    const filler = (bytes: number) => amf('fill', 0, null, 'x'.repeat(bytes));
    const modest = await RawRtmp.connected({ port });
    modest.message(20, filler(8000));
    await modest.publish('modest');
    modest.message(18, amf('onTextData', { text: 'y'.repeat(30_000) }), { messageStreamId: 1 });
    const from = modest.received.length;
    modest.message(4, Buffer.from([0, 6, 0, 0, 0, 1]));
    await modest.expect((m) => m.type === 4 && m.payload[1] === 7, 'a pong', { from });
    const greedy = await RawRtmp.connected({ port });
    for (let i = 0; i < 20; i++) greedy.message(20, filler(1000));
    await greedy.gone();
    modest.destroy();
  });

  it('give eight message streams to a connection and not nine, also when it asks 10,000 times', async () => {
    const { rtmpPort: port } = await start({ 'limits.commandsPerSecond': 100_000, 'limits.preAuthBytes': 4 * MiB });
    const steady = await SteadyStream.start(port);
    const client = await RawRtmp.connected({ port });
    for (let i = 1; i <= 8; i++) expect(await client.createStream()).toBe(i);
    const from = client.received.length;
    client.command(0, 'createStream', 500, null);
    await waitFor(() => client.closed || client.received.slice(from).some((m) => m.values[0] === '_error'), {
      what: 'a refusal',
    });
    expect(client.received.slice(from).some((m) => m.values[0] === '_result')).toBe(false);

    const flood = await RawRtmp.connected({ port });
    for (let i = 0; i < 10_000; i++) flood.command(0, 'createStream', i + 2, null);
    flood.socket.end();
    await flood.gone(20_000);
    expect(
      flood.received.filter((m) => m.values[0] === '_result' && typeof m.values[3] === 'number').length,
    ).toBeLessThanOrEqual(8);
    await steady.goesOn();
    steady.stop();
    client.destroy();
  });

  it('let a hundred commands through in a second and close at one more', async () => {
    const { rtmpPort: port } = await start({});
    for (const [commands, alive] of [
      [98, true],
      [99, true],
      [130, false],
    ] as const) {
      const client = await RawRtmp.connected({ port });
      for (let i = 0; i < commands; i++) client.command(0, 'getStreamLength', i + 10, null, 'x');
      if (alive) {
        await client.expect((m) => m.values[1] === commands + 9, 'the last answer');
        client.destroy();
      } else {
        await client.gone();
        const lines = () => (server as TestServer).logLines('ERR_SESSION_COMMAND_RATE');
        await waitFor(() => lines().length > 0, { what: 'the line about the commands' });
        expect(lines()).toHaveLength(1);
        expect(await (server as TestServer).rejections('ERR_SESSION_COMMAND_RATE')).toBe(1);
      }
    }
  });

  it('end a publisher that never sends a frame and one that stops, once each, with reason idle', async () => {
    const { rtmpPort: port, http } = await start({ 'publish.firstFrameTimeoutMs': 600, 'publish.idleTimeoutMs': 600 });
    const events = await SseWatcher.open(http.call(server, '/v1/events'));
    const mute = await RawRtmp.connected({ port });
    await mute.publish('mute');
    const stopped = await RawRtmp.connected({ port });
    const id = await stopped.publish('stopped');
    stopped.message(9, Buffer.concat([Buffer.from([0x12]), Buffer.alloc(50)]), { messageStreamId: id });
    for (const name of ['live/mute', 'live/stopped']) {
      const ended = await events.expect('stream.ended', (e) => e.subject === name);
      expect(ended.data['reason']).toBe('idle');
    }
    await Promise.all([mute.gone(), stopped.gone()]);
    expect(events.types().filter((t) => t === 'stream.ended')).toHaveLength(2);
    events.close();
  });

  it('bound what a player may send', async () => {
    const { rtmpPort: port } = await start({ 'play.inboundBytesPerSecond': 4096 });
    const steady = await SteadyStream.start(port);
    const before = await (server as TestServer).residentBytes();
    const chatty = await RawRtmp.connected({ port });
    await chatty.play('steady');
    chatty.onMessage = () => {};
    const noise = amf('onTextData', 'z'.repeat(30_000));
    for (let i = 0; i < 300 && !chatty.closed; i++) {
      chatty.message(18, noise, { messageStreamId: 1 });
    }
    await steady.goesOn(20);
    expect((await (server as TestServer).residentBytes()) - before).toBeLessThan(32 * MiB);
    chatty.destroy();
    steady.stop();
  });

  it('keep the GOP cache bounded for a publisher that never sends a second keyframe', async () => {
    const { rtmpPort: port } = await start({ 'hub.gopMaxBytes': 1 * MiB });
    const publisher = await RawRtmp.connected({ port });
    const id = await publisher.publish('endless');
    publisher.setChunkSize(65_536);
    const early = await RawRtmp.connected({ port });
    await early.play('endless');
    let frames = 0;
    early.onMessage = (m) => {
      if (m.type === 9) frames++;
    };
    const send = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const frame = Buffer.alloc(50_000, 7);
        frame.set([frames === 0 && i === 0 ? 0x12 : 0x22]);
        publisher.message(9, frame, { messageStreamId: id });
      }
      const target = frames + count;
      await waitFor(() => frames >= target, { what: () => `${target} frames, got ${frames}` });
    };
    for (let i = 0; i < 10; i++) await send(20);
    const before = await (server as TestServer).residentBytes();
    for (let i = 0; i < 60; i++) await send(20);
    expect((await (server as TestServer).residentBytes()) - before).toBeLessThan(24 * MiB);
    const late = await RawRtmp.connected({ port });
    await late.play('endless');
    expect(late.media().filter((m) => m.type === 9)).toEqual([]);
    const key = Buffer.alloc(100, 9);
    key.set([0x12]);
    publisher.message(9, key, { messageStreamId: id });
    const first = await late.expect((m) => m.type === 9, 'video');
    expect(first.payload).toEqual(key);
    for (const client of [publisher, early, late]) client.destroy();
  });

  it('refuse publishes while the media held in sum is past limits.memoryBytes, and take them again after', async () => {
    const { rtmpPort: port } = await start({ 'limits.memoryBytes': 64 * MiB });
    const publishers = [];
    const ask = async (name: string) => {
      const client = await RawRtmp.connected({ port });
      const id = await client.createStream();
      client.command(id, 'publish', 0, null, name, 'live');
      const answer = await client.expect((m) => m.values[0] === 'onStatus', 'an onStatus');
      return { client, id, code: statusOf(answer).code };
    };
    let refused = false;
    for (let i = 0; i < 40 && !refused; i++) {
      const { client, id, code } = await ask(`heavy${i}`);
      if (code !== 'NetStream.Publish.Start') {
        expect(code).toBe('NetStream.Publish.Rejected');
        refused = true;
        break;
      }
      client.setChunkSize(MiB);
      for (let n = 0; n < 7; n++) {
        const frame = Buffer.alloc(MiB, n);
        frame.set([n === 0 ? 0x12 : 0x22]);
        client.message(9, frame, { messageStreamId: id });
      }
      // A connection that passes the limit with a message that is only half there is closed, and the next one takes its
      // place.
      const isHeld = async () => (await (server as TestServer).stream(`heavy${i}`))?.videoFrames === 7;
      await waitFor(async () => client.closed || (await isHeld()), { everyMs: 20 });
      if (!client.closed) publishers.push(client);
    }
    expect(refused).toBe(true);
    expect(publishers.length).toBeGreaterThan(6);
    expect(publishers.length).toBeLessThan(12);
    for (const client of publishers) client.destroy();
    await waitFor(async () => (await (server as TestServer).streams()).length === 0, { everyMs: 50 });
    const again = await ask('again');
    expect(again.code).toBe('NetStream.Publish.Start');
    again.client.destroy();
  });

  it('let nothing out that comes from a refused publisher, a player, an unpublished or a foreign message stream', async () => {
    const { rtmpPort: port } = await start({});
    const steady = await SteadyStream.start(port);
    const forged = Buffer.alloc(200, 0xee);
    forged.set([0x12]);
    forged.writeUInt32BE(0xdeadbeef, 4);

    const player = await RawRtmp.connected({ port });
    const playing = await player.play('steady');
    player.onMessage = () => {};
    player.message(9, forged, { messageStreamId: playing });

    const early = await RawRtmp.connected({ port });
    const id = await early.createStream();
    early.message(9, forged, { messageStreamId: id });
    early.message(9, forged, { messageStreamId: 1 });

    const busy = await RawRtmp.connected({ port });
    const other = await busy.createStream();
    busy.command(other, 'publish', 0, null, 'steady', 'live');
    for (let i = 0; i < 10; i++) busy.message(9, forged, { messageStreamId: other });
    const refusal = await busy.expect((m) => m.values[0] === 'onStatus', 'a refusal');
    expect(statusOf(refusal).code).toBe('NetStream.Publish.BadName');

    const foreign = await RawRtmp.connected({ port });
    const own = await foreign.publish('own');
    // With only one publish, media on an unused message stream would count as its own.
    const second = await foreign.publish('second');
    const watcher = await RawRtmp.connected({ port });
    await watcher.play('own');
    foreign.message(9, forged, { messageStreamId: second + 1 });
    foreign.message(9, forged, { messageStreamId: 0 });
    const real = Buffer.alloc(60, 1);
    real.set([0x12]);
    foreign.message(9, real, { messageStreamId: own });
    await watcher.expect((m) => m.type === 9 && m.payload.equals(real), 'the real frame');
    expect(watcher.media().filter((m) => m.type === 9)).toHaveLength(1);

    // The steady stream fails on any frame that it did not send itself.
    await steady.goesOn(20);
    steady.stop();
    for (const client of [player, early, busy, foreign, watcher]) client.destroy();
  });
});
