import { describe, expect, it } from 'vitest';
import { LastBytes } from '../../../src/inspect/last-bytes.js';
import { maskedBytes } from '../../../src/inspect/mask.js';
import { type StreamItem, StreamWalker, type StreamWalkOptions } from '../../../src/inspect/stream-walker.js';
import { writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';
import { DEFAULT_CODEC_LIMITS } from '../../../src/wasm/limits.js';
import { seeded } from '../../support/random.js';
import { chunks } from '../../support/rtmp-wire.js';

const HANDSHAKE = Buffer.concat([Buffer.from([3]), Buffer.alloc(3072)]);
const SECRET = 'hunter2SECRET';

function read(bytes: Buffer, options: StreamWalkOptions): StreamItem[] {
  return [...new StreamWalker(DEFAULT_CODEC_LIMITS, options).push(bytes)];
}

/** A connection: a publish, and then audio, video and commands with a secret, in chunks of 128 bytes. */
function connection(random: () => number, messages: number): Buffer {
  const parts: Buffer[] = [HANDSHAKE];
  const publish = writeAmf0('publish', 5, null, `cam1?key=${SECRET}`, 'live');
  parts.push(chunks({ type: 20, timestamp: 0, messageStreamId: 1, payload: publish }));
  for (let i = 0; i < messages; i++) {
    const type = [8, 9, 20][Math.floor(random() * 3)]!;
    const payload = type === 20 ? writeAmf0('secret', i, SECRET) : Buffer.alloc(Math.floor(random() * 3000), i);
    // Some times need the extended field, which headers may be cut in.
    const timestamp = random() < 0.3 ? 0xffffff + i : i;
    parts.push(chunks({ type, timestamp, messageStreamId: 1, chunkStreamId: type, payload }));
  }
  return Buffer.concat(parts);
}

function addInPieces(last: LastBytes, bytes: Buffer, random: () => number): void {
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + Math.floor(random() * 3000);
    last.add(bytes.subarray(at, end));
    at = end;
  }
}

describe('the last bytes of a client', () => {
  it('are all of them while they are few', () => {
    const bytes = Buffer.concat([HANDSHAKE, Buffer.from('more')]);
    const last = new LastBytes(DEFAULT_CODEC_LIMITS, 8192);
    last.add(bytes);
    expect(last.kept).toEqual({ start: { at: 0, from: undefined, publishing: false }, bytes });
    expect(last.received).toBe(bytes.length);
  });

  it('are none before the first one', () => {
    const last = new LastBytes(DEFAULT_CODEC_LIMITS, 8192);
    expect(last.kept.bytes.length).toBe(0);
    expect(last.heldBytes).toBe(0);
  });

  it('are read from their first byte as in the whole, wherever the stream was cut', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seeded(seed);
      const good = connection(random, 40);
      const whole = Buffer.concat([good, Buffer.from([0xff]), Buffer.alloc(200)]);
      const last = new LastBytes(DEFAULT_CODEC_LIMITS, 16_384);
      addInPieces(last, whole, random);
      const { start, bytes } = last.kept;
      expect(start.at).toBeGreaterThan(0);
      expect(start.publishing).toBe(true);
      expect(bytes.length).toBeGreaterThan(8192);
      expect(bytes.equals(whole.subarray(start.at, start.at + bytes.length))).toBe(true);
      const items = read(bytes, start);
      const headers = read(whole, {}).filter(({ kind, at }) => kind !== 'message' && at >= start.at);
      expect(items.filter(({ kind, at }) => kind !== 'message' && at >= start.at)).toEqual(headers);
      expect(items.at(-1)).toMatchObject({ kind: 'fault', at: good.length });
      const masked = maskedBytes(bytes, DEFAULT_CODEC_LIMITS, start);
      expect(masked.toString('latin1')).not.toContain(SECRET.slice(-6));
      expect(read(masked, start).at(-1)).toEqual(items.at(-1));
    }
  });

  it('end soon behind a fault, however much follows', () => {
    const last = new LastBytes(DEFAULT_CODEC_LIMITS, 8192);
    last.add(Buffer.concat([HANDSHAKE, Buffer.from([0xff]), Buffer.alloc(100_000)]));
    last.add(Buffer.alloc(100_000));
    expect(last.kept.start.at).toBe(0);
    expect(last.kept.bytes.length).toBe(4096);
    expect(last.received).toBe(HANDSHAKE.length + 1 + 200_000);
  });

  it('take no more memory than is allowed, also for a message in chunks of one byte', () => {
    const last = new LastBytes(DEFAULT_CODEC_LIMITS, 65_536);
    last.add(HANDSHAKE);
    last.add(chunks({ type: 1, timestamp: 0, messageStreamId: 0, payload: Buffer.from([0, 0, 0, 1]) }));
    const payload = Buffer.alloc(60_000, 1);
    last.add(chunks({ type: 20, timestamp: 0, messageStreamId: 0, payload }, 1).subarray(0, -1));
    expect(last.heldBytes).toBe(65_536 + 60_000);
    last.add(Buffer.from([1]));
    expect(last.heldBytes).toBe(65_536);
  });
});
