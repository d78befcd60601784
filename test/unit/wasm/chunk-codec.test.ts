import { describe, expect, it } from 'vitest';
import * as C from '../../../assembly/constants.js';
import { SluiceError } from '../../../src/core/errors.js';
import { ChunkCodec, Status } from '../../../src/wasm/chunk-codec.js';
import { inWords, readWithCodec, readWithReference, split } from '../../reference/drive.js';
import { declared, message, pattern, setChunkSize } from '../../support/wasm/wire.js';

function give(codec: ChunkCodec, bytes: Buffer): number {
  codec.input.set(bytes);
  return codec.next(0, bytes.length);
}

describe('ChunkCodec', () => {
  it('goes on behind bytes that were for the handshake', () => {
    const codec = new ChunkCodec();
    const bytes = message({ type: 8, payload: pattern(5) });
    codec.input.fill(0xee, 0, 1536);
    codec.input.set(bytes.subarray(0, 9), 1536);
    expect(codec.next(1536, 1545)).toBe(Status.NeedInput);
    codec.input.set(bytes.subarray(9), 40);
    expect(codec.next(40, 40 + bytes.length - 9)).toBe(Status.NeedInput);
    expect(codec.batchCount).toBe(1);
    expect(codec.bytesIn).toBe(bytes.length);
  });

  it('keeps unread input while a decision is awaited, and refuses to lose it', () => {
    const codec = new ChunkCodec();
    const bytes = Buffer.concat([
      message({ type: 20, csid: 3, payload: pattern(9) }),
      message({ type: 8, payload: pattern(5) }),
    ]);
    expect(give(codec, bytes)).toBe(Status.Message);
    expect(codec.hasUnread).toBe(true);
    expect(codec.next(0, 4)).toBe(C.ERR_CHUNK_INPUT_PENDING);
    expect(Buffer.from(codec.message.payload)).toEqual(pattern(9));
    expect(codec.next(0, 0)).toBe(Status.NeedInput);
    expect(codec.batchCount).toBe(1);
    expect(codec.hasUnread).toBe(false);
  });

  it('refuses a range outside its input', () => {
    expect(new ChunkCodec().next(0, C.INPUT_BYTES + 1)).toBe(C.ERR_CHUNK_INPUT_RANGE);
  });

  it('moves to a larger memory in the middle of messages without losing a byte', () => {
    const video = pattern(200_000, 3);
    const wire = Buffer.concat([
      message({ type: 20, csid: 3, payload: pattern(700) }),
      setChunkSize(4096),
      message({ type: 9, csid: 6, payload: video, chunkSize: 4096 }),
    ]);
    const codec = new ChunkCodec();
    const audio = message({ type: 8, csid: 5, payload: pattern(300, 9) }).subarray(0, 150);
    expect(give(codec, Buffer.concat([audio.subarray(0, 140), wire.subarray(0, 30_000)]))).toBe(Status.Message);
    const { message: borrowed } = codec;
    const before = codec.memory.buffer.byteLength;
    codec.setPublishing(true);
    expect(codec.memory.buffer.byteLength).toBeGreaterThan(before);
    expect(Buffer.from(borrowed.payload)).toEqual(pattern(700));
    expect(codec.next(0, 0)).toBe(Status.NeedInput);
    const { messages } = readWithCodec(codec, [wire.subarray(30_000)]);
    expect(messages.map((m) => m.payload.equals(video))).toEqual([true]);
    expect(codec.partialMessages).toBe(1);
  });

  it('holds a publisher to the limit before publish again when it stops publishing', () => {
    const codec = new ChunkCodec();
    codec.setPublishing(true);
    codec.setPublishing(false);
    expect(give(codec, declared(9, 65537))).toBe(C.ERR_CHUNK_MEDIA_TOO_LONG);
  });

  it('reads the longest message of a publisher and gives all blocks back', () => {
    const codec = new ChunkCodec();
    codec.setPublishing(true);
    const payload = pattern(8 * 1024 * 1024);
    const { messages, error } = readWithCodec(
      codec,
      split(Buffer.concat([setChunkSize(65536), message({ type: 9, payload, chunkSize: 65536 })]), 60_001),
    );
    expect(error).toBe(0);
    expect(messages.map((m) => m.payload.equals(payload))).toEqual([true]);
    codec.next(0, 0);
    expect(codec.blocksLive).toBe(0);
  });

  it('holds as many unfinished bytes before publish as its small memory is made for, and refuses one more message', () => {
    const limits = { outChunkSize: 128 };
    const interleaved = (count: number): Buffer => {
      const parts = Array.from({ length: count }, (_, i) =>
        message({ type: 9, csid: 10 + i, payload: pattern(43_000, i), chunkSize: 40_000 }),
      );
      const begun = parts.map((p) => p.subarray(0, 12 + 40_000));
      return Buffer.concat([setChunkSize(40_000), ...begun, ...parts.map((p) => p.subarray(12 + 40_000))]);
    };
    for (const [count, whole] of [
      [3, 3],
      [4, 0],
    ]) {
      const wire = interleaved(count);
      const result = readWithCodec(new ChunkCodec({ limits }), [wire]);
      expect(result.messages.length).toBe(whole);
      expect(inWords(result)).toBe(inWords(readWithReference([wire], { limits })));
    }
  });

  it('leaves long runs of several chunks in the input, short ones beside them, and puts all in order', () => {
    const wire = Buffer.concat([
      setChunkSize(10_000),
      ...[25_000, 10_000, 100, 20_000, 9000].flatMap((length, i) => [
        message({ type: 9, csid: 6, timestamp: i * 40, payload: pattern(length, i), chunkSize: 10_000 }),
        message({ type: 8, csid: 4, timestamp: i * 40, payload: pattern(50, i) }),
      ]),
    ]);
    for (const flavour of ['release', 'debug'] as const) {
      for (const size of [65_536, 30_000, 12_345, 1448]) {
        const result = readWithCodec(new ChunkCodec({ flavour }), split(wire, size));
        expect(result.messages.length).toBe(10);
        expect(inWords(result)).toBe(inWords(readWithReference([wire])));
      }
    }
  });

  it('shows no batch twice when it refuses a call of the host', () => {
    const codec = new ChunkCodec();
    give(
      codec,
      Buffer.concat([
        message({ type: 8, payload: pattern(5) }),
        message({ type: 20, csid: 3, payload: pattern(9) }),
        Buffer.from([4]),
      ]),
    );
    expect(codec.batchCount).toBe(1);
    expect(codec.next(0, 4)).toBe(C.ERR_CHUNK_INPUT_PENDING);
    expect(codec.batchCount).toBe(0);
  });

  it('keeps memory for bytes that came, not for bytes that were announced', () => {
    const codec = new ChunkCodec();
    codec.setPublishing(true);
    const wire = Buffer.concat(Array.from({ length: 8 }, (_, i) => declared(9, 8 * 1024 * 1024, 10 + i)));
    expect(codec.limits.partialMessages).toBe(8);
    // Only the first header can come without its chunk: the others are read as its payload.
    expect(give(codec, wire)).toBe(Status.NeedInput);
    expect(codec.blocksLive).toBe(1);
    expect(codec.partialMessages).toBe(1);
  });

  it('hands out more than 512 messages of one read in several batches', () => {
    const codec = new ChunkCodec();
    const wire = Buffer.concat([
      message({ type: 8, payload: pattern(1) }),
      ...Array.from({ length: 1499 }, () => Buffer.from([0xc4, 0x2f])),
    ]);
    const statuses = [give(codec, wire)];
    const counts = [codec.batchCount];
    while (statuses.at(-1) === Status.More) {
      statuses.push(codec.next(0, 0));
      counts.push(codec.batchCount);
    }
    expect(counts).toEqual([512, 512, 476]);
    expect(statuses).toEqual([Status.More, Status.More, Status.NeedInput]);
  });

  it('gives the next media message the timestamp of a resumed stream and moves the later ones with it', () => {
    const codec = new ChunkCodec();
    codec.beginTimeline(1, 2 ** 32 + 5000);
    const wire = Buffer.concat([
      message({ type: 8, timestamp: 70, payload: pattern(3) }),
      message({ type: 8, timestamp: 93, payload: pattern(3) }),
      message({ type: 9, csid: 6, timestamp: 60, payload: pattern(300) }),
    ]);
    const { messages } = readWithCodec(codec, split(wire, 50));
    expect(messages.map((m) => m.timestamp - 2 ** 32)).toEqual([5000, 5023, 5000]);
    expect(messages.map((m) => m.framed!.readUIntBE(1, 3))).toEqual([5000, 5023, 5000]);
  });

  it('tells with each batch the greatest timestamp of any frame of the publish, which no header moves', () => {
    const codec = new ChunkCodec();
    codec.beginTimeline(1);
    const newest = (wire: Buffer): number => {
      give(codec, wire);
      return codec.header[C.BATCH_NEWEST_TS] + codec.header[C.BATCH_NEWEST_TS + 1] * 2 ** 32;
    };
    const audio = (timestamp: number): Buffer => message({ type: 8, timestamp, payload: Buffer.from('af0121', 'hex') });
    const video = (timestamp: number, hex: string): Buffer =>
      message({ type: 9, csid: 6, timestamp, payload: Buffer.from(hex, 'hex') });
    expect(newest(video(70, '1700000000'))).toBe(0);
    expect(newest(Buffer.concat([audio(4000), video(40, '2701000000')]))).toBe(4000);
    expect(newest(video(9000, '1700000000'))).toBe(4000);
    expect(newest(video(80, '2701000000'))).toBe(4000);
    expect(newest(video(4100, '2701000000'))).toBe(4100);
  });

  it('reads the AMF0 values of commands, and those of type 17 behind their leading byte', () => {
    const values = Buffer.from('0200046c697665004014000000000000 05'.replace(' ', ''), 'hex');
    const codec = new ChunkCodec();
    give(
      codec,
      Buffer.concat([
        message({ type: 20, payload: values }),
        message({ type: 17, payload: Buffer.concat([Buffer.from([0]), values]) }),
      ]),
    );
    expect(codec.readAmf0()).toEqual(['live', 5, null]);
    codec.next(0, 0);
    expect(codec.message.readAmf0()).toEqual(['live', 5, null]);
  });

  it('answers a trap of the module with an error, and is not used again', () => {
    const codec = new ChunkCodec();
    expect(() => codec.exports.trap()).toThrow(WebAssembly.RuntimeError);
    // The stash length is trusted: this is what a defect of ours would look like.
    codec.header[C.STASH_LENGTH] = 0x7fffffff;
    expect(give(codec, message({ type: 8, payload: pattern(5) }))).toBe(C.ERR_WASM_TRAP);
    expect(codec.reusable).toBe(false);
    expect(codec.batchCount).toBe(0);
    expect(give(codec, message({ type: 8, payload: pattern(5) }))).toBe(C.ERR_WASM_TRAP);
    const error = codec.error(C.ERR_WASM_TRAP);
    expect(error).toBeInstanceOf(SluiceError);
    expect(error.cause).toBeInstanceOf(WebAssembly.RuntimeError);
  });

  it('costs other codecs nothing when one traps', () => {
    const broken = new ChunkCodec();
    const whole = new ChunkCodec();
    broken.header[C.STASH_LENGTH] = 0x7fffffff;
    give(broken, message({ type: 8, payload: pattern(5) }));
    expect(give(whole, message({ type: 8, payload: pattern(5) }))).toBe(Status.NeedInput);
    expect(whole.batchCount).toBe(1);
  });
});
