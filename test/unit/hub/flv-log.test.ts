import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readFlvStrictly } from '../../support/flv.js';
import { CHUNK_SIZE, type Kind, type Message, message } from '../../support/hub/media.js';
import { PublicationHarness, words } from '../../support/hub/publication-harness.js';
import type { RecordingSink } from '../../support/hub/sinks.js';

const V = (n: number) => message('videoHeader', n);
const H = (n: number) => message('audioHeader', n);
const K = (n: number, bytes = 200) => message('key', n, bytes);
const I = (n: number, bytes = 200) => message('inter', n, bytes);
const A = (n: number, bytes = 100) => message('audio', n, bytes);

const AUDIO_ONLY = 4;
const VIDEO_ONLY = 1;
const BOTH = 5;
/** Where the flags of the file header are. */
const FLAGS_AT = 4;

/** A message of `bytes` bytes, however few. */
function sized(kind: Kind, number: number, bytes: number, timestamp: number): Message {
  return {
    ...message(kind, number, bytes, timestamp),
    payload: message(kind, number, bytes).payload.subarray(0, bytes),
  };
}

/** What a player got, without what a file has of its own. */
function content(sink: RecordingSink): object[] {
  return sink.messages().map(({ type, timestamp, payload }) => ({ type, timestamp, payload: payload.toString('hex') }));
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the tags of a stream', () => {
  const around = [0, 1, 2, 15, 16];
  const sizes = [1, 2, 3].flatMap((chunks) =>
    around.flatMap((n) => [chunks * CHUNK_SIZE - n, chunks * CHUNK_SIZE + n]),
  );

  it('hold what players of RTMP get, for each size around that of a chunk', () => {
    const harness = new PublicationHarness();
    const [rtmp, flv] = [harness.join(), harness.joinFlv()];
    harness.play(V(0), H(1), K(2));
    for (const [at, bytes] of [0, 1, 2, 5, 511, 512, 513, ...sizes].entries()) {
      harness.play(sized('audio', at, bytes, 100 + at), sized('inter', at, Math.max(5, bytes), 100 + at));
    }
    expect(content(flv)).toEqual(content(rtmp));
    expect(flv.messages().length).toBeGreaterThan(2 * sizes.length);
  });

  it.each([0, 1, 0xff_ff_fe, 0xff_ff_ff, 0x1_00_00_00, 0x7f_ff_ff_ff, 0x80_00_00_00, 2 ** 32 - 1])(
    'have the time %d',
    (timestamp) => {
      const harness = new PublicationHarness({ gopMaxMs: 2 ** 32 });
      const [rtmp, flv] = [harness.join(), harness.joinFlv()];
      harness.play(V(0), H(1), K(2));
      harness.play(sized('inter', 3, 3 * CHUNK_SIZE + 1, timestamp));
      const late = harness.joinFlv();
      harness.turn();
      expect(content(flv)).toEqual(content(rtmp));
      expect(flv.messages().at(-1)).toMatchObject({ timestamp });
      expect(late.messages().at(-1)).toMatchObject({ timestamp });
    },
  );

  it('hold data of both encodings, as tags 18 and 15', () => {
    const harness = new PublicationHarness();
    const [rtmp, flv] = [harness.join(), harness.joinFlv()];
    harness.play(V(0), H(1), K(2));
    harness.publication.appendData(Buffer.from('02000161', 'hex'), 50, undefined, Date.now());
    harness.publication.appendData(Buffer.from('0002000161', 'hex'), 60, undefined, Date.now(), 15);
    harness.turn();
    expect(content(flv)).toEqual(content(rtmp));
    expect(flv.messages().map(({ type }) => type)).toEqual([9, 8, 9, 18, 15]);
  });

  it('are made once for all, in the very same memory', () => {
    const harness = new PublicationHarness();
    const sinks = [harness.joinFlv(), harness.joinFlv()];
    const given = sinks.map((sink) => vi.spyOn(sink, 'write'));
    harness.play(V(0), H(1), K(2));
    harness.play(I(3), A(4));
    const [first, second] = given.map(({ mock }) => mock.calls.map(([bytes]) => bytes));
    expect(first).toHaveLength(3);
    for (const [at, bytes] of first.entries()) expect(second[at]).toBe(bytes);
  });

  it('cost nothing before the first that reads them and after the last', () => {
    const harness = new PublicationHarness();
    harness.join();
    harness.play(V(0), H(1), K(2), A(3));
    expect(harness.publication.flv.heldBytes).toBe(0);
    const sinks = [harness.joinFlv(), harness.joinFlv()];
    harness.turn();
    expect(harness.publication.heldBytes).toBeGreaterThan(harness.publication.log.heldBytes + 300);
    harness.leave(sinks[0]);
    expect(harness.publication.flv.heldBytes).toBeGreaterThan(300);
    harness.leave(sinks[1]);
    expect(harness.publication.flv.heldBytes).toBe(0);
  });

  it('are let go of with the GOP', () => {
    const harness = new PublicationHarness();
    harness.joinFlv();
    harness.play(V(0), H(1), K(2));
    for (let n = 3; n < 60; n++) harness.play(n % 10 === 0 ? K(n, 20_000) : I(n, 20_000));
    expect(harness.publication.flv.heldBytes).toBeLessThan(700_000);
  });
});

describe('a player of FLV', () => {
  it('that joins late gets the file header, headers at the time of the first frame, the GOP, and what is live', () => {
    const harness = new PublicationHarness();
    harness.play(V(1), H(2), K(3), A(4), I(5));
    harness.play(K(6), A(7));
    harness.play(I(8));
    const sink = harness.joinFlv();
    harness.turn();
    harness.play(A(9));
    expect(words(sink)).toBe('H2 V1 K6 A7 I8 A9');
    expect(sink.messages().map(({ timestamp }) => timestamp)).toEqual([120, 120, 120, 140, 160, 180]);
    expect(readFlvStrictly(sink.writes[0])).toHaveLength(2);
  });

  it.each([
    ['both kinds', [V(1), H(2), K(3), A(4)], BOTH],
    ['audio only', [H(1), A(2)], AUDIO_ONLY],
    ['video only', [V(1), K(2)], VIDEO_ONLY],
  ])('is promised what the stream has, and gets nothing until that is known: %s', (_what, messages, flags) => {
    const harness = new PublicationHarness({ readyTimeoutMs: 2000 });
    const sink = harness.joinFlv();
    harness.play(messages[0]);
    expect(sink.bytes).toHaveLength(0);
    harness.play(...messages.slice(1));
    vi.advanceTimersByTime(2000);
    harness.publication.tick(Date.now());
    harness.turn();
    expect(sink.bytes[FLAGS_AT]).toBe(flags);
    expect(sink.messages()).toHaveLength(messages.length);
  });

  it('gets the file header, and what there is, when a stream never shows what it is', () => {
    const harness = new PublicationHarness({ readyTimeoutMs: 2000 });
    const sink = harness.joinFlv();
    harness.publication.appendData(Buffer.from('02000161', 'hex'), 0, undefined, Date.now());
    vi.advanceTimersByTime(1999);
    harness.publication.tick(Date.now());
    harness.turn(0);
    expect(sink.bytes).toHaveLength(0);
    vi.advanceTimersByTime(1);
    harness.publication.tick(Date.now());
    harness.turn();
    expect(sink.bytes[FLAGS_AT]).toBe(0);
    expect(words(sink)).toBe('D');
  });

  it('in the middle of a GOP that is not cached hears audio at once and sees video from the next keyframe', () => {
    const harness = new PublicationHarness({ gopMaxMessages: 3 });
    harness.play(V(1), H(2), K(3), I(4), I(5), I(6));
    const sink = harness.joinFlv();
    harness.play(A(7), I(8));
    harness.send(A(9), K(10), I(11));
    harness.turn();
    expect(words(sink)).toBe('H2 V1 A7 A9 K10 I11');
  });

  it('that is too slow skips to the next keyframe and gets a header that changed meanwhile', () => {
    const harness = new PublicationHarness({ maxLagBytes: 10_000 });
    const sink = harness.joinFlv('slow');
    harness.play(V(1), H(2), K(3));
    sink.drain();
    for (let n = 4; n < 10; n++) harness.play(I(n, 4000));
    harness.play(V(10), K(11), I(12));
    while (sink.drain()) harness.turn();
    expect(words(sink)).toBe('V1 H2 K3 I4 H2 V10 K11 I12');
    expect(sink.player!.skips).toBe(1);
  });

  it('that skipped goes on when tags were made of nothing in between', () => {
    const harness = new PublicationHarness({ maxLagBytes: 10_000, gopMaxMessages: 4 });
    const sink = harness.joinFlv('slow');
    harness.play(V(1), H(2), K(3));
    sink.drain();
    for (let n = 4; n < 60; n++) harness.play(I(n, 20_000));
    while (sink.drain()) harness.turn();
    harness.play(K(60), I(61));
    while (sink.drain()) harness.turn();
    expect(words(sink)).toBe('V1 H2 K3 I4 H2 V1 K60 I61');
    expect(harness.publication.flv.heldBytes).toBeLessThan(200_000);
  });

  it('keeps only its own tags when it is behind, and not the messages of which they were made', () => {
    const harness = new PublicationHarness({ maxLagBytes: 1_000_000 });
    const [fast, slow] = [harness.joinFlv(), harness.joinFlv('slow')];
    harness.play(V(1), H(2), K(3));
    for (let n = 4; n < 44; n++) harness.play(n % 4 === 0 ? K(n, 20_000) : I(n, 20_000));
    expect(fast.messages()).toHaveLength(43);
    expect(harness.publication.flv.heldBytes).toBeGreaterThan(700_000);
    expect(harness.publication.log.heldBytes).toBeLessThan(400_000);
    while (slow.drain()) harness.turn();
    expect(words(slow)).toBe(words(fast));
  });

  it('is not sent the file header again when its publisher is back', () => {
    const harness = new PublicationHarness();
    const other = new PublicationHarness();
    const sink = harness.joinFlv();
    harness.play(V(1), H(2), K(3));
    sink.player!.attach(other.publication);
    harness.leave(sink);
    other.audience.add(sink.player!);
    sink.player!.attach(other.publication);
    other.play(V(4), H(5), K(6));
    expect(words(sink)).toBe('V1 H2 K3 V4 H5 K6');
    expect(harness.publication.flv.heldBytes).toBe(0);
  });
});
