import { describe, expect, it } from 'vitest';
import {
  ERR_CHUNK_FRESH_HEADER,
  ERR_CHUNK_MID_MESSAGE,
  ERR_CHUNK_PARTIAL_LIMIT,
  ERR_CHUNK_SIZE_INVALID,
  FLAG_KEYFRAME,
  FLAG_SEQUENCE_HEADER,
  RECORD_OFFSET,
  RECORD_PAYLOAD_BYTES,
  RECORD_TIMESTAMP,
  RECORD_TIMESTAMP_HIGH,
  RECORD_TYPE_FLAGS,
  RECORD_WORDS,
  STATUS_MESSAGE,
  STATUS_NEED_INPUT,
} from '../../../../assembly/constants.js';
import { ArenaRing } from '../../../../bench/js-parser/arena.js';
import { JsChunkParser, type JsParserOptions } from '../../../../bench/js-parser/chunk-parser.js';
import { chunkedMedia, pseudoRandom } from '../../../../bench/lib/chunked-media.js';

interface Seen {
  readonly framed: Buffer;
  readonly media: { type: number; flags: number; time: number; payloadBytes: number; first: number }[];
  readonly others: { type: number; payload: string }[];
  readonly status: number;
}

function parse(bytes: Buffer, readBytes = 65536, options: JsParserOptions = {}): Seen {
  const parser = new JsChunkParser(options);
  const framed: Buffer[] = [];
  const media: Seen['media'] = [];
  const others: Seen['others'] = [];
  let status = STATUS_NEED_INPUT;
  for (let from = 0; from < bytes.length && status >= 0; from += readBytes) {
    const part = bytes.subarray(from, from + readBytes);
    part.copy(parser.input);
    status = parser.next(0, part.length);
    for (;;) {
      const count = parser.batchCount;
      const { records } = parser;
      const batch = parser.takeBatch();
      framed.push(Buffer.from(batch));
      for (let r = 0; r < count * RECORD_WORDS; r += RECORD_WORDS) {
        const extended = records[r + RECORD_TIMESTAMP] >= 0xffffff;
        media.push({
          type: records[r + RECORD_TYPE_FLAGS] & 0xff,
          flags: records[r + RECORD_TYPE_FLAGS] >>> 8,
          time: (records[r + RECORD_TIMESTAMP_HIGH] | 0) * 2 ** 32 + records[r + RECORD_TIMESTAMP],
          payloadBytes: records[r + RECORD_PAYLOAD_BYTES],
          first: batch[records[r + RECORD_OFFSET] + (extended ? 16 : 12)] ?? -1,
        });
      }
      if (status === STATUS_MESSAGE) {
        const { type, payload } = parser.message;
        others.push({ type, payload: Buffer.from(payload).toString('hex') });
      }
      if (status <= STATUS_NEED_INPUT) break;
      status = parser.next(0, 0);
    }
  }
  return { framed: Buffer.concat(framed), media, others, status };
}

function hex(...parts: string[]): Buffer {
  return Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');
}

const times = (seen: Seen): number[] => seen.media.map((m) => m.time);

describe('the JavaScript chunk parser', () => {
  it('gives the same batch however the bytes are cut', () => {
    const { bytes, messages } = chunkedMedia({ chunkSize: 128, messageBytes: 3001, totalBytes: 60_000 });
    const whole = parse(bytes);
    expect(whole.media).toHaveLength(messages);
    for (const readBytes of [1, 2, 3, 7, 127, 129, 1000]) {
      const cut = parse(bytes, readBytes);
      expect(cut.framed.equals(whole.framed)).toBe(true);
      expect(cut.media).toEqual(whole.media);
    }
  });

  it('gives the same batch when the slab is too small for a message', () => {
    const { bytes } = chunkedMedia({ chunkSize: 4096, messageBytes: 300_000, totalBytes: 2_400_000 });
    const small = parse(bytes, 65536, { arenas: new ArenaRing(160_000, 2) });
    expect(small.framed.equals(parse(bytes).framed)).toBe(true);
  });

  it('repeats the delta of a fmt 0 header on fmt 3, as FMLE expects', () => {
    const payload = '00'.repeat(157);
    const first = hex('04 00001a 00009d 08 01000000', payload.slice(0, 256), 'c4', payload.slice(256));
    const second = hex('c4', payload.slice(0, 256), 'c4', payload.slice(256));
    expect(times(parse(Buffer.concat([first, second])))).toEqual([26, 52]);
  });

  it('adds deltas of fmt 1, 2 and 3', () => {
    const bytes = hex('06 0003e8 000001 09 01000000 27', '46 000028 000001 09 27', '86 000014 27', 'c6 27');
    expect(times(parse(bytes))).toEqual([1000, 1040, 1060, 1080]);
  });

  it('carries a wrapped timestamp into the high word', () => {
    const bytes = hex('06 ffffff 000001 09 01000000 fffffff0 27', '46 000020 000001 09 27');
    expect(times(parse(bytes))).toEqual([0xfffffff0, 2 ** 32 + 0x10]);
  });

  it('lets time go back with a delta of minus ten', () => {
    const bytes = hex('06 000064 000001 09 01000000 27', '46 ffffff 000001 09 fffffff6 27');
    expect(times(parse(bytes))).toEqual([100, 90]);
  });

  it.each([true, false])('reads a long message whose continuations repeat the extended timestamp: %s', (repeats) => {
    const body = pseudoRandom(300);
    body[0] = 0x27;
    const again = repeats ? '01000000' : '';
    const bytes = Buffer.concat([
      hex('06 ffffff 00012c 09 01000000 01000000'),
      body.subarray(0, 128),
      hex('c6', again),
      body.subarray(128, 256),
      hex('c6', again),
      body.subarray(256),
    ]);
    const seen = parse(bytes, 1);
    expect(times(seen)).toEqual([16777216]);
    expect(seen.framed.subarray(16).equals(body)).toBe(true);
  });

  it('puts an audio message that ends first before the video message it interrupts', () => {
    const video = pseudoRandom(300);
    video[0] = 0x17;
    video[1] = 1;
    const bytes = Buffer.concat([
      hex('06 000000 00012c 09 01000000'),
      video.subarray(0, 128),
      hex('04 000000 000003 08 01000000 af0111'),
      hex('c6'),
      video.subarray(128, 256),
      hex('c6'),
      video.subarray(256),
    ]);
    const seen = parse(bytes, 5);
    expect(seen.media.map((m) => m.type)).toEqual([8, 9]);
    expect(seen.media[1].flags & FLAG_KEYFRAME).toBe(FLAG_KEYFRAME);
    expect(seen.framed.subarray(-300).equals(video)).toBe(true);
  });

  it('applies Set Chunk Size to the rest of a message that has begun', () => {
    const body = Buffer.alloc(300, 0x27);
    const bytes = Buffer.concat([
      hex('06 000000 00012c 09 01000000'),
      body.subarray(0, 128),
      hex('02 000000 000004 01 00000000 00001000'),
      hex('c6'),
      body.subarray(128),
    ]);
    expect(parse(bytes).media).toHaveLength(1);
  });

  it('drops a message on Abort and reads the next one on that chunk stream', () => {
    const bytes = Buffer.concat([
      hex('06 000000 00012c 09 01000000'),
      Buffer.alloc(128),
      hex('02 000000 000004 02 00000000 00000006'),
      hex('06 000005 000002 09 01000000 1700'),
    ]);
    const seen = parse(bytes);
    expect(times(seen)).toEqual([5]);
    expect(seen.media[0].flags).toBe(FLAG_SEQUENCE_HEADER);
  });

  it('frames a message of several outgoing chunks with fmt 3 headers between', () => {
    const body = Buffer.alloc(100, 0x27);
    const seen = parse(Buffer.concat([hex('06 000000 000064 09 01000000'), body]), 9, { outChunkSize: 40 });
    expect(seen.framed.length).toBe(12 + 100 + 2);
    expect([seen.framed[52], seen.framed[93]]).toEqual([0xc6, 0xc6]);
  });

  it('hands over commands in the order of the stream', () => {
    const seen = parse(hex('03 000000 000003 14 00000000 020000', '06 000000 000001 09 01000000 27'));
    expect(seen.others).toEqual([{ type: 20, payload: '020000' }]);
    expect(seen.media).toHaveLength(1);
  });

  it('accepts a fresh fmt 1 ping from librtmp', () => {
    expect(parse(hex('42 000000 000006 04 000700000000')).others).toEqual([{ type: 4, payload: '000700000000' }]);
  });

  it.each([
    ['a fresh fmt 2 header', '83 000000', ERR_CHUNK_FRESH_HEADER],
    ['a fresh fmt 3 header', 'c3', ERR_CHUNK_FRESH_HEADER],
    ['chunk size 0', '02 000000 000004 01 00000000 00000000', ERR_CHUNK_SIZE_INVALID],
    ['a chunk size with the top bit set', '02 000000 000004 01 00000000 80000000', ERR_CHUNK_SIZE_INVALID],
    [
      'a fmt 0 header inside a message',
      `06 000000 00012c 09 01000000 ${'00'.repeat(128)} 06 000000 00012c 09 01000000`,
      ERR_CHUNK_MID_MESSAGE,
    ],
  ])('refuses %s', (_what, bytes, code) => {
    expect(parse(hex(bytes)).status).toBe(code);
  });

  it('refuses more unfinished messages than allowed', () => {
    const parts: Buffer[] = [];
    for (let csid = 10; csid < 20; csid++) {
      parts.push(hex(csid.toString(16).padStart(2, '0'), '000000 00012c 09 01000000'), Buffer.alloc(128));
    }
    expect(parse(Buffer.concat(parts)).status).toBe(ERR_CHUNK_PARTIAL_LIMIT);
  });
});
