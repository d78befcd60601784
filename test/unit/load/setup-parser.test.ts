import { describe, expect, it } from 'vitest';
import { SetupParser } from '../../../src/load/setup-parser.js';
import { writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';
import { ChunkWriter } from '../../../src/protocol/messages/chunk-writer.js';
import { setChunkSize } from '../../../src/protocol/messages/control.js';

describe('the set-up parser', () => {
  const writer = new ChunkWriter();
  const long = writeAmf0('onStatus', 0, null, { code: 'x'.repeat(400) });
  const first = writer.write({ chunkStreamId: 3, type: 20, messageStreamId: 0, timestamp: 0xffffff, payload: long });
  const change = writer.write(setChunkSize(4096));
  writer.setChunkSize(4096);
  const second = writer.write({ chunkStreamId: 70, type: 20, messageStreamId: 0, timestamp: 0, payload: long });
  const third = writer.write({
    chunkStreamId: 400,
    type: 9,
    messageStreamId: 1,
    timestamp: 0,
    payload: Buffer.alloc(0),
  });
  const stream = Buffer.concat([first, change, second, third]);

  it('gives the same messages at every split', () => {
    // Text is compared at once, where two Buffers are compared byte by byte.
    const written = [`20 ${long.toString('hex')}`, `20 ${long.toString('hex')}`, '9 '];
    for (let size = 1; size <= stream.length; size++) {
      const parser = new SetupParser();
      const messages = [];
      for (let at = 0; at < stream.length; at += size) messages.push(...parser.push(stream.subarray(at, at + size)));
      expect(messages.map(({ type, payload }) => `${type} ${payload.toString('hex')}`)).toEqual(written);
    }
  });

  it('refuses what is no chunk stream', () => {
    expect(() => new SetupParser().push(Buffer.from([0xc3]))).toThrow(
      expect.objectContaining({ code: 'ERR_LOAD_SETUP' }),
    );
  });

  it('gives up on a message without end', () => {
    const parser = new SetupParser();
    parser.push(Buffer.from('03000000ffffff1400000000', 'hex'));
    parser.push(Buffer.from('020000000000040100000000' + '7fffffff', 'hex'));
    expect(() => parser.push(Buffer.alloc(5_000_000, 0xc3))).toThrow(
      expect.objectContaining({ code: 'ERR_LOAD_SETUP' }),
    );
  });
});
