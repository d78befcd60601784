import { describe, expect, it } from 'vitest';
import { STATUS_NEED_INPUT } from '../../../assembly/constants.js';
import { frameMessage, readFramed, readPayload, rewriteFramed } from '../../../src/hub/framing.js';
import { ChunkCodec } from '../../../src/wasm/chunk-codec.js';
import { chunks } from '../../support/rtmp-wire.js';

const TIMESTAMPS = [0, 1, 0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0xffffffff];

/** What the WASM writer makes of one media message. */
function framedByWasm(type: number, timestamp: number, payload: Buffer, chunkSize: number): Buffer {
  const codec = new ChunkCodec({ limits: { outChunkSize: chunkSize, maxMediaBytesBeforePublish: 65_536 } });
  const wire = chunks({ type, timestamp, messageStreamId: 1, payload, chunkStreamId: 4 }, 128);
  const parts: Buffer[] = [];
  for (let at = 0; at < wire.length; at += codec.input.length) {
    const count = wire.copy(codec.input, 0, at, at + codec.input.length);
    let status = codec.next(0, count);
    for (;;) {
      if (codec.batchCount > 0) {
        const batch = Buffer.alloc(codec.batchBytes);
        codec.copyBatch(batch, 0);
        parts.push(batch);
      }
      if (status === STATUS_NEED_INPUT) break;
      expect(status).toBeGreaterThan(0);
      status = codec.next(0, 0);
    }
  }
  return Buffer.concat(parts);
}

function payloadOf(bytes: number): Buffer {
  const payload = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) payload[i] = (i * 7 + 0xaf) & 255;
  return payload;
}

describe('framing of messages for players', () => {
  for (const chunkSize of [128, 4096, 60_000]) {
    it(`writes the same bytes as the WASM writer with chunks of ${chunkSize}, at every edge of size and time`, () => {
      const sizes = [1, 2, 127, 128, 129, 256, 257, chunkSize - 1, chunkSize, chunkSize + 1, 2 * chunkSize].filter(
        (size) => size <= 65_536,
      );
      for (const type of [8, 9]) {
        for (const timestamp of TIMESTAMPS) {
          for (const size of sizes) {
            const payload = payloadOf(size);
            const expected = framedByWasm(type, timestamp, payload, chunkSize);
            const framed = frameMessage(type === 8 ? 4 : 6, type, timestamp, payload, chunkSize);
            expect(framed.equals(expected), `type ${type} at ${timestamp}, ${size} bytes`).toBe(true);
          }
        }
      }
    });
  }

  it('reads back type, time, length and payload of what it wrote, also of an empty message', () => {
    for (const timestamp of TIMESTAMPS) {
      for (const size of [0, 1, 127, 128, 129, 1000]) {
        const payload = payloadOf(size);
        const before = frameMessage(4, 8, 5, payloadOf(200), 128);
        const framed = frameMessage(6, 9, timestamp, payload, 128);
        const buffer = Buffer.concat([before, framed, before]);
        const message = readFramed(buffer, before.length, 128);
        expect(message).toMatchObject({ type: 9, timestamp, length: size, framedBytes: framed.length });
        expect(readPayload(buffer, message, 128).equals(payload)).toBe(true);
        expect(readPayload(buffer, message, 128, 130).equals(payload.subarray(0, 130))).toBe(true);
      }
    }
  });

  it('leaves out the kinds that are not wanted and writes another message stream id into the rest', () => {
    const audio = frameMessage(4, 8, 10, payloadOf(300), 128);
    const video = frameMessage(6, 9, 0x1000000, payloadOf(300), 128);
    const data = frameMessage(5, 18, 11, payloadOf(20), 128);
    const all = Buffer.concat([audio, video, data, audio]);
    const { bytes, messages } = rewriteFramed(all, 0, all.length, 128, {
      messageStreamId: 7,
      audio: false,
      video: true,
    });
    expect(messages).toBe(2);
    expect(bytes.length).toBe(video.length + data.length);
    const first = readFramed(bytes, 0, 128);
    expect(first).toMatchObject({ type: 9, timestamp: 0x1000000 });
    expect(bytes.readUInt32LE(8)).toBe(7);
    expect(readPayload(bytes, first, 128).equals(payloadOf(300))).toBe(true);
    expect(readFramed(bytes, first.framedBytes, 128).type).toBe(18);
    expect(bytes.readUInt32LE(first.framedBytes + 8)).toBe(7);
  });
});
