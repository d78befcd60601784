import { describe, expect, it } from 'vitest';
import { parseRtmpUrl } from '../../../src/client/rtmp-url.js';
import { DelayProbe } from '../../../src/load/delay-probe.js';
import { Histogram } from '../../../src/load/histogram.js';
import { Negotiation } from '../../../src/load/negotiation.js';
import { type LoadOptions, loadSettings, sourceOf, streamNameOf } from '../../../src/load/options.js';
import { SetupParser } from '../../../src/load/setup-parser.js';
import { readStamp, STAMP_UUID, stampNal, writeStampTime } from '../../../src/load/stamp.js';
import { Tally } from '../../../src/load/tally.js';
import { type Timed, TimerWheel } from '../../../src/load/timer-wheel.js';
import { writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';
import { ChunkWriter } from '../../../src/protocol/messages/chunk-writer.js';
import { pingRequest, setChunkSize } from '../../../src/protocol/messages/control.js';

describe('the histogram', () => {
  it('tells quantiles within 1.6 % and the maximum exactly', () => {
    const h = new Histogram();
    for (let i = 1; i <= 10_000; i++) h.record(i);
    expect(h.count).toBe(10_000);
    expect(h.max).toBe(10_000);
    for (const share of [0.01, 0.5, 0.9, 0.99, 1]) {
      expect(Math.abs(h.quantile(share) / (share * 10_000) - 1)).toBeLessThan(0.016);
    }
  });

  it('tells 0 when empty', () => {
    expect(new Histogram().quantile(0.5)).toBe(0);
  });
});

describe('the timer wheel', () => {
  const recorder = (calls: number[], next: (now: number) => number | undefined = () => undefined): Timed => ({
    due: (now) => {
      calls.push(now);
      return next(now);
    },
  });

  it('calls what is due, once, in the tick it falls into', () => {
    const wheel = new TimerWheel(5, 0);
    const calls: number[] = [];
    wheel.add(recorder(calls), 12);
    for (const now of [0, 5, 10, 15, 20]) wheel.advance(now);
    expect(calls).toEqual([15]);
  });

  it('calls at the times asked for', () => {
    const wheel = new TimerWheel(5, 0);
    const calls: number[] = [];
    wheel.add(
      recorder(calls, (now) => now + 20),
      0,
    );
    for (let now = 0; now <= 100; now += 5) wheel.advance(now);
    expect(calls).toEqual([0, 20, 40, 60, 80, 100]);
  });

  it('reaches further than one turn', () => {
    const wheel = new TimerWheel(1, 0);
    const calls: number[] = [];
    wheel.add(recorder(calls), 2000);
    for (let now = 0; now <= 2100; now++) wheel.advance(now);
    expect(calls).toEqual([2000]);
  });

  it('forgets nothing when ticks were missed', () => {
    const wheel = new TimerWheel(5, 0);
    const calls: number[] = [];
    for (const at of [7, 300, 2000, 40_000]) wheel.add(recorder(calls), at);
    wheel.advance(100_000);
    expect(calls).toEqual([100_000, 100_000, 100_000, 100_000]);
  });
});

describe('stamps', () => {
  it('are read back as written', () => {
    const nal = stampNal(59);
    const at = nal.indexOf(STAMP_UUID);
    writeStampTime(nal, at, 123_456_789_012_345n);
    expect(readStamp(nal, at)).toEqual({ nanoseconds: 123_456_789_012_345n, index: 59 });
    expect(readStamp(nal.subarray(0, -5), at)).toBeUndefined();
  });

  it('are found in raw bytes at every split', () => {
    const stream = Buffer.concat(
      [0, 1, 2].flatMap((index) => {
        const nal = stampNal(index);
        writeStampTime(nal, nal.indexOf(STAMP_UUID), BigInt(1000 + index));
        return [Buffer.alloc(50, 0xee), nal];
      }),
    );
    for (let size = 1; size <= stream.length; size++) {
      const found: bigint[] = [];
      const probe = new DelayProbe((nanoseconds) => found.push(nanoseconds));
      for (let at = 0; at < stream.length; at += size) probe.scan(stream.subarray(at, at + size));
      expect(found).toEqual([1000n, 1001n, 1002n]);
    }
  });
});

describe('the set-up parser', () => {
  const writer = new ChunkWriter();
  const long = writeAmf0('onStatus', 0, null, { code: 'x'.repeat(400) });
  const first = writer.write({ chunkStreamId: 3, type: 20, messageStreamId: 0, timestamp: 0xffffff, payload: long });
  const change = writer.write(setChunkSize(4096));
  writer.setChunkSize(4096);
  const second = writer.write({ chunkStreamId: 70, type: 20, messageStreamId: 0, timestamp: 0, payload: long });
  const third = writer.write({
    chunkStreamId: 400,
    type: 9,
    messageStreamId: 1,
    timestamp: 0,
    payload: Buffer.alloc(0),
  });
  const stream = Buffer.concat([first, change, second, third]);

  it('gives the same messages at every split', () => {
    for (let size = 1; size <= stream.length; size++) {
      const parser = new SetupParser();
      const messages = [];
      for (let at = 0; at < stream.length; at += size) messages.push(...parser.push(stream.subarray(at, at + size)));
      expect(messages).toEqual([
        { type: 20, payload: long },
        { type: 20, payload: long },
        { type: 9, payload: Buffer.alloc(0) },
      ]);
    }
  });

  it('refuses what is no chunk stream', () => {
    expect(() => new SetupParser().push(Buffer.from([0xc3]))).toThrow(
      expect.objectContaining({ code: 'ERR_LOAD_SETUP' }),
    );
  });

  it('gives up on a message without end', () => {
    const parser = new SetupParser();
    parser.push(Buffer.from('03000000ffffff1400000000', 'hex'));
    parser.push(Buffer.from('020000000000040100000000' + '7fffffff', 'hex'));
    expect(() => parser.push(Buffer.alloc(5_000_000, 0xc3))).toThrow(
      expect.objectContaining({ code: 'ERR_LOAD_SETUP' }),
    );
  });
});

describe('the negotiation', () => {
  const wish = (mode: 'play' | 'publish') => ({
    mode,
    url: parseRtmpUrl('rtmp://host/live/cam'),
    name: 'cam?k=1',
    chunkSize: 4096,
  });
  const result = (transaction: number, value: null | number): Buffer => writeAmf0('_result', transaction, null, value);
  const status = (level: string, code: string): Buffer =>
    writeAmf0('onStatus', 0, null, { level, code, description: 'words' });
  const names = (bytes: Buffer): string[] =>
    bytes.toString('latin1').match(/(?:connect|releaseStream|FCPublish|createStream|publish|play)(?=\0)/g) ?? [];

  it('publishes', () => {
    const n = new Negotiation(wish('publish'));
    expect(names(n.start())).toEqual(['connect']);
    const create = n.message(20, result(1, null));
    expect(create.kind === 'send' && names(create.bytes)).toEqual(['releaseStream', 'FCPublish', 'createStream']);
    expect(n.message(20, result(2, null)).kind).toBe('nothing');
    expect(
      n.message(20, writeAmf0('_error', 3, null, { level: 'error', code: 'NetConnection.Call.Failed' })).kind,
    ).toBe('nothing');
    const publish = n.message(20, result(4, 7));
    expect(publish.kind === 'send' && names(publish.bytes)).toEqual(['publish']);
    expect(n.message(20, status('status', 'NetStream.Publish.Start'))).toEqual({ kind: 'ready', messageStreamId: 7 });
  });

  it('plays on Play.Start, or on the first media when the server sends none', () => {
    const n = new Negotiation(wish('play'));
    n.start();
    n.message(20, result(1, null));
    expect(n.message(9, Buffer.alloc(5)).kind).toBe('nothing');
    const play = n.message(20, result(4, 1));
    expect(play.kind === 'send' && names(play.bytes)).toEqual(['play']);
    expect(n.message(20, status('status', 'NetStream.Play.Reset')).kind).toBe('nothing');
    expect(n.message(20, status('status', 'NetStream.Play.Start'))).toEqual({ kind: 'ready', messageStreamId: 1 });
    expect(n.message(9, Buffer.alloc(5))).toEqual({ kind: 'ready', messageStreamId: 1 });
  });

  it('tells the code of a refusal', () => {
    const n = new Negotiation(wish('play'));
    expect(
      n.message(20, writeAmf0('_error', 1, null, { level: 'error', code: 'NetConnection.Connect.Rejected' })),
    ).toEqual({
      kind: 'refused',
      code: 'NetConnection.Connect.Rejected',
    });
    expect(n.message(20, status('error', 'NetStream.Play.StreamNotFound'))).toEqual({
      kind: 'refused',
      code: 'NetStream.Play.StreamNotFound',
    });
  });

  it('answers a ping', () => {
    const step = new Negotiation(wish('play')).message(4, Buffer.from(pingRequest(1000).payload));
    expect(step.kind === 'send' && step.bytes.toString('hex')).toBe('0200000000000604000000000007000003e8');
  });

  it('survives commands that are cut short', () => {
    const n = new Negotiation(wish('play'));
    for (const whole of [result(1, null), result(4, 1), status('error', 'x')]) {
      for (let length = 0; length < whole.length; length++) n.message(20, whole.subarray(0, length));
    }
    expect(n.message(20, Buffer.alloc(0)).kind).toBe('nothing');
  });
});

describe('load options', () => {
  const settings = (o: Partial<LoadOptions>) =>
    loadSettings({ mode: 'play', url: 'rtmp://127.0.0.1/live/cam?key=1', ...o });

  it('keeps the name of a single publisher and numbers many, query last', () => {
    expect(streamNameOf(settings({ mode: 'publish' }), 0)).toBe('cam?key=1');
    const many = settings({ mode: 'publish', count: 3 });
    expect([0, 1, 2].map((i) => streamNameOf(many, i))).toEqual(['cam-1?key=1', 'cam-2?key=1', 'cam-3?key=1']);
  });

  it('spreads players over names only when asked to', () => {
    expect(streamNameOf(settings({ count: 9 }), 8)).toBe('cam?key=1');
    expect([0, 1, 2].map((i) => streamNameOf(settings({ count: 9, streams: 2 }), i))).toEqual([
      'cam-1?key=1',
      'cam-2?key=1',
      'cam-1?key=1',
    ]);
  });

  it('spreads over source addresses on loopback only', () => {
    const many = settings({ count: 12_000 });
    expect([0, 1, 2].map((i) => sourceOf(many, i))).toEqual(['127.0.0.2', '127.0.0.3', '127.0.0.2']);
    expect(sourceOf(settings({ count: 8000 }), 0)).toBeUndefined();
    expect(sourceOf(settings({ count: 12_000, url: 'rtmp://10.0.0.1/live/cam', sources: 5 }), 0)).toBeUndefined();
  });

  it.each([
    { count: 0 },
    { count: 1.5 },
    { count: Number.NaN },
    { seconds: 0 },
    { rate: 0 },
    { kbps: 10 },
    { chunkSize: 127 },
    { chunkSize: 0x1000000 },
    { sources: 251 },
  ])('refuses %o', (bad) => {
    expect(() => settings(bad)).toThrow(expect.objectContaining({ code: 'ERR_LOAD_OPTION' }));
  });
});

describe('the tally', () => {
  it('counts a window, and who is stalled for two reports on end', () => {
    const tally = new Tally(3);
    tally.ready.fill(1);
    tally.bytes.set([100, 100, 0]);
    tally.second(() => false);
    tally.beginWindow();
    tally.bytes.set([300, 150, 0]);
    expect(tally.second(() => false)).toEqual({ bytes: 250, stalled: 0 });
    tally.bytes[0] = 400;
    expect(tally.second(() => false)).toEqual({ bytes: 100, stalled: 1 });
    expect(tally.second((index) => index === 0)).toEqual({ bytes: 0, stalled: 2 });
    expect(tally.window()).toEqual({ bytes: 350, min: 0, median: 50, max: 300 });
    expect([...tally.stalledEver]).toEqual([0, 1, 1]);
  });

  it('takes no delay from frames sent before the window', () => {
    const tally = new Tally(1);
    const early = process.hrtime.bigint();
    tally.stamp(early);
    tally.beginWindow();
    tally.stamp(early);
    expect(tally.delay).toBeUndefined();
    tally.stamp(process.hrtime.bigint());
    expect(tally.delay?.samples).toBe(1);
  });
});
