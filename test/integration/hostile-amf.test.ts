import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amf } from '../support/amf.js';
import { seeded } from '../support/random.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { SteadyStream } from '../support/steady-stream.js';
import { waitFor } from '../support/wait.js';

const nested = (depth: number) =>
  Buffer.concat([
    Buffer.alloc(0),
    ...Array.from({ length: depth }, () => Buffer.from([10, 0, 0, 0, 1])),
    Buffer.from([5]),
  ]);

describe('hostile AMF', () => {
  let server: TestServer;
  let steady: SteadyStream;
  beforeAll(async () => {
    server = await spawnServer({
      settings: {
        'limits.amfDepth': 16,
        'limits.amfValues': 100,
        'limits.amfKeys': 20,
        'limits.amfStringBytes': 1000,
        'limits.commandsPerSecond': 10_000,
      },
    });
    steady = await SteadyStream.start(server.rtmpPort);
  });
  afterAll(async () => {
    steady.stop();
    await server.stop();
  });
  const connected = () => RawRtmp.connected({ port: server.rtmpPort });
  const refused = () => server.metric('sluice_data_messages_refused_total', 'code="ERR_AMF_');
  const refusedInLog = () => server.logLines('"refusedData":1').length;

  /**
   * Sends a command with a hostile argument and a harmless one after it: answered, ignored or closed, but never fatal
   * to others.
   */
  async function outcome(argument: Uint8Array): Promise<'alive' | 'closed'> {
    const client = await connected();
    client.message(20, Buffer.concat([amf('somecall', 7, null), argument]));
    client.command(0, 'getStreamLength', 99, null, 'x');
    const result = await waitFor(
      () => (client.closed ? 'closed' : client.received.some((m) => m.values[1] === 99) ? 'alive' : undefined),
      { what: 'an answer or a close' },
    );
    client.destroy();
    return result;
  }

  const keys = (count: number) => amf(Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 1])));
  it.each<[string, (n: number) => Buffer, number]>([
    ['nesting', nested, 16],
    // The handler's name comes before the argument.
    ['values', (n) => amf(...Array.from({ length: n - 1 }, () => 1)), 100],
    ['keys of one object', keys, 20],
    ['bytes of all strings', (n) => amf('x'.repeat(n - 'onTextData'.length)), 1000],
  ])(
    'that reaches the limit of %s is handed on to players, and what is past it is dropped, counted and logged',
    async (_what, make, limit) => {
      const [dropped, logged] = [await refused(), refusedInLog()];
      const publisher = await connected();
      const id = await publisher.publish('limits');
      const player = await connected();
      await player.play('limits');
      for (const n of [limit - 1, limit, limit + 1]) {
        publisher.message(18, Buffer.concat([amf('onTextData'), make(n)]), { messageStreamId: id, timestamp: n });
      }
      publisher.message(18, amf('onTextData', 'last'), { messageStreamId: id });
      await player.expect((m) => m.values[1] === 'last', 'the last data message');
      const texts = player.media().filter((m) => m.values[0] === 'onTextData');
      expect(texts.slice(0, -1).map((m) => m.payload)).toEqual(
        [limit - 1, limit].map((n) => Buffer.concat([amf('onTextData'), make(n)])),
      );
      publisher.destroy();
      player.destroy();
      await server.ended('limits');
      expect(await refused()).toBe(dropped + 1);
      await waitFor(() => refusedInLog() === logged + 1, { what: 'the log line of the connection' });
      await steady.goesOn();
    },
  );

  const bombs: [string, Buffer][] = [
    ['10,000 nested strict arrays', nested(10_000)],
    ['10,000 nested objects', Buffer.concat(Array.from({ length: 10_000 }, () => Buffer.from([3, 0, 1, 97])))],
    ['a strict array that declares 4,294,967,295 items', Buffer.from([10, 255, 255, 255, 255])],
    ['an ECMA array that declares 4,294,967,295 items', Buffer.from([8, 255, 255, 255, 255])],
    ['a long string longer than the message', Buffer.from([12, 255, 255, 255, 255, 65])],
    ['a string longer than the message', Buffer.from([2, 255, 255, 65])],
    ['a reference to nothing', Buffer.from([7, 255, 255])],
    ['an XML document longer than the message', Buffer.from([15, 255, 255, 255, 255])],
    ['an AMF3 switch with nothing after it', Buffer.from([17])],
    ['AMF3 of an externalizable class', Buffer.from([17, 10, 7, 3, 65])],
    ['10,000 nested arrays of AMF3', Buffer.from([17, ...Array(10_000).fill([9, 3, 1]).flat()])],
    ['an array of AMF3 that declares 268,435,455 items', Buffer.from([17, 9, 255, 255, 255, 255, 1])],
    ['a typed object', Buffer.from([16, 0, 1, 65, 0, 0, 9])],
    ['the markers reserved for movie clips and record sets', Buffer.from([4, 14])],
    ['an object end out of place', Buffer.from([0, 0, 9])],
    [
      'the key __proto__',
      amf(
        JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}') as Record<
          string,
          never
        >,
      ),
    ],
  ];
  it.each(bombs)('that is %s hurts nobody else', async (_what, bomb) => {
    await outcome(bomb);
    const publisher = await connected();
    const id = await publisher.publish('bombed');
    publisher.message(18, Buffer.concat([amf('@setDataFrame', 'onMetaData'), bomb]), { messageStreamId: id });
    publisher.message(15, Buffer.concat([Buffer.from([0]), amf('onMetaData'), bomb]), { messageStreamId: id });
    publisher.message(17, Buffer.concat([Buffer.from([0]), amf('call', 3, null), bomb]));
    publisher.socket.end();
    await publisher.gone();
    await server.ended('bombed');
    await steady.goesOn();
    expect(server.child.exit).toBeUndefined();
    expect(server.logLines('ERR_WASM_TRAP')).toEqual([]);
    expect(server.logLines('ERR_INTERNAL')).toEqual([]);
  });

  it('cut off at every byte of a connect hurts nobody else', async () => {
    const whole = amf('connect', 1, {
      app: 'live',
      tcUrl: 'rtmp://h/live',
      fpad: false,
      capabilities: 15,
      more: [1, 'a', null],
    });
    for (let length = 0; length < whole.length; length += 3) {
      const client = await RawRtmp.shaken({ port: server.rtmpPort });
      client.message(20, whole.subarray(0, length));
      client.socket.end();
      await client.gone();
    }
    await steady.goesOn();
  });

  it('of the wrong type in any argument of any command hurts nobody else', async () => {
    const values = [
      0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      -1,
      1e300,
      true,
      '',
      'x',
      null,
      undefined,
      {},
      [],
      { a: { b: 1 } },
    ];
    const commands = [
      'connect',
      'createStream',
      'deleteStream',
      'publish',
      'play',
      'pause',
      'seek',
      'receiveAudio',
      'receiveVideo',
      'closeStream',
      'FCPublish',
      'FCUnpublish',
      'releaseStream',
      'getStreamLength',
      'play2',
      '_checkbw',
      '_result',
      '_error',
      'onStatus',
      '__proto__',
      'constructor',
      'toString',
      '',
    ];
    const random = seeded(7);
    const pick = () => values[Math.floor(random() * values.length)];
    for (const command of commands) {
      const client = await connected();
      const id = await client.createStream();
      for (let round = 0; round < 8; round++) {
        const args = Array.from({ length: Math.floor(random() * 5) }, pick);
        client.command(round % 2 === 0 ? id : 0, command, pick() as number, ...args);
      }
      client.socket.end();
      await client.gone();
    }
    for (const value of values) {
      const client = await connected();
      client.message(20, amf(value, value));
      client.socket.end();
      await client.gone();
    }
    await steady.goesOn();
    expect(server.logLines('ERR_INTERNAL')).toEqual([]);
  });
});
