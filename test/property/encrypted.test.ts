import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CipherChannel } from '../../src/transport/cipher/channel.js';
import { ChunkCodec } from '../../src/wasm/chunk-codec.js';
import { Rc4 } from '../support/protocol/rtmpe-peer.js';
import { HeldCarrier } from '../support/transport/held-carrier.js';

const SEED = 20_261_126;
const KEYS = { in: Buffer.alloc(16, 1), out: Buffer.alloc(16, 2) };

/** The cipher of the other end. */
function farEnd(key: Uint8Array): Rc4 {
  const cipher = new Rc4(key);
  cipher.apply(Buffer.alloc(1536));
  return cipher;
}

/** Small as control messages, or longer than the piece that is encrypted at once. */
const size = fc.oneof(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 65_000, max: 140_000 }));
const room = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 200_000 }));
const step = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), size, room }),
  fc.record({ kind: fc.constant('write' as const), size, room }),
  fc.record({ kind: fc.constant('drain' as const), size, room }),
);

describe('an encrypted connection', () => {
  it('sends what it is given, in order, whatever its carrier takes at once, and tells each who waits once', () => {
    const codec = new ChunkCodec();
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        codec.cipher.start(KEYS);
        const carrier = new HeldCarrier();
        const channel = new CipherChannel(carrier, codec.cipher);
        const given: Buffer[] = [];
        const waits: number[] = [];
        const told: number[] = [];
        for (const [index, { kind, ...next }] of steps.entries()) {
          if (kind === 'drain') {
            if (carrier.holds) carrier.drain(next.room);
            continue;
          }
          if (!carrier.holds) carrier.room = next.room;
          const bytes = Buffer.alloc(next.size, index + 1);
          given.push(bytes);
          if (kind === 'send') channel.send(Buffer.from(bytes));
          else if (!channel.write(bytes, { drained: () => void told.push(index) })) waits.push(index);
          expect(channel.writtenBytes + carrier.unsentBytes).toBe(given.reduce((sum, { length }) => sum + length, 0));
        }
        while (carrier.holds) carrier.drain(Number.POSITIVE_INFINITY);
        expect(told.sort((a, b) => a - b)).toEqual(waits);
        expect([channel.unsentBytes, channel.pendingBytes]).toEqual([0, 0]);
        expect(farEnd(KEYS.out).apply(carrier.got).equals(Buffer.concat(given))).toBe(true);
      }),
      { numRuns: 25, seed: SEED },
    );
  });

  it('reads what the other end has encrypted, in every split', () => {
    const codec = new ChunkCodec();
    const split = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(split, fc.integer({ min: 0, max: 500 }), (sizes, start) => {
        codec.cipher.start(KEYS);
        const plain = Buffer.from(Array.from({ length: sizes.reduce((a, b) => a + b, 0) }, (_, at) => (at * 31) & 255));
        const sent = farEnd(KEYS.in).apply(plain);
        const read: Buffer[] = [];
        let at = 0;
        for (const length of sizes) {
          sent.copy(codec.input, start, at, at + length);
          codec.cipher.decrypt(start, start + length);
          read.push(Buffer.from(codec.input.subarray(start, start + length)));
          at += length;
        }
        expect(Buffer.concat(read).equals(plain)).toBe(true);
      }),
      { numRuns: 50, seed: SEED },
    );
  });
});
