import { describe, expect, it } from 'vitest';
import { ChunkWriter } from '../../../../src/protocol/messages/chunk-writer.js';
import * as control from '../../../../src/protocol/messages/control.js';
import { hex } from '../../../support/protocol/messages.js';
import { WireReader } from '../../../support/rtmp-wire.js';

describe('ChunkWriter', () => {
  const payload = Buffer.from(Array.from({ length: 300 }, (_, i) => i & 0xff));
  const message = { chunkStreamId: 6, type: 9, messageStreamId: 1, timestamp: 0, payload };

  it('splits at 128 bytes until told otherwise, with one C3-like byte before each continuation', () => {
    const bytes = new ChunkWriter().write(message);
    expect(bytes).toHaveLength(12 + 300 + 2);
    expect([bytes[12 + 128], bytes[12 + 128 + 1 + 128]]).toEqual([0xc6, 0xc6]);
  });

  it('repeats the extended timestamp in each continuation', () => {
    const bytes = new ChunkWriter().write({ ...message, timestamp: 0xffffff });
    expect(bytes.subarray(0, 16)).toEqual(hex('06 FFFFFF 00012C 09 01000000 00FFFFFF'));
    expect(bytes.subarray(16 + 128, 16 + 133)).toEqual(hex('C6 00FFFFFF'));
  });

  for (const chunkStreamId of [2, 63, 64, 319, 320, 65599]) {
    for (const timestamp of [0, 0xfffffe, 0xffffff, 0xffffffff]) {
      for (const chunkSize of [1, 127, 128, 299, 300, 301, 60_000]) {
        it(`reads back: chunk stream id ${chunkStreamId}, timestamp ${timestamp}, chunk size ${chunkSize}`, () => {
          const writer = new ChunkWriter();
          const decoder = new WireReader();
          decoder.read(writer.write(control.setChunkSize(chunkSize)));
          writer.setChunkSize(chunkSize);
          const whole = { ...message, chunkStreamId, timestamp };
          const empty = { ...whole, payload: Buffer.alloc(0) };
          expect(decoder.read(Buffer.concat([writer.write(whole), writer.write(empty)]))).toEqual([whole, empty]);
        });
      }
    }
  }

  it('clamps chunk sizes to 1 and 16777215', () => {
    const writer = new ChunkWriter({ chunkSize: 0 });
    expect(writer.chunkSize).toBe(1);
    writer.setChunkSize(0x7fffffff);
    expect(writer.chunkSize).toBe(0xffffff);
  });

  it('refuses what the wire cannot carry', () => {
    for (const wrong of [{ chunkStreamId: 1 }, { chunkStreamId: 65600 }, { payload: Buffer.alloc(0x1000000) }]) {
      expect(() => new ChunkWriter().write({ ...message, ...wrong })).toThrow(
        expect.objectContaining({ code: 'ERR_CHUNK_UNWRITABLE' }),
      );
    }
  });
});
