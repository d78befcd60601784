import { describe, expect, it } from 'vitest';
import { ChunkCodec } from '../../../src/wasm/chunk-codec.js';
import { CodecPool } from '../../../src/wasm/pool.js';
import { Rc4 } from '../../support/protocol/rtmpe-peer.js';

const KEY = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex');
const OTHER_KEY = Buffer.from('ebb46227c6cc8b37641910833222772a', 'hex');

/** RFC 6229 §2, by offset: keystreams of the two keys above. What RTMPE uses begins at 1536. */
const KEYSTREAM: Readonly<Record<number, string>> = {
  1536: 'ffa0b514647ec04f6306b892ae661181',
  2032: 'd03d1bc03cd33d70dff9fa5d71963ebd',
  2048: '8a44126411eaa78bd51e8d87a8879bf5',
  3056: 'fabeb76028ade2d0e48722e46c4615a3',
  3072: 'c05d88abd50357f935a63c59ee537623',
  4080: 'ff38265c1642c1abe8d3c2fe5e572bf8',
  4096: 'a36a4c301ae8ac13610ccbc12256cacc',
};
const OTHER_KEYSTREAM: Readonly<Record<number, string>> = {
  1536: '1175da6ee756de46a53e2b075660b770',
  2032: '00a542bba02111cc2c65b38ebdba587e',
  2048: '5865fdbb5b48064104e830b380f2aede',
  3056: '34b21ad2ad44e999db2d7f0863f0d9b6',
  3072: '84a9218fc36e8a5f2ccfbeae53a27d25',
  4080: 'a2221a11b833ccb498a59540f0545f4a',
  4096: '5bbeb4787d59e5373fdbea6c6f75c29b',
};
const BYTES = 4112 - 1536;

function started(flavour: 'release' | 'debug' = 'release'): ChunkCodec {
  const codec = new ChunkCodec({ flavour });
  codec.cipher.start({ in: KEY, out: OTHER_KEY });
  return codec;
}

function matches(bytes: Buffer, keystream: Readonly<Record<number, string>>): boolean {
  return Object.entries(keystream).every(([offset, hex]) => {
    const at = Number(offset) - 1536;
    return bytes.subarray(at, at + 16).toString('hex') === hex;
  });
}

/** The next `size` bytes as they are decrypted, from zeros at `start` of the input. */
function decrypted({ cipher, input }: ChunkCodec, size: number, start: number): Buffer {
  input.fill(0, start, start + size);
  cipher.decrypt(start, start + size);
  return Buffer.from(input.subarray(start, start + size));
}

describe('the ciphers of a codec', () => {
  it.each(['release', 'debug'] as const)('make the keystreams of RFC 6229 behind 1536 bytes (%s)', (flavour) => {
    const codec = started(flavour);
    expect(matches(decrypted(codec, BYTES, 9), KEYSTREAM)).toBe(true);
    expect(matches(Buffer.from(codec.cipher.encrypt(Buffer.alloc(BYTES))), OTHER_KEYSTREAM)).toBe(true);
  });

  it('make the same in every split, each direction by itself', () => {
    for (let size = 1; size < 300; size += size < 20 ? 1 : 31) {
      const codec = started();
      const parts: { in: Buffer[]; out: Buffer[] } = { in: [], out: [] };
      for (let at = 0; at < BYTES; at += size) {
        const next = Math.min(size, BYTES - at);
        parts.in.push(decrypted(codec, next, at % 64));
        parts.out.push(Buffer.from(codec.cipher.encrypt(Buffer.alloc(next))));
      }
      expect(matches(Buffer.concat(parts.in), KEYSTREAM), String(size)).toBe(true);
      expect(matches(Buffer.concat(parts.out), OTHER_KEYSTREAM), String(size)).toBe(true);
    }
  });

  it('change nothing around the bytes that they are given, up to a whole piece', () => {
    const codec = started();
    codec.input.fill(0xaa);
    codec.cipher.decrypt(100, 100);
    codec.cipher.decrypt(100, 101);
    expect([codec.input[99], codec.input[101]]).toEqual([0xaa, 0xaa]);
    const { pieceBytes } = codec.cipher;
    const plain = Buffer.alloc(pieceBytes, 7);
    const made = codec.cipher.encrypt(plain);
    const reference = new Rc4(OTHER_KEY);
    reference.apply(Buffer.alloc(1536));
    expect(Buffer.from(made).equals(reference.apply(plain))).toBe(true);
    expect(plain.equals(Buffer.alloc(pieceBytes, 7))).toBe(true);
  });

  it('go on in the larger memory of a publisher', () => {
    const codec = started();
    const first = decrypted(codec, 1000, 0);
    const out = [Buffer.from(codec.cipher.encrypt(Buffer.alloc(1000)))];
    codec.setPublishing(true);
    expect(matches(Buffer.concat([first, decrypted(codec, BYTES - 1000, 0)]), KEYSTREAM)).toBe(true);
    out.push(Buffer.from(codec.cipher.encrypt(Buffer.alloc(BYTES - 1000))));
    expect(matches(Buffer.concat(out), OTHER_KEYSTREAM)).toBe(true);
  });

  it('leave nothing to the next connection: no key, no keystream, no byte that was sent', () => {
    for (const flavour of ['release', 'debug'] as const) {
      const pool = new CodecPool({ warm: 1, limits: {}, flavour });
      const codec = pool.acquire();
      const fresh = Buffer.from(Buffer.from(codec.memory.buffer));
      codec.cipher.start({ in: KEY, out: OTHER_KEY });
      expect(Buffer.from(codec.memory.buffer).indexOf(KEY)).toBe(-1);
      decrypted(codec, 100, 0);
      codec.noteInput(100);
      codec.cipher.encrypt(Buffer.alloc(5000, 0xaa));
      pool.release(codec);
      expect(pool.acquire()).toBe(codec);
      expect(Buffer.from(codec.memory.buffer).equals(fresh)).toBe(true);
    }
  });

  it('count as touched once they are begun, with as much of the slot as was used', () => {
    const codec = new ChunkCodec();
    const before = codec.touchedBytes;
    expect(codec.cipher.pieceBytes).toBe(65_536);
    expect(codec.touchedBytes).toBe(before);
    codec.cipher.start({ in: KEY, out: OTHER_KEY });
    const begun = codec.touchedBytes;
    expect(begun - before).toBeGreaterThan(2000);
    codec.cipher.encrypt(Buffer.alloc(10_000));
    codec.cipher.encrypt(Buffer.alloc(100));
    expect(codec.touchedBytes - begun).toBeGreaterThanOrEqual(10_000);
    expect(codec.touchedBytes - begun).toBeLessThan(15_000);
  });
});
