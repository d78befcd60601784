import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amf } from '../support/amf.js';
import { RawRtmp, type Received, statusOf } from '../support/rtmp-client.js';
import { chunks } from '../support/rtmp-wire.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

const KEY = 0x12;
const INTER = 0x22;
const AUDIO = 0x22;

/** A frame of `length` bytes: its first byte, then its number, then a pattern made from the number. */
function frame(first: number, number: number, length = 60): Buffer {
  const payload = Buffer.alloc(length, number & 255);
  payload.set([first]);
  payload.writeUInt32BE(number, 1);
  return payload;
}
const numberOf = (m: Received) => m.payload.readUInt32BE(1);

describe('what players and publishers ask for on the way', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await spawnServer();
  });
  afterAll(() => server.stop());
  const connected = () => RawRtmp.connected({ port: server.rtmpPort });

  /** A publisher of `name` that sends frame after frame, audio and video, with a keyframe every ten. */
  async function source(name: string) {
    const client = await connected();
    const messageStreamId = await client.publish(name);
    let next = 0;
    const send = (count: number) => {
      for (let i = 0; i < count; i++, next++) {
        const timestamp = next * 40;
        client.message(9, frame(next % 10 === 0 ? KEY : INTER, next), { timestamp, messageStreamId });
        client.message(8, frame(AUDIO, next), { timestamp, messageStreamId });
      }
      return next - 1;
    };
    return { client, send };
  }
  const got = (client: RawRtmp, type: number, number: number, from = 0) =>
    client.expect((m) => m.type === type && numberOf(m) === number, `message ${number} of type ${type}`, { from });

  it('takes a whole session in one segment: nothing sent before Publish.Start is lost', async () => {
    const player = await connected();
    await player.play('eager');
    const publisher = await RawRtmp.open({ port: server.rtmpPort });
    const command = (messageStreamId: number, ...values: Parameters<typeof amf>) =>
      chunks({ type: 20, timestamp: 0, messageStreamId, payload: amf(...values) });
    const frames = Array.from({ length: 300 }, (_, i) =>
      chunks({
        type: 9,
        timestamp: i * 40,
        messageStreamId: 1,
        chunkStreamId: 6,
        payload: frame(i % 10 === 0 ? KEY : INTER, i),
      }),
    );
    publisher.send(
      Buffer.from([3]),
      Buffer.alloc(1536),
      Buffer.alloc(1536),
      command(0, 'connect', 1, { app: 'live' }),
      command(0, 'createStream', 2, null),
      command(1, 'publish', 3, null, 'eager', 'live'),
      ...frames,
    );
    await got(player, 9, 299);
    expect(
      player
        .media()
        .filter((m) => m.type === 9)
        .map(numberOf),
    ).toEqual(Array.from({ length: 300 }, (_, i) => i));
    publisher.destroy();
    player.destroy();
  });

  it('leaves video out after receiveVideo(false) and takes it in again from a keyframe', async () => {
    const { client, send } = await source('novideo');
    const player = await connected();
    const id = await player.play('novideo');
    await got(player, 9, send(5));
    player.command(id, 'receiveVideo', 0, null, false);
    player.message(4, Buffer.from([0, 6, 0, 0, 0, 9]));
    await player.expect((m) => m.type === 4 && m.payload[1] === 7, 'a pong');
    const from = player.received.length;
    await got(player, 8, send(10), from);
    expect(player.received.slice(from).filter((m) => m.type === 9)).toEqual([]);
    player.command(id, 'receiveVideo', 0, null, true);
    const again = player.received.length;
    await waitFor(() => {
      send(1);
      return player.received.slice(again).some((m) => m.type === 9);
    });
    const first = player.received.slice(again).find((m) => m.type === 9) as Received;
    expect(numberOf(first) % 10).toBe(0);
    client.destroy();
    player.destroy();
  });

  it('sends nothing while paused and goes on at a keyframe or without a gap', async () => {
    const { client, send } = await source('paused');
    const player = await connected();
    const id = await player.play('paused');
    await got(player, 9, send(5));
    player.command(id, 'pause', 0, null, true, 0);
    await player.status('NetStream.Pause.Notify');
    const from = player.received.length;
    send(25);
    const other = await connected();
    await other.play('paused');
    await got(other, 9, send(1));
    expect(player.received.slice(from).filter((m) => m.type === 8 || m.type === 9)).toEqual([]);
    player.command(id, 'pause', 0, null, false, 0);
    await player.status('NetStream.Unpause.Notify');
    await got(player, 9, send(3), from);
    const numbers = player.received
      .slice(from)
      .filter((m) => m.type === 9)
      .map(numberOf);
    expect(numbers[0] === 5 || numbers[0] % 10 === 0, `went on at ${numbers[0]}`).toBe(true);
    expect(numbers).toEqual(numbers.map((_, i) => numbers[0] + i));
    for (const one of [client, player, other]) one.destroy();
  });

  it('refuses to seek in a live stream and keeps playing', async () => {
    const { client, send } = await source('seek');
    const player = await connected();
    const id = await player.play('seek');
    player.command(id, 'seek', 0, null, 1000);
    expect(statusOf(await player.status('NetStream.Seek.Failed')).level).toBe('error');
    await got(player, 9, send(2));
    client.destroy();
    player.destroy();
  });

  it.each([0xfffffd, 0x7ffffffd, 0xffffffe0])(
    'gives a player on its second message stream the same bytes, also large ones, from timestamp %i on',
    async (base) => {
      const publisher = await connected();
      const name = `second-${base}`;
      const id = await publisher.publish(name);
      publisher.setChunkSize(50_000);
      const player = await connected();
      await player.createStream();
      const playing = await player.play(name);
      expect(playing).toBe(2);
      const sizes = [10, 59_999, 60_000, 60_001, 120_000, 200_001];
      for (const [i, size] of sizes.entries()) {
        publisher.message(9, frame(i === 0 ? KEY : INTER, i, size), { timestamp: base + i, messageStreamId: id });
      }
      await got(player, 9, sizes.length - 1);
      const frames = player.media(playing).filter((m) => m.type === 9);
      expect(frames.map((m) => [m.timestamp, m.payload.length])).toEqual(sizes.map((size, i) => [base + i, size]));
      expect(frames.every((m, i) => m.payload.equals(frame(i === 0 ? KEY : INTER, i, sizes[i])))).toBe(true);
      publisher.destroy();
      player.destroy();
    },
  );

  it('goes back to nothing after three hundred sessions: no connection, stream, player or instance stays', async () => {
    for (let round = 0; round < 30; round++) {
      const clients = await Promise.all(
        Array.from({ length: 10 }, async (_, i) => {
          const { client, send } = await source(`churn${round}-${i}`);
          const player = await connected();
          await player.play(`churn${round}-${i}`);
          await got(player, 9, send(3));
          return [client, player];
        }),
      );
      for (const client of clients.flat()) {
        if (round % 2 === 0) client.destroy();
        else client.socket.end();
      }
    }
    const gauges = ['connections', 'publishes', 'players', 'streams', 'wasm_instances'].map((name) => `sluice_${name}`);
    await waitFor(async () => (await Promise.all(gauges.map((g) => server.metric(g)))).every((v) => v === 0), {
      everyMs: 100,
      what: 'every gauge to be 0',
    });
    expect(await server.metric('sluice_publishes_total')).toBeGreaterThanOrEqual(300);
    expect(await server.metric('sluice_media_held_bytes')).toBeLessThan(32 * 1024 * 1024);
  }, 60_000);
});
