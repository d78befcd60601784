import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Amf, amf, EcmaArray } from '../support/amf.js';
import { RawRtmp, statusOf } from '../support/rtmp-client.js';
import { chunks, fmt0 } from '../support/rtmp-wire.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { SteadyStream } from '../support/steady-stream.js';
import { waitFor } from '../support/wait.js';

const u32 = (...values: number[]) => {
  const out = Buffer.alloc(values.length * 4);
  for (const [i, v] of values.entries()) out.writeUInt32BE(v >>> 0, i * 4);
  return out;
};
const video = (n: number, length = 100) => {
  const payload = Buffer.alloc(length, n);
  payload.set([0x12]);
  return payload;
};

describe('sessions of a live server', () => {
  let server: TestServer;
  let steady: SteadyStream;
  let names = 0;
  beforeAll(async () => {
    server = await spawnServer();
    steady = await SteadyStream.start(server.rtmpPort);
  });
  afterAll(async () => {
    await steady.goesOn();
    steady.stop();
    await server.stop();
  });
  const connected = () => RawRtmp.connected({ port: server.rtmpPort });
  const shaken = () => RawRtmp.shaken({ port: server.rtmpPort });

  /** A publisher and a player of a new name. */
  async function pair(): Promise<{ publisher: RawRtmp; id: number; player: RawRtmp; end: () => void }> {
    const name = `pair${names++}`;
    const publisher = await connected();
    const id = await publisher.publish(name);
    const player = await connected();
    await player.play(name);
    const end = () => {
      publisher.destroy();
      player.destroy();
    };
    return { publisher, id, player, end };
  }
  const arrives = (player: RawRtmp, n: number) =>
    player.expect((m) => m.type === 9 && m.payload[1] === n, `video frame ${n}`);

  it('answers connect with 5, 6, 1 and _result 1, in that order', async () => {
    const client = await shaken();
    const result = await client.connect();
    expect(client.received.slice(0, 4).map((m) => m.type)).toEqual([5, 6, 1, 20]);
    expect(result.values.slice(0, 2)).toEqual(['_result', 1]);
    expect(statusOf(result)).toMatchObject({ level: 'status', code: 'NetConnection.Connect.Success' });
    client.destroy();
  });

  it.each<[string, () => Buffer]>([
    ['an ECMA array', () => amf('connect', 1, new EcmaArray({ app: 'live', tcUrl: 'rtmp://h/live' }))],
    ['an ECMA array with a wrong count', () => amf('connect', 1, new EcmaArray({ app: 'live' }, 4_000_000_000))],
    ['no tcUrl', () => amf('connect', 1, { app: 'live' })],
    ['undefined and null members', () => amf('connect', 1, { app: 'live', swfUrl: undefined, pageUrl: null })],
    ['more arguments', () => amf('connect', 1, { app: 'live' }, 'user', 7, { a: [1, 2] })],
  ])('accepts a connect with %s', async (_what, payload) => {
    const client = await shaken();
    client.message(20, payload());
    const result = await client.expect((m) => m.values[0] === '_result', '_result');
    expect(statusOf(result).code).toBe('NetConnection.Connect.Success');
    client.destroy();
  });

  it('closes on a second connect', async () => {
    const client = await connected();
    client.command(0, 'connect', 2, { app: 'live' });
    await client.gone();
  });

  it('closes on publish or createStream before connect', async () => {
    for (const command of [
      ['publish', 1, null, 'x', 'live'],
      ['createStream', 1, null],
    ] as Amf[][]) {
      const client = await shaken();
      client.command(command[0] === 'publish' ? 1 : 0, ...command);
      await client.gone();
    }
  });

  it.each([1, 2, 127, 65_536, 0x7fffffff])('reads on after Set Chunk Size %i', async (size) => {
    const { publisher, id, player, end } = await pair();
    publisher.setChunkSize(size);
    publisher.message(9, video(7, 500), { messageStreamId: id });
    expect((await arrives(player, 7)).payload).toEqual(video(7, 500));
    end();
  });

  it.each([0, 0x80000000, 0xffffffff])('closes on Set Chunk Size %i', async (size) => {
    const { publisher, end } = await pair();
    publisher.message(1, u32(size));
    await publisher.gone();
    end();
  });

  it('survives a Set Chunk Size of three bytes', async () => {
    const { publisher, end } = await pair();
    publisher.message(1, Buffer.from([0, 16, 0]));
    publisher.command(0, 'getStreamLength', 77, null, 'x');
    await Promise.race([publisher.gone(), publisher.expect((m) => m.values[1] === 77, 'an answer')]);
    await steady.goesOn();
    end();
  });

  it('hands on empty audio', async () => {
    const { publisher, id, player, end } = await pair();
    publisher.message(8, Buffer.alloc(0), { messageStreamId: id, timestamp: 20 });
    publisher.message(9, video(3), { messageStreamId: id, timestamp: 40 });
    await arrives(player, 3);
    expect(
      player
        .media()
        .filter((m) => m.type === 8)
        .map((m) => m.payload.length),
    ).toEqual([0]);
    end();
  });

  it('ignores message types 7, 10, 21 and 255, types 3 and 6, and short user control', async () => {
    const { publisher, id, player, end } = await pair();
    for (const type of [7, 10, 21, 255]) {
      publisher.send(
        chunks({ type, timestamp: 0, messageStreamId: 0, payload: Buffer.alloc(300, 1), chunkStreamId: 9 }),
      );
    }
    publisher.message(3, u32(12345));
    publisher.message(6, Buffer.concat([u32(2_500_000), Buffer.from([2])]));
    publisher.message(4, Buffer.from([0, 3, 0, 0, 0, 1]));
    publisher.message(4, Buffer.from([0]));
    publisher.message(4, Buffer.concat([Buffer.from([0, 3]), u32(1, 3000)]));
    publisher.message(4, Buffer.concat([Buffer.from([0, 99]), u32(1)]));
    publisher.message(9, video(4), { messageStreamId: id });
    await arrives(player, 4);
    end();
  });

  it('acknowledges within the window that the peer asks for', async () => {
    const { publisher, id, end } = await pair();
    publisher.message(5, u32(10_000));
    const from = publisher.received.length;
    publisher.setChunkSize(4096);
    publisher.message(9, video(1, 12_000), { messageStreamId: id });
    const first = await publisher.expect((m) => m.type === 3, 'an acknowledgement', { from });
    const at = publisher.received.indexOf(first) + 1;
    publisher.message(9, video(2, 12_000), { messageStreamId: id });
    const second = await publisher.expect((m) => m.type === 3, 'another acknowledgement', { from: at });
    const step = second.payload.readUInt32BE(0) - first.payload.readUInt32BE(0);
    expect(step).toBeGreaterThan(0);
    expect(step).toBeLessThanOrEqual(24_200);
    end();
  });

  it('answers a ping with the same value', async () => {
    const client = await connected();
    client.message(4, Buffer.concat([Buffer.from([0, 6]), u32(0xdeadbeef)]));
    const pong = await client.expect((m) => m.type === 4 && m.payload.readUInt16BE(0) === 7, 'a pong');
    expect(pong.payload.readUInt32BE(2)).toBe(0xdeadbeef);
    client.destroy();
  });

  it('gives ids 1 and 2 to two createStreams, and 2 stays usable when 1 is deleted', async () => {
    const client = await connected();
    expect([await client.createStream(), await client.createStream()]).toEqual([1, 2]);
    client.command(0, 'deleteStream', 0, null, 1);
    client.command(2, 'publish', 5, null, 'onTwo', 'live');
    const start = await client.status('NetStream.Publish.Start');
    expect(start.messageStreamId).toBe(2);
    expect(client.received.filter((m) => m.values[0] === '_result' && m.values[1] === 5)).toEqual([]);
    client.destroy();
  });

  it.each<[string, Amf[]]>([
    ['the name, as GStreamer does', ['thatName']],
    ['nothing', []],
  ])('takes deleteStream with %s for the only stream', async (_what, args) => {
    const client = await connected();
    const name = `del${names++}`;
    await client.publish(name);
    client.command(0, 'deleteStream', 0, null, ...args);
    await server.ended(name);
    client.command(0, 'getStreamLength', 9, null, 'x');
    await client.expect((m) => m.values[1] === 9, 'an answer on the same connection');
    client.destroy();
  });

  it('publishes again on a message stream after closeStream', async () => {
    const client = await connected();
    const id = await client.publish('closing');
    client.command(id, 'closeStream', 0, null);
    await server.ended('closing');
    const from = client.received.length;
    client.command(id, 'publish', 0, null, 'closing', 'live');
    await client.status('NetStream.Publish.Start', { from });
    client.destroy();
  });

  it.each<[string, string | undefined, string]>([
    ['camq?token=secret&x=1', 'live', 'camq'],
    ['camr', 'record', 'camr'],
    ['cama', 'append', 'cama'],
    ['camn', undefined, 'camn'],
  ])('publishes %s of type %s as %s', async (asked, type, name) => {
    const client = await connected();
    await client.publish(asked, type);
    expect(await server.stream(name)).toBeDefined();
    expect(JSON.stringify(await server.streams())).not.toContain('secret');
    client.destroy();
    await server.ended(name);
  });

  it('tells a publisher of an empty name that it is refused, or lets it publish, but never hangs', async () => {
    const client = await connected();
    const id = await client.createStream();
    client.command(id, 'publish', 0, null, '', 'live');
    const answer = await client.expect((m) => m.values[0] === 'onStatus', 'an onStatus');
    expect(String(statusOf(answer).code)).toMatch(/^NetStream\.Publish\.(Start|BadName|Rejected)$/);
    client.destroy();
  });

  it('orders what a player gets: StreamBegin, statuses, sample access, then media', async () => {
    const publisher = await connected();
    const id = await publisher.publish('order');
    publisher.message(18, amf('@setDataFrame', 'onMetaData', { width: 640 }), { messageStreamId: id });
    publisher.message(9, video(1), { messageStreamId: id });
    await waitFor(async () => (await server.stream('order'))?.videoFrames === 1, { everyMs: 50 });
    const player = await connected();
    const from = player.received.length;
    const msid = await player.play('order');
    await arrives(player, 1);
    const names = player.received.slice(from).map((m) => {
      if (m.type === 4) return `control ${m.payload.readUInt16BE(0)} ${m.payload.readUInt32BE(2)}`;
      if (m.values[0] === 'onStatus') return String(statusOf(m).code);
      return m.type === 18 ? String(m.values[0]) : String(m.type);
    });
    const wanted = [`control 0 ${msid}`, 'NetStream.Play.Start', 'onMetaData', '9'];
    expect(
      wanted.map((w) => names.indexOf(w)),
      names.join(),
    ).toEqual([...wanted.keys()].map((i) => names.indexOf(wanted[i])).sort((a, b) => a - b));
    expect(names).toEqual(expect.arrayContaining(wanted));
    const meta = player.received.find((m) => m.values[0] === 'onMetaData');
    expect(meta?.values[1]).toMatchObject({ width: 640 });
    publisher.destroy();
    player.destroy();
  });

  it('reads a control message on any chunk stream and message stream id', async () => {
    const { publisher, id, player, end } = await pair();
    publisher.send(fmt0(5, { length: 4, type: 1, messageStreamId: id }), u32(300));
    publisher.chunkSize = 300;
    publisher.message(9, video(9, 700), { messageStreamId: id });
    await arrives(player, 9);
    end();
  });
});
