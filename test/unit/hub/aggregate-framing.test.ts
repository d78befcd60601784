import { describe, expect, it } from 'vitest';
import { aggregateFramed } from '../../../src/hub/aggregate-framing.js';
import { frameMessage } from '../../../src/hub/framing.js';
import { readWithReference, readWithWasm } from '../../reference/drive.js';

const SET_CHUNK_SIZE = (size: number): Buffer => {
  const bytes = Buffer.from('02000000000004010000000000000000', 'hex');
  bytes.writeUInt32BE(size, 12);
  return bytes;
};

/** What a reader with this chunk size makes of the bytes. */
function told(bytes: Buffer, chunkSize: number): string[] {
  const pieces = [SET_CHUNK_SIZE(chunkSize), bytes];
  const options = { publishing: true };
  const both = [readWithWasm('release', pieces, options), readWithReference(pieces, options)].map(
    ({ error, messages }) => [
      `error ${error}`,
      ...messages.map((m) => `${m.type} ${m.messageStreamId} ${m.timestamp} ${m.payload.toString('hex')}`),
    ],
  );
  expect(both[0]).toEqual(both[1]);
  return both[0]!;
}

function messages(chunkSize: number, from: number, sizes: readonly number[]): Buffer {
  return Buffer.concat(
    sizes.map((size, i) => {
      const type = [9, 8, 18][i % 3]!;
      return frameMessage(type === 9 ? 6 : 4, type, from + i * 20, Buffer.alloc(size, i + 1), chunkSize);
    }),
  );
}

describe('aggregates for a player', () => {
  it.each([
    [128, 1000],
    [4096, 0xfffff0],
    [60_000, 1],
  ])('say the same as the messages of which they are made (chunks of %i, from %i ms)', (chunkSize, from) => {
    const framed = messages(
      chunkSize,
      from,
      [10, 0, 300, 5000, 1, 70_000, 20, 30_000, 29_000, 1000, 59_985, 59_986, 3],
    );
    const made = aggregateFramed(framed, chunkSize);
    expect(told(made, chunkSize)).toEqual(told(framed, chunkSize));
  });

  it('are fewer messages, on the message stream of the player', () => {
    const framed = messages(60_000, 0, [10, 10, 10]);
    for (let at = 8; at < framed.length; at += 22) framed[at] = 3;
    const made = aggregateFramed(framed, 60_000);
    expect(made.subarray(0, 12).toString('hex')).toBe('050000000000' + '4b16' + '03000000');
    expect(made.length).toBe(12 + 3 * 25);
    expect(told(made, 60_000)[1]).toContain('9 3 0 ');
  });

  it('are not made of one message', () => {
    const framed = messages(60_000, 0, [10]);
    expect(aggregateFramed(framed, 60_000)).toEqual(framed);
    expect(aggregateFramed(Buffer.alloc(0), 60_000)).toHaveLength(0);
  });
});
