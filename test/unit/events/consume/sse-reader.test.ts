import { describe, expect, it } from 'vitest';
import { readServerSentEvents } from '../../../../src/events/consume/sse-reader.js';

describe('readServerSentEvents', () => {
  const text = ': hello\nretry: 1000\n\nid: a:1\nevent: x\ndata: {"a":\ndata: 1}\n\nevent: gap\ndata: {}\n\ndata\n\n';
  const expected = [
    { id: 'a:1', event: 'x', data: '{"a":\n1}' },
    { id: undefined, event: 'gap', data: '{}' },
    { id: undefined, event: 'message', data: '' },
  ];

  async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
  }

  it('reads events however the bytes are cut', async () => {
    const bytes = Buffer.from(text.replace('"a"', '"ä😀"'));
    for (let length = 1; length <= bytes.length; length++) {
      const seen = [];
      for await (const each of readServerSentEvents(pieces(bytes, length))) seen.push(each);
      expect(seen).toEqual([{ ...expected[0], data: '{"ä😀":\n1}' }, expected[1], expected[2]]);
    }
  });

  it('refuses an event without an end', async () => {
    const endless = pieces(Buffer.alloc(3 << 20, 'x'), 1 << 16);
    await expect(readServerSentEvents(endless).next()).rejects.toThrow('longer than 1 MiB');
  });
});
