import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/core/errors.js';
import type { PlayedTotals, RecordedRequest, RecordedSink } from '../../../src/doors/recorded-player.js';
import { indexFlv } from '../../../src/flv/flv-index.js';
import { flvHeader, flvTag } from '../../../src/flv/flv-writer.js';
import { FlvSource } from '../../../src/vod/flv-source.js';
import type { OpenFile } from '../../../src/vod/media-files.js';
import { Pacer } from '../../../src/vod/pacer.js';
import { RecordedPlay } from '../../../src/vod/recorded-play.js';
import { WindowBuffers } from '../../../src/vod/window-buffers.js';
import { readerOf } from '../../support/mp4.js';

const KEY = Buffer.from('170100000077', 'hex');
const INTER = Buffer.from('270100000078', 'hex');
const SOUND = Buffer.from('af0133', 'hex');
const AVC_HEADER = Buffer.from('170000000001', 'hex');

/** Ten seconds: a frame every 100 ms, a keyframe every second, a sound with every frame. */
const TEN_SECONDS = Buffer.concat([
  flvHeader({ audio: true, video: true }),
  flvTag(9, 0, AVC_HEADER),
  ...Array.from({ length: 100 }, (_, i) =>
    Buffer.concat([flvTag(9, i * 100, i % 10 === 0 ? KEY : INTER), flvTag(8, i * 100, SOUND)]),
  ),
]);

/** A play with a sink that records, on a clock that the test moves. */
class Stage {
  nowMs = 5000;
  takes = true;
  held = 0;
  releases = 0;
  readonly sent: { type: number; ms: number }[] = [];
  completed: PlayedTotals | undefined;
  failure: unknown;
  readonly pacer = new Pacer(() => this.nowMs);
  readonly sink: { -readonly [Member in keyof RecordedSink]: RecordedSink[Member] };
  readonly play: RecordedPlay;

  constructor(request: Partial<RecordedRequest>, file: Promise<OpenFile>) {
    this.sink = {
      clogged: false,
      write: (bytes: Buffer): boolean => {
        this.sent.push(...messagesOf(bytes));
        return this.takes;
      },
      complete: (totals: PlayedTotals) => {
        this.completed = totals;
      },
      failed: (error: unknown) => {
        this.failure = error;
      },
    };
    const parts = {
      pacer: this.pacer,
      buffers: new WindowBuffers(),
      nowMs: () => this.nowMs,
      maxBufferMs: () => 60_000,
      held: (bytes: number) => {
        this.held += bytes;
      },
    };
    const whole = { id: 'p', file: 'a.flv', startMs: -2, durationMs: -1, messageStreamId: 1, chunkSize: 4096 };
    this.play = new RecordedPlay({ ...whole, ...request }, this.sink, parts, file);
  }

  static async of(request: Partial<RecordedRequest> = {}): Promise<Stage> {
    const index = await indexFlv(readerOf(TEN_SECONDS).read, TEN_SECONDS.length);
    const source = new FlvSource(index, (at, bytes) => TEN_SECONDS.subarray(at, at + bytes));
    const stage: Stage = new Stage(
      request,
      Promise.resolve({ path: 'a.flv', source, release: () => void stage.releases++ }),
    );
    await stage.pass(0);
    return stage;
  }

  /** Lets time go by in steps of the pacer. */
  async pass(ms: number): Promise<void> {
    for (let done = 0; ; done += 100) {
      this.pacer.tick();
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (done >= ms) return;
      this.nowMs += 100;
    }
  }

  get lastMs(): number {
    return this.sent.at(-1)!.ms;
  }
}

/** Types and timestamps of framed messages that are shorter than a chunk. */
function messagesOf(bytes: Buffer): { type: number; ms: number }[] {
  const messages: { type: number; ms: number }[] = [];
  for (let at = 0; at < bytes.length; at += 12 + bytes.readUIntBE(at + 4, 3))
    messages.push({ type: bytes[at + 7]!, ms: bytes.readUIntBE(at + 1, 3) });
  return messages;
}

describe('the pace of a recorded stream', () => {
  it('sends metadata, then as much as the client has in advance, then as fast as it plays', async () => {
    const stage = await Stage.of();
    expect(stage.sent[0]).toEqual({ type: 18, ms: 0 });
    expect(stage.lastMs).toBe(3000);
    await stage.pass(2000);
    expect(stage.lastMs).toBeGreaterThanOrEqual(4200);
    expect(stage.lastMs).toBeLessThanOrEqual(5000);
  });

  it('waits for some media, so that a write holds more than one frame', async () => {
    const stage = await Stage.of();
    const before = stage.sent.length;
    await stage.pass(700);
    expect(stage.sent.length).toBe(before);
    await stage.pass(200);
    expect(stage.sent.length).toBeGreaterThan(before + 10);
  });

  it('gives a client what it asks for in advance, within the bound, and a second at least', async () => {
    const much = await Stage.of();
    much.play.setBuffer(36_000_000);
    await much.pass(0);
    expect(much.lastMs).toBe(9900);
    const little = await Stage.of();
    little.play.setBuffer(0);
    await little.pass(3000);
    expect(little.lastMs).toBeLessThanOrEqual(4000);
    expect(little.lastMs).toBeGreaterThanOrEqual(3700);
  });

  it('is complete when the client has played the last frame, so that it may seek until then', async () => {
    const stage = await Stage.of();
    await stage.pass(8000);
    expect(stage.lastMs).toBe(9900);
    expect(stage.completed).toBeUndefined();
    await stage.pass(2000);
    expect(stage.completed).toEqual({ durationMs: 9900, bytes: stage.play.bytesSent });
    expect(stage.releases).toBe(1);
    expect(stage.pacer.size).toBe(0);
  });

  it('is complete at once for a client that fetches all of it', async () => {
    const stage = await Stage.of();
    stage.play.setBuffer(36_000_000);
    await stage.pass(0);
    expect(stage.completed?.durationMs).toBe(9900);
  });

  it('sends nothing while it is paused, and goes on where it was without catching up', async () => {
    const stage = await Stage.of();
    stage.play.setPaused(true);
    await stage.pass(20_000);
    expect(stage.lastMs).toBe(3000);
    stage.play.setPaused(false);
    await stage.pass(0);
    expect(stage.lastMs).toBe(3000);
    await stage.pass(1000);
    expect(stage.lastMs).toBeLessThanOrEqual(4000);
    expect(stage.lastMs).toBeGreaterThanOrEqual(3200);
  });

  it('waits for a client that is slow, with one window of memory', async () => {
    const stage = await Stage.of();
    stage.takes = false;
    await stage.pass(1000);
    expect(stage.held).toBeGreaterThan(0);
    const { length } = stage.sent;
    await stage.pass(5000);
    expect(stage.sent.length).toBe(length);
    stage.takes = true;
    stage.play.drained();
    expect(stage.held).toBe(0);
    await stage.pass(0);
    expect(stage.sent.length).toBeGreaterThan(length);
  });

  it('writes nothing to a connection that has too much to send, until some of it has gone', async () => {
    const stage = await Stage.of();
    const { length } = stage.sent;
    stage.sink.clogged = true;
    await stage.pass(2000);
    expect(stage.sent.length).toBe(length);
    stage.sink.clogged = false;
    stage.play.unclogged();
    await stage.pass(0);
    expect(stage.sent.length).toBeGreaterThan(length);
  });
});

describe('a place in a recorded stream', () => {
  it('seeks to the last keyframe at or before a time, with the decoder configuration in front', async () => {
    const stage = await Stage.of();
    stage.sent.length = 0;
    stage.play.seek(7450);
    await stage.pass(0);
    expect(stage.sent.slice(0, 3)).toEqual([
      { type: 9, ms: 7000 },
      { type: 9, ms: 7000 },
      { type: 8, ms: 7000 },
    ]);
  });

  it('seeks while it is paused, and plays from there once it is not', async () => {
    const stage = await Stage.of();
    stage.play.setPaused(true);
    stage.play.seek(5000);
    stage.sent.length = 0;
    await stage.pass(1000);
    expect(stage.sent).toEqual([]);
    stage.play.setPaused(false);
    await stage.pass(0);
    expect(stage.sent[0]).toEqual({ type: 9, ms: 5000 });
  });

  it('begins at a start, with times that count from it, and ends after a duration', async () => {
    const stage = await Stage.of({ startMs: 4500, durationMs: 1000 });
    stage.play.setBuffer(36_000_000);
    await stage.pass(0);
    // Metadata, the configuration, and the frames from the keyframe at 4000 on, which come at time 0.
    expect(stage.sent.slice(0, 4).map(({ ms }) => ms)).toEqual([0, 0, 0, 0]);
    expect(stage.lastMs).toBe(1000);
    expect(stage.completed?.durationMs).toBe(1000);
  });

  it('leaves a kind out and includes it again', async () => {
    const stage = await Stage.of();
    stage.sent.length = 0;
    stage.play.setReceive({ audio: false });
    await stage.pass(1000);
    expect(new Set(stage.sent.map(({ type }) => type))).toEqual(new Set([9]));
    stage.play.setReceive({ audio: true });
    await stage.pass(1000);
    expect(stage.sent.some(({ type }) => type === 8)).toBe(true);
  });

  it('is told to its client when the file cannot be opened, and closed once', async () => {
    const error = new SluiceError('ERR_VOD_FILE');
    const stage = new Stage({}, Promise.reject(error));
    await stage.pass(0);
    expect(stage.failure).toBe(error);
    stage.play.close();
    expect(stage.pacer.size).toBe(0);
  });

  it('releases a file that is opened after the play has ended', async () => {
    const stage = await Stage.of();
    stage.play.close();
    stage.play.close();
    expect(stage.releases).toBe(1);
    await stage.pass(1000);
    expect(stage.failure).toBeUndefined();
  });
});
