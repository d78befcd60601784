import { describe, expect, it } from 'vitest';
import { lookAhead } from '../../../src/client/enhanced-rtmp.js';
import type { FlvTag } from '../../../src/flv/flv-format.js';
import { TAGS } from '../../support/client/flv-tags.js';

const tag = (type: number, payload: string): FlvTag => ({ type, timestamp: 0, payload: Buffer.from(payload, 'hex') });
const AAC = tag(8, 'af001210');
const HEVC = tag(9, '906876633101');

/** The tags of a file, and whether its reader was let go. */
function file(tags: readonly FlvTag[]) {
  const state = { read: 0, isClosed: false };
  async function* read(): AsyncGenerator<FlvTag, void, undefined> {
    try {
      for (const each of tags) {
        state.read++;
        yield each;
      }
    } finally {
      state.isClosed = true;
    }
  }
  return { state, tags: read() };
}

async function all(tags: AsyncGenerator<FlvTag>): Promise<FlvTag[]> {
  const got: FlvTag[] = [];
  for await (const each of tags) got.push(each);
  return got;
}

describe('looking ahead in a file', () => {
  it.each<[string, boolean, readonly FlvTag[]]>([
    ['AVC and AAC', false, TAGS],
    ['HEVC behind AAC', true, [AAC, HEVC]],
    ['Opus', true, [tag(8, '904f707573')]],
    ['multitrack audio', true, [TAGS[0]!, tag(8, '95006d7034610a1210')]],
    ['nothing', false, []],
    ['empty messages', false, [tag(8, ''), tag(9, '')]],
  ])('tells %s as Enhanced RTMP: %s, and gives every tag', async (_, isEnhanced, tags) => {
    const looked = await lookAhead(file(tags).tags);
    expect(looked.isEnhanced).toBe(isEnhanced);
    expect(await all(looked.tags)).toEqual(tags);
  });

  it('reads no further than the first of both kinds, or sixteen tags', async () => {
    const legacy = file(TAGS);
    await lookAhead(legacy.tags);
    expect(legacy.state.read).toBe(3);
    const sound = file([...new Array<FlvTag>(40).fill(AAC), HEVC]);
    const { isEnhanced, tags } = await lookAhead(sound.tags);
    expect([isEnhanced, sound.state.read]).toEqual([false, 16]);
    expect(await all(tags)).toHaveLength(41);
  });

  it('lets the file go when its reader stops', async () => {
    const { state, tags } = file(TAGS);
    const looked = await lookAhead(tags);
    await looked.tags.next();
    await looked.tags.return(undefined);
    expect(state.isClosed).toBe(true);
  });
});
