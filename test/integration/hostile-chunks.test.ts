import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amf } from '../support/amf.js';
import { seeded } from '../support/random.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { basicHeader, chunks, fmt0 } from '../support/rtmp-wire.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { SteadyStream } from '../support/steady-stream.js';
import { waitFor } from '../support/wait.js';

const KiB = 1024;
const MiB = 1024 * KiB;

describe('hostile chunk streams', () => {
  let server: TestServer;
  let steady: SteadyStream;
  let names = 0;
  beforeAll(async () => {
    server = await spawnServer();
    steady = await SteadyStream.start(server.rtmpPort);
  });
  afterAll(async () => {
    steady.stop();
    await server.stop();
  });
  const options = () => ({ port: server.rtmpPort });
  const publishing = async () => {
    const client = await RawRtmp.connected(options());
    const id = await client.publish(`hostile${names++}`);
    return { client, id };
  };

  /** Does something that must end the connection for `code`, and nothing else. */
  async function expectRejected(code: string, client: RawRtmp, act: () => void): Promise<void> {
    const [lines, counted] = [server.logLines(`"${code}"`).length, await server.rejections(code)];
    act();
    await client.gone(5000);
    await waitFor(async () => (await server.rejections(code)) === counted + 1, {
      everyMs: 20,
      what: `one more ${code} in /metrics`,
    });
    const added = () => server.logLines(`"${code}"`).length - lines;
    await steady.goesOn();
    // One address gets ten lines at once and one a second: the fault may be told later, as a number.
    expect(added()).toBeLessThanOrEqual(1);
  }

  /** Shows that a connection still works: it answers a ping sent on chunk stream 2. */
  async function expectAlive(client: RawRtmp): Promise<void> {
    const from = client.received.length;
    client.message(4, Buffer.from([0, 6, 0, 0, 0, 1]));
    await client.expect((m) => m.type === 4 && m.payload[1] === 7, 'a pong', { from });
    client.destroy();
  }

  type State = [string, () => Promise<RawRtmp>];
  const states: State[] = [
    ['before the handshake', () => RawRtmp.open(options())],
    [
      'after C0 and C1',
      async () => {
        const client = await RawRtmp.open(options());
        client.send(Buffer.from([3]), Buffer.alloc(1536));
        return client;
      },
    ],
    ['after the handshake', () => RawRtmp.shaken(options())],
    ['after connect', () => RawRtmp.connected(options())],
    ['while publishing', async () => (await publishing()).client],
    [
      'while playing',
      async () => {
        const client = await RawRtmp.connected(options());
        await client.play('steady');
        client.onMessage = () => {};
        return client;
      },
    ],
  ];
  it.each(states)('of random bytes %s never end the process or touch others', async (_state, open) => {
    const random = seeded(20_24);
    for (let round = 0; round < 25; round++) {
      const client = await open();
      const bytes = Buffer.from(
        Array.from({ length: 20 + Math.floor(random() * 4000) }, () => Math.floor(random() * 256)),
      );
      client.send(bytes);
      client.socket.end();
      await client.gone(20_000);
    }
    await steady.goesOn();
    expect(server.child.exit).toBeUndefined();
    expect(server.logLines('ERR_WASM_TRAP')).toEqual([]);
    expect(server.logLines('ERR_INTERNAL')).toEqual([]);
  });

  it('that are a good session with some bytes changed never end the process or touch others', async () => {
    const random = seeded(7_2026);
    const command = (messageStreamId: number, ...values: Parameters<typeof amf>) =>
      chunks({ type: 20, timestamp: 0, messageStreamId, payload: amf(...values) });
    const mutant = async (round: number) => {
      const media = Array.from({ length: 20 }, (_, i) =>
        chunks({
          type: i % 2 === 0 ? 9 : 8,
          timestamp: i * 40,
          messageStreamId: 1,
          chunkStreamId: 4 + (i % 3),
          payload: Buffer.alloc(300, 0x17),
        }),
      );
      const session = Buffer.concat([
        command(0, 'connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' }),
        command(0, 'createStream', 2, null),
        command(1, 'publish', 3, null, `mutant${round}`, 'live'),
        chunks({
          type: 18,
          timestamp: 0,
          messageStreamId: 1,
          payload: amf('@setDataFrame', 'onMetaData', { width: 320 }),
        }),
        ...media,
        command(1, 'closeStream', 0, null),
      ]);
      for (let changes = 1 + Math.floor(random() * 6); changes > 0; changes--) {
        session[Math.floor(random() * session.length)] = Math.floor(random() * 256);
      }
      const client = await RawRtmp.open(options());
      client.send(Buffer.from([3]), Buffer.alloc(3072), session);
      client.socket.end();
      await client.gone(20_000);
    };
    for (let round = 0; round < 200; round += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, i) => mutant(round + i)));
    }
    await steady.goesOn();
    expect(server.child.exit).toBeUndefined();
    expect(server.logLines('ERR_WASM_TRAP')).toEqual([]);
    expect(server.logLines('ERR_INTERNAL')).toEqual([]);
  });

  it.each([2, 3])('that open a chunk stream with fmt %i are closed', async (fmt) => {
    const client = await RawRtmp.connected(options());
    await expectRejected('ERR_CHUNK_FRESH_HEADER', client, () => client.send(basicHeader(fmt, 40), Buffer.alloc(20)));
  });

  it('that start a new header within a message are closed', async () => {
    const client = await RawRtmp.connected(options());
    await expectRejected('ERR_CHUNK_MID_MESSAGE', client, () =>
      client.send(
        fmt0(5, { length: 300, type: 20 }),
        Buffer.alloc(128),
        fmt0(5, { length: 100, type: 20 }),
        Buffer.alloc(100),
      ),
    );
  });

  it('may use as many chunk streams as configured and not one more', async () => {
    // Chunk streams 2 and 3 are in use after connect: control and commands.
    for (const [count, alive] of [
      [61, true],
      [62, true],
      [63, false],
    ] as const) {
      const client = await RawRtmp.connected(options());
      client.message(4, Buffer.from([0, 99]));
      const flood = () => {
        for (let i = 0; i < count; i++) client.send(fmt0(100 + i, { length: 0, type: 8 }));
      };
      if (alive) {
        flood();
        await expectAlive(client);
      } else await expectRejected('ERR_CHUNK_STREAM_LIMIT', client, flood);
    }
  });

  it.each([
    ['three', 'that do not publish', 3, () => RawRtmp.connected(options())],
    ['eight', 'that publish', 8, async () => (await publishing()).client],
  ] as const)('may leave %s messages unfinished %s and not one more', async (_word, _who, limit, open) => {
    for (const count of [limit - 1, limit, limit + 1]) {
      const client = await open();
      const flood = () => {
        for (let i = 0; i < count; i++) client.send(fmt0(100 + i, { length: 200, type: 20 }), Buffer.alloc(128));
      };
      if (count > limit) await expectRejected('ERR_CHUNK_PARTIAL_LIMIT', client, flood);
      else {
        flood();
        // A pong is a message too: only below the limit there is room for one more.
        if (count < limit) await expectAlive(client);
        else client.destroy();
      }
    }
  });

  it.each([
    ['media before publish', 8, 64 * KiB, 'ERR_CHUNK_MEDIA_TOO_LONG'],
    ['a command', 20, 64 * KiB, 'ERR_CHUNK_MESSAGE_TOO_LONG'],
    ['data', 18, 64 * KiB, 'ERR_CHUNK_MESSAGE_TOO_LONG'],
  ] as const)('may declare %s of type %i up to %i bytes and no longer', async (_what, type, limit, code) => {
    for (const length of [limit - 1, limit]) {
      const client = await RawRtmp.connected(options());
      client.send(fmt0(9, { length, type }), Buffer.alloc(128));
      await expectAlive(client);
    }
    const client = await RawRtmp.connected(options());
    await expectRejected(code, client, () => client.send(fmt0(9, { length: limit + 1, type })));
  });

  it('may declare media of 8 MiB when publishing and no more', async () => {
    for (const length of [8 * MiB - 1, 8 * MiB]) {
      const { client, id } = await publishing();
      client.send(fmt0(9, { length, type: 9, messageStreamId: id }), Buffer.alloc(128));
      await expectAlive(client);
    }
    const { client, id } = await publishing();
    await expectRejected('ERR_CHUNK_MEDIA_TOO_LONG', client, () =>
      client.send(fmt0(9, { length: 8 * MiB + 1, type: 9, messageStreamId: id })),
    );
  });

  it('may hold 10 MiB of unfinished messages and no more', async () => {
    const { client, id } = await publishing();
    client.setChunkSize(MiB);
    const part = (csid: number, count: number) => {
      client.send(fmt0(csid, { length: 8 * MiB, type: 9, messageStreamId: id }), Buffer.alloc(MiB, 1));
      for (let i = 1; i < count; i++) client.send(basicHeader(3, csid), Buffer.alloc(MiB, 1));
    };
    part(20, 7);
    part(21, 2);
    const from = client.received.length;
    client.message(4, Buffer.from([0, 6, 0, 0, 0, 1]));
    await client.expect((m) => m.type === 4 && m.payload[1] === 7, 'a pong below the limit', { from });
    await expectRejected('ERR_CHUNK_REASSEMBLY_LIMIT', client, () =>
      client.send(basicHeader(3, 21), Buffer.alloc(MiB, 1), basicHeader(3, 21), Buffer.alloc(MiB, 1)),
    );
  });

  it('that deliver the largest message allowed are heard', async () => {
    const { client, id } = await publishing();
    const player = await RawRtmp.connected(options());
    await player.play(`hostile${names - 1}`);
    client.setChunkSize(0xffffff);
    const payload = Buffer.alloc(8 * MiB, 0x5a);
    payload.set([0x12]);
    client.message(9, payload, { messageStreamId: id });
    const got = await player.expect((m) => m.type === 9, 'the large frame', { timeoutMs: 20_000 });
    expect(got.payload.equals(payload)).toBe(true);
    client.destroy();
    player.destroy();
    await steady.goesOn();
  });

  it('of a thousand connections that each declare 16 MiB and send nothing cost less than 64 MiB', async () => {
    const before = await server.residentBytes();
    for (let batch = 0; batch < 20; batch++) {
      const clients = await Promise.all(Array.from({ length: 50 }, () => RawRtmp.connected(options())));
      for (const client of clients) client.send(fmt0(9, { length: 0xffffff, type: 9 }));
      await Promise.all(clients.map((client) => client.gone(10_000)));
    }
    expect((await server.residentBytes()) - before).toBeLessThan(64 * MiB);
    await steady.goesOn();
  });

  it('of 65,536 chunk streams of one byte each end with the first one too many', async () => {
    const client = await RawRtmp.connected(options());
    await expectRejected('ERR_CHUNK_STREAM_LIMIT', client, () => {
      const flood: Buffer[] = [];
      for (let csid = 64; csid < 65_600; csid += 16) flood.push(fmt0(csid, { length: 1, type: 8 }), Buffer.alloc(1));
      client.send(...flood);
    });
  });

  it('whose abort names a chunk stream that does not exist go on', async () => {
    const client = await RawRtmp.connected(options());
    client.message(2, Buffer.from([0, 0, 1, 0]));
    client.message(2, Buffer.from([255, 255, 255, 255]));
    await expectAlive(client);
  });
});
