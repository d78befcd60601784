import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { copyTags, type MediaTag, newTagCodec } from '../../../src/client/media-reader.js';
import { openFlvSink } from '../../../src/flv/flv-file.js';
import { encodeHead, encodeLoop } from '../../../src/load/encoded-loop.js';
import { fileLoop } from '../../../src/load/file-loop.js';
import { runLoad } from '../../../src/load/index.js';
import { type MediaLoop, syntheticLoop } from '../../../src/load/synthetic.js';
import { Expectation, newVerifyCounts, Verifier } from '../../../src/load/verifier.js';
import { trackFactsFromConfig } from '../../../src/media/track-facts.js';
import { ChunkWriter } from '../../../src/protocol/messages/chunk-writer.js';
import { setChunkSize } from '../../../src/protocol/messages/control.js';
import { Status } from '../../../src/wasm/chunk-codec.js';
import { FakeServer } from '../../support/client/fake-server.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-load-'));
afterAll(() => rmSync(folder, { recursive: true }));
let server: FakeServer | undefined;
afterEach(() => server?.stop());

const announce = (chunkSize: number): Buffer => new ChunkWriter().write(setChunkSize(chunkSize));

/** Reads chunk stream bytes as a player would. */
function decode(bytes: Buffer, step = 65_536): MediaTag[] {
  const codec = newTagCodec();
  const tags: MediaTag[] = [];
  for (let at = 0; at < bytes.length; at += step) {
    const size = bytes.copy(codec.input, 0, at, at + step);
    for (let status = codec.next(0, size); ; status = codec.next(0, 0)) {
      copyTags(codec, (tag) => tags.push(tag));
      if (status < 0) throw codec.error(status);
      if (status === Status.NeedInput) break;
    }
  }
  return tags;
}

function verify(bytes: Buffer, loop: MediaLoop, step = 65_536): ReturnType<typeof newVerifyCounts> {
  const counts = newVerifyCounts();
  const verifier = new Verifier({ expected: new Expectation(loop), counts, onBytes: () => {}, onStamp: () => {} });
  for (let at = 0; at < bytes.length; at += step) {
    const size = bytes.copy(verifier.buffer, 0, at, at + step);
    verifier.bytes(verifier.buffer, 0, size);
  }
  return counts;
}

describe('the synthetic stream', () => {
  const loop = syntheticLoop();

  it('is 720p at 30 frames per second with stereo AAC, by its own headers', () => {
    const [video, audio] = loop.headers;
    expect(trackFactsFromConfig('video', video!.payload)).toEqual([
      { id: 0, kind: 'video', codec: 'avc1.42c01f', width: 1280, height: 720, fps: 30 },
    ]);
    expect(trackFactsFromConfig('audio', audio!.payload)).toEqual([
      { id: 0, kind: 'audio', codec: 'mp4a.40.2', sampleRate: 44100, channels: 2 },
    ]);
  });

  it.each([500, 2680, 20_000])('has the bit rate it was asked for: %i kbit/s', (kbps) => {
    const bytes = syntheticLoop(kbps).messages.reduce((sum, message) => sum + message.payload.length, 0);
    expect(Math.abs((bytes * 8) / 2000 / kbps - 1)).toBeLessThan(0.02);
  });

  it('is the same bytes each time it is made, and its timestamps never fall', () => {
    // Text is compared at once, where two Buffers are compared byte by byte.
    const written = ({ messages }: typeof loop) =>
      messages.map(({ payload, ...head }) => [head, payload.toString('latin1')]);
    expect(written(syntheticLoop())).toEqual(written(loop));
    for (let i = 1; i < loop.messages.length; i++)
      expect(loop.messages[i]!.timestamp).toBeGreaterThanOrEqual(loop.messages[i - 1]!.timestamp);
  });
});

describe('the encoded loop', () => {
  const loop = syntheticLoop(500);

  it.each([128, 4096, 60_000, 0xffffff])(
    'reads back message by message with chunks of %i, turn after turn',
    (chunkSize) => {
      const encoded = encodeLoop(loop, chunkSize);
      const tags = decode(
        Buffer.concat([announce(chunkSize), encodeHead(loop, 1, chunkSize), encoded.bytes, encoded.bytes]),
      );
      expect(tags.slice(0, 2).map((tag) => tag.payload)).toEqual(loop.headers.map((header) => header.payload));
      const frames = tags.slice(2);
      expect(frames).toHaveLength(2 * loop.messages.length);
      const base = frames[0]!.timestamp - loop.messages[0]!.timestamp;
      for (const [i, tag] of frames.entries()) {
        const message = loop.messages[i % loop.messages.length]!;
        const turn = Math.floor(i / loop.messages.length);
        expect([tag.type, tag.timestamp]).toEqual([message.type, base + message.timestamp + turn * loop.durationMs]);
        expect(message.payload.equals(tag.payload)).toBe(true);
      }
    },
  );

  it('starts the chunk stream of a codec without sequence header', () => {
    const bare = { ...loop, headers: [], metadata: undefined };
    const tags = decode(Buffer.concat([announce(4096), encodeHead(bare, 1, 4096), encodeLoop(bare, 4096).bytes]));
    expect(tags).toHaveLength(2 + loop.messages.length);
  });
});

describe('the verifier', () => {
  const loop = syntheticLoop(500);
  const encoded = encodeLoop(loop, 4096);
  const head = Buffer.concat([announce(4096), encodeHead(loop, 1, 4096)]);
  const part = (first: number, end: number): Buffer =>
    encoded.bytes.subarray(encoded.offsets[first]!, encoded.offsets[end]!);
  const count = loop.messages.length;
  const video = loop.messages.findIndex((message, i) => i > 20 && message.type === 9);

  it('is content with what was published, however it is split', () => {
    const whole = Buffer.concat([head, encoded.bytes, encoded.bytes]);
    const expected = { audio: 2 * 86, video: 120, gaps: 0, disorders: 0, mismatches: 0 };
    for (const step of [65_536, 4099, 997]) expect(verify(whole, loop, step)).toEqual(expected);
  });

  it('sees a missing message', () => {
    expect(verify(Buffer.concat([head, part(0, video), part(video + 1, count)]), loop)).toMatchObject({
      gaps: 1,
      mismatches: 0,
    });
  });

  it('sees a changed byte', () => {
    const altered = Buffer.from(encoded.bytes);
    altered[encoded.offsets[video + 1]! - 1]! ^= 1;
    expect(verify(Buffer.concat([head, altered]), loop)).toMatchObject({ gaps: 0, mismatches: 1 });
  });

  it('sees time go back', () => {
    expect(verify(Buffer.concat([head, part(0, 40), encodeHead(loop, 1, 4096), part(0, 40)]), loop)).toMatchObject({
      disorders: 2,
    });
  });
});

describe('a loop from a file', () => {
  it('keeps headers apart, and time running', async () => {
    const path = join(folder, 'loop.flv');
    const sink = await openFlvSink(path);
    await sink.write({ type: 18, timestamp: 0, payload: Buffer.from('02000a6f6e4d65746144617461', 'hex') });
    await sink.write({ type: 9, timestamp: 500, payload: Buffer.from('170000000001', 'hex') });
    for (const timestamp of [500, 540, 580])
      await sink.write({ type: 9, timestamp, payload: Buffer.from('2701000000', 'hex') });
    await sink.close();
    const loop = await fileLoop(path);
    expect(loop.headers).toHaveLength(1);
    expect(loop.messages.map((message) => message.timestamp)).toEqual([0, 40, 80]);
    expect(loop.durationMs).toBe(120);
    await expect(fileLoop(join(folder, 'none.flv'))).rejects.toMatchObject({ code: 'ERR_FLV_FILE' });
  });

  it('refuses a file without frames', async () => {
    const path = join(folder, 'bare.flv');
    await (await openFlvSink(path)).close();
    await expect(fileLoop(path)).rejects.toMatchObject({ code: 'ERR_LOAD_FILE' });
  });
});

describe('a load run', () => {
  it('publishes many streams until told to stop', async () => {
    server = await FakeServer.start();
    const stop = new AbortController();
    const running = runLoad({
      mode: 'publish',
      url: server.url('live/cam?key=1'),
      count: 3,
      warmup: 0,
      signal: stop.signal,
    });
    await server.until(() => server!.got.filter((got) => got.type === 9).length > 20);
    stop.abort();
    const result = await running;
    expect(result).toMatchObject({ ready: 3, failed: 0, disconnects: 0, mode: 'publish' });
    expect(result.totalBytes).toBeGreaterThan(0);
    expect(JSON.stringify(result)).not.toContain('key=1');
    const names = server.actions.flatMap((action) => (action.kind === 'publishRequested' ? [action.name] : []));
    expect(names.sort()).toEqual(['cam-1', 'cam-2', 'cam-3']);
    await server.until(() => server!.actions.filter((action) => action.kind === 'publishStopped').length === 3);
  });

  it.each([{ verify: true }, { verify: false }, { delay: true }])('plays and counts: %o', async (mode) => {
    server = await FakeServer.start();
    const stop = new AbortController();
    const loop = syntheticLoop(500);
    const bytes = Buffer.concat([encodeHead(loop, 1, 1000), encodeLoop(loop, 1000).bytes]);
    const running = runLoad({
      mode: 'play',
      url: server.url('live/cam'),
      count: 2,
      kbps: 500,
      warmup: 0,
      signal: stop.signal,
      ...mode,
      onSteady: () => {
        for (const peer of server!.peers) peer.socket.write(bytes, () => server!.changed());
      },
      onSecond: (second) => {
        if (second.ready === 2 && second.bytes === 0) stop.abort();
      },
    });
    const result = await running;
    expect(result).toMatchObject({ ready: 2, failed: 0, disconnects: 0 });
    // The server's Set Chunk Size follows Play.Start: it counts when it comes in a read of its own, behind the one that
    // made the load steady.
    const sizes = [bytes.length, bytes.length + announce(1000).length];
    expect(sizes).toContain(result.perConnection?.min);
    expect(sizes).toContain(result.perConnection?.max);
    if (mode.verify === true)
      expect(result.verify).toEqual({ audio: 172, video: 120, gaps: 0, disorders: 0, mismatches: 0 });
    else expect(result.verify).toBeUndefined();
  });

  it('counts why connections failed', async () => {
    server = await FakeServer.start({ refuse: { code: 'NetStream.Play.StreamNotFound', description: 'no' } });
    const result = await runLoad({ mode: 'play', url: server.url('live/cam'), count: 2, seconds: 1 });
    expect(result).toMatchObject({ ready: 0, failed: 2, failures: { 'NetStream.Play.StreamNotFound': 2 } });
  });

  it('gives up on a server that says nothing', async () => {
    server = await FakeServer.start({ mute: true });
    const result = await runLoad({ mode: 'play', url: server.url('live/cam'), seconds: 1, timeoutMs: 20 });
    expect(result).toMatchObject({ ready: 0, failed: 1, failures: { timeout: 1 } });
  });
});
