import { describe, expect, it } from 'vitest';
import { ChunkWalker, type WalkItem } from '../../../src/inspect/chunk-walker.js';
import { hex } from '../../support/conformance/hex.js';

function walk(text: string, limits = {}): WalkItem[] {
  return [...new ChunkWalker(limits).push(hex(text))];
}

describe('the chunk walker', () => {
  it('tells where each header stands, and what it inherits', () => {
    expect(
      walk('04 00001A 000002 08 01000000 2F01  84 000014 2F02  C4 2F03').filter(({ kind }) => kind === 'chunk'),
    ).toMatchObject([
      { at: 0, payloadAt: 12, fmt: 0, timestamp: 26, length: 2, type: 8, messageStreamId: 1 },
      { at: 14, payloadAt: 18, fmt: 2, timestamp: 46, length: 2, type: 8, messageStreamId: 1 },
      { at: 20, payloadAt: 21, fmt: 3, timestamp: 66, length: 2, type: 8, messageStreamId: 1 },
    ]);
  });

  it.each([
    ['a fmt 3 header on a chunk stream that is new', 'C7', 0, 'ERR_CHUNK_FRESH_HEADER'],

    ['a chunk size of 0', '02 000000 000004 01 00000000 00000000', 12, 'ERR_CHUNK_SIZE_INVALID'],
    ['a chunk size past 31 bits', '02 000000 000004 01 00000000 80000000', 12, 'ERR_CHUNK_SIZE_INVALID'],
    ['a message that is too long', '03 000000 010001 14 00000000', 0, 'ERR_CHUNK_MESSAGE_TOO_LONG'],
    ['media that is too long before publish', '04 000000 010001 09 00000000', 0, 'ERR_CHUNK_MEDIA_TOO_LONG'],
  ])('names the byte of %s', (_, text, at, code) => {
    expect(walk(text).at(-1)).toMatchObject({ kind: 'fault', at, code });
  });

  it('says what is still to come when a new header interrupts a message', () => {
    const [, fault] = walk(`04 000000 000100 14 00000000 ${'00'.repeat(128)} 04 000000`);
    expect(fault).toMatchObject({ kind: 'fault', at: 140, code: 'ERR_CHUNK_MID_MESSAGE', found: 'fmt 0' });
    expect(fault).toHaveProperty(
      'expected',
      'a fmt 3 header: 128 bytes of a message of 256 are still to come on chunk stream 4',
    );
  });

  it('takes four bytes after a fmt 3 header for an extended timestamp only when they are it', () => {
    const head = `04 FFFFFF 000082 08 01000000 01000000 ${'2F'.repeat(128)}`;
    for (const more of ['C4 01000000 2F2F', 'C4 2F2F 04 0000']) {
      const walker = new ChunkWalker();
      const bytes = hex(`${head} ${more}`);
      const messages = [...bytes].flatMap((_, at) => [...walker.push(bytes.subarray(at, at + 1))]);
      expect(messages.filter(({ kind }) => kind === 'message')).toMatchObject([{ length: 130, timestamp: 0x1000000 }]);
    }
  });

  it('keeps of audio and video the beginning only', () => {
    const [, message] = walk(`04 000000 000080 09 01000000 ${'17'.repeat(128)}`);
    expect(message).toMatchObject({ kind: 'message', length: 128, pieces: [{ at: 12, end: 140 }] });
    expect((message as { payload: Buffer }).payload.length).toBe(64);
  });
});
