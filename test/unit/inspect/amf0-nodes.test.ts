import { describe, expect, it } from 'vitest';
import { readAmfNodes } from '../../../src/inspect/amf0-nodes.js';
import { writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';
import { DEFAULT_CODEC_LIMITS } from '../../../src/wasm/limits.js';

describe('AMF0 values with positions', () => {
  it('tell where each part lies', () => {
    const bytes = writeAmf0('ab', { k: 'v' });
    const { nodes } = readAmfNodes(bytes, 0, DEFAULT_CODEC_LIMITS);
    expect(nodes).toMatchObject([
      { kind: 'string', at: 0, value: { at: 3, end: 5 } },
      {
        kind: 'object',
        at: 5,
        entries: [{ key: { at: 8, end: 9 }, node: { kind: 'string', value: { at: 12, end: 13 } } }],
      },
    ]);
  });

  it.each([
    ['an unknown marker', '13', 0, 'ERR_AMF_MARKER'],
    ['a marker that AMF3 does not have', '05 11 12', 2, 'ERR_AMF_MARKER'],
    ['a reference to nothing', '07 0000', 1, 'ERR_AMF_REFERENCE'],
    ['an array that claims too much', '0A 00000009 05', 1, 'ERR_AMF_COUNT'],
  ])('name the byte of %s', (_, text, at, code) => {
    const bytes = Buffer.from(text.replaceAll(' ', ''), 'hex');
    expect(readAmfNodes(bytes, 0, DEFAULT_CODEC_LIMITS).problem).toMatchObject({ at, code });
  });

  it('keep what is complete of a value that is cut off', () => {
    const { nodes, cutAt } = readAmfNodes(writeAmf0({ a: 1, b: 'text' }).subarray(0, -6), 0, DEFAULT_CODEC_LIMITS);
    expect(nodes[0]?.entries.length).toBe(1);
    expect(cutAt).toBe(19);
  });
});
