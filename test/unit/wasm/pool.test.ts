import { describe, expect, it, vi } from 'vitest';
import * as C from '../../../assembly/constants.js';
import { CodecPool } from '../../../src/wasm/pool.js';
import { readWithCodec } from '../../reference/drive.js';
import { message, pattern, setChunkSize } from '../../support/wasm/wire.js';

/**
 * Everything a connection can leave somewhere: media in each region, a half message, a half header, AMF0, handshake
 * bytes.
 */
function useHard(codec: ReturnType<CodecPool['acquire']>): void {
  codec.input.fill(0xaa);
  const secret = Buffer.alloc(60_000, 0xaa);
  const command = Buffer.concat([
    Buffer.from([2, 0, 200]),
    Buffer.alloc(200, 0xaa),
    Buffer.from([8, 0, 0, 0, 1, 0, 1, 0xaa, 5]),
  ]);
  readWithCodec(codec, [
    Buffer.concat([
      message({ type: 20, csid: 3, payload: command }),
      message({ type: 8, csid: 4, payload: secret.subarray(0, 900) }),
      message({ type: 9, csid: 6, payload: secret }),
      message({ type: 9, csid: 7, payload: secret }).subarray(0, 5000),
    ]),
  ]);
  codec.input.set(message({ type: 20, csid: 3, payload: command }), 0);
  codec.next(0, message({ type: 20, csid: 3, payload: command }).length);
}

describe('CodecPool', () => {
  it('gives no byte of the connection before to the next one', () => {
    for (const flavour of ['release', 'debug'] as const) {
      const pool = new CodecPool({ warm: 1, limits: {}, flavour });
      const codec = pool.acquire();
      const fresh = Buffer.from(Buffer.from(codec.memory.buffer));
      useHard(codec);
      pool.release(codec);
      expect(pool.acquire()).toBe(codec);
      const now = Buffer.from(codec.memory.buffer);
      expect(now.indexOf(Buffer.alloc(4, 0xaa))).toBe(-1);
      expect(now.equals(fresh)).toBe(true);
    }
  });

  it('clears what it copied in vain when the last bytes of a message are missing', () => {
    const pool = new CodecPool({ warm: 1, limits: {} });
    const codec = pool.acquire();
    const fresh = Buffer.from(Buffer.from(codec.memory.buffer));
    const secret = message({ type: 9, csid: 6, payload: Buffer.alloc(4000, 0xaa) });
    readWithCodec(codec, [secret.subarray(0, 12 + 4010)]);
    pool.release(codec);
    expect(Buffer.from(codec.memory.buffer).equals(fresh)).toBe(true);
  });

  it('clears what only an error left behind', () => {
    const pool = new CodecPool({ warm: 1, limits: {} });
    const codec = pool.acquire();
    const fresh = Buffer.from(Buffer.from(codec.memory.buffer));
    readWithCodec(codec, [
      Buffer.concat([
        setChunkSize(1000),
        message({ type: 9, payload: pattern(900), chunkSize: 1000 }),
        Buffer.from([0x88]),
      ]),
    ]);
    expect(codec.header[C.FAILED]).not.toBe(0);
    pool.release(codec);
    expect(Buffer.from(codec.memory.buffer).equals(fresh)).toBe(true);
    expect(readWithCodec(pool.acquire(), [message({ type: 8, payload: pattern(3) })]).messages.length).toBe(1);
  });

  it('keeps as many warm codecs as asked, and counts those that are out', () => {
    const pool = new CodecPool({ warm: 2, limits: {} });
    expect(pool.free).toBe(2);
    const out = [pool.acquire(), pool.acquire(), pool.acquire()];
    expect([pool.live, pool.free]).toEqual([3, 0]);
    for (const codec of out) pool.release(codec);
    pool.release(out[0]);
    expect([pool.live, pool.free]).toEqual([0, 2]);
  });

  it('drops codecs that were enlarged', () => {
    const pool = new CodecPool({ warm: 1, limits: {} });
    const codec = pool.acquire();
    codec.setPublishing(true);
    pool.release(codec);
    expect(pool.free).toBe(0);
  });
});

describe('a pool where the address space is limited', () => {
  it('makes as many instances ahead as it can, and says so to who needs one more', () => {
    const real = WebAssembly.Memory;
    let left = 3;
    const limited = vi.spyOn(WebAssembly, 'Memory').mockImplementation(function (this: unknown, descriptor) {
      if (left-- <= 0) throw new RangeError('WebAssembly.Memory(): could not allocate memory');
      return new real(descriptor);
    });
    const pool = new CodecPool({ warm: 64, limits: {} });
    expect(pool.free).toBe(2);
    pool.acquire();
    pool.acquire();
    expect(() => pool.acquire()).toThrow(
      expect.objectContaining({
        code: 'ERR_WASM_MEMORY',
        message: expect.stringContaining('--disable-wasm-trap-handler'),
      }),
    );
    limited.mockRestore();
  });
});
