import { describe, expect, it } from 'vitest';
import * as C from '../../../assembly/constants.js';
import type { CodecLimits } from '../../../src/wasm/limits.js';
import { readWith } from '../../reference/drive.js';
import { declared, message, pattern, setChunkSize } from '../../support/wasm/wire.js';

const BY = ['release', 'debug', 'reference'] as const;

/** What each implementation answers: the error, or the number of messages. */
function outcomes(bytes: Buffer, limits: Partial<CodecLimits>): number[] {
  return BY.map((by) => {
    const { error, messages } = readWith(by, [bytes], { limits });
    return error === 0 ? messages.length : error;
  });
}

const all = (outcome: number): number[] => BY.map(() => outcome);

describe('limits of the chunk codec: under, at and past each', () => {
  it.each([
    [99, 1],
    [100, 1],
    [101, C.ERR_CHUNK_MEDIA_TOO_LONG],
  ])('answers a video message of %i bytes with %i when 100 are allowed', (length, outcome) => {
    const bytes = message({ type: 9, payload: pattern(length) });
    expect(outcomes(bytes, { maxMediaBytes: 100, maxMediaBytesBeforePublish: 100 })).toEqual(all(outcome));
  });

  it.each([
    [99, 1],
    [100, 1],
    [101, C.ERR_CHUNK_MESSAGE_TOO_LONG],
  ])('answers a command of %i bytes with %i when 100 are allowed', (length, outcome) => {
    expect(outcomes(message({ type: 20, payload: pattern(length) }), { maxControlMessageBytes: 100 })).toEqual(
      all(outcome),
    );
  });

  it('refuses a message that is too long at its header, before any payload byte', () => {
    expect(outcomes(declared(9, 65537), {})).toEqual(all(C.ERR_CHUNK_MEDIA_TOO_LONG));
    expect(outcomes(declared(20, 65537), {})).toEqual(all(C.ERR_CHUNK_MESSAGE_TOO_LONG));
    expect(outcomes(declared(255, 65537), {})).toEqual(all(C.ERR_CHUNK_MESSAGE_TOO_LONG));
  });

  it.each([
    [3, 3],
    [4, 4],
    [5, C.ERR_CHUNK_STREAM_LIMIT],
  ])('answers %i chunk streams with %i when 4 are allowed', (streams, outcome) => {
    const bytes = Buffer.concat(
      Array.from({ length: streams }, (_, i) => message({ type: 8, csid: 10 + i, payload: pattern(3) })),
    );
    expect(outcomes(bytes, { chunkStreams: 4 })).toEqual(all(outcome));
  });

  it('refuses the 65th chunk stream id above 63, and every later chunk of a flood over all ids', () => {
    const one = (csid: number): Buffer =>
      Buffer.concat([
        Buffer.from([1, (csid - 64) & 255, (csid - 64) >> 8]),
        message({ type: 8, payload: pattern(1) }).subarray(1),
      ]);
    const many = Buffer.concat(Array.from({ length: 65 }, (_, i) => one(1000 + i * 7)));
    expect(outcomes(many, {})).toEqual(all(C.ERR_CHUNK_STREAM_LIMIT));
    expect(outcomes(many.subarray(0, -14), {})).toEqual(all(64));
  });

  it.each([
    [2, 0],
    [3, 0],
    [4, C.ERR_CHUNK_PARTIAL_LIMIT],
  ])('answers %i unfinished messages with %i when 3 are allowed', (count, outcome) => {
    const bytes = Buffer.concat(
      Array.from({ length: count }, (_, i) =>
        message({ type: 9, csid: 10 + i, payload: pattern(300) }).subarray(0, 140),
      ),
    );
    expect(outcomes(bytes, { partialMessages: 3 })).toEqual(all(outcome));
  });

  it.each([
    [511, 1],
    [512, 1],
    [513, C.ERR_CHUNK_REASSEMBLY_LIMIT],
  ])('answers %i bytes under reassembly with %i when 512 are allowed', (length, outcome) => {
    expect(outcomes(message({ type: 9, payload: pattern(length) }), { reassemblyBytes: 512 })).toEqual(all(outcome));
  });

  it('counts the bytes of all unfinished messages together', () => {
    const first = message({ type: 9, csid: 6, payload: pattern(300) }).subarray(0, 12 + 128);
    const second = message({ type: 8, csid: 4, payload: pattern(300) });
    expect(outcomes(Buffer.concat([first, second]), { reassemblyBytes: 428 })).toEqual(all(1));
    expect(outcomes(Buffer.concat([first, second]), { reassemblyBytes: 427 })).toEqual(
      all(C.ERR_CHUNK_REASSEMBLY_LIMIT),
    );
  });

  it.each([
    [127, C.ERR_CHUNK_SIZE_TOO_SMALL],
    [128, 0],
    [129, 0],
  ])('answers chunk size %i with %i when the smallest is 128', (size, outcome) => {
    expect(outcomes(setChunkSize(size), { chunkSizeMin: 128 })).toEqual(all(outcome));
  });

  it('says the same error again when it is asked again', () => {
    const bytes = Buffer.concat([Buffer.from([0xc3]), message({ type: 8, payload: pattern(3) })]);
    for (const by of BY) {
      const { error, messages } = readWith(by, [bytes, bytes], {});
      expect([error, messages.length]).toEqual([C.ERR_CHUNK_FRESH_HEADER, 0]);
    }
  });
});
