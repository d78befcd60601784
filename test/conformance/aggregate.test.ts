import { describe } from 'vitest';
import * as C from '../../assembly/constants.js';
import { fill, hex, runVectors } from '../support/conformance/vectors.js';

/** An FLV tag with a back pointer behind it, which may be wrong. */
function tag(type: number, time: number, body: Buffer, back = 11 + body.length): Buffer {
  const bytes = Buffer.alloc(11 + body.length + 4);
  bytes[0] = type;
  bytes.writeUIntBE(body.length, 1, 3);
  bytes.writeUIntBE(time & 0xffffff, 4, 3);
  bytes[7] = time >>> 24;
  body.copy(bytes, 11);
  bytes.writeUInt32BE(back, 11 + body.length);
  return bytes;
}

/** A message of type 22 with timestamp 100 on message stream 1, in chunks of 128 bytes. */
function aggregate(body: Buffer, head = '05'): Buffer {
  const header = Buffer.concat([hex(`${head} 000064 000000 16 01000000`)]);
  header.writeUIntBE(body.length, header.length - 8, 3);
  const basic = header.subarray(0, header.length - 11);
  const parts: Buffer[] = [header];
  for (let at = 0; at < body.length; at += 128) {
    if (at > 0) parts.push(Buffer.concat([Buffer.from([0xc0 | basic[0]!]), basic.subarray(1)]));
    parts.push(body.subarray(at, at + 128));
  }
  return Buffer.concat(parts);
}

const audio = hex('AF01 2110');
const key = Buffer.concat([hex('17 01 000000'), fill(300, 1)]);
const inter = Buffer.concat([hex('27 01 000000'), fill(40, 9)]);
const data = hex('020003 6F6E58 05');
const two = Buffer.concat([tag(8, 5000, audio), tag(9, 5040, key)]);

describe('aggregate messages (RTMP 1.0 §7.1.6)', () => {
  const vectors = [
    {
      name: 'are taken apart: times count from the timestamp of the message',
      bytes: aggregate(two),
      messages: [
        { type: 8, timestamp: 100, messageStreamId: 1, payload: audio, flags: 0 },
        { type: 9, timestamp: 140, messageStreamId: 1, payload: key, flags: C.FLAG_KEYFRAME },
      ],
    },
    {
      name: 'end with a tag that is cut off; the ones before it are delivered',
      bytes: aggregate(two.subarray(0, two.length - 40)),
      messages: [{ type: 8, timestamp: 100, payload: audio }],
    },
    {
      name: 'may lack the last back pointer, and lie in the others',
      bytes: aggregate(
        Buffer.concat([tag(8, 0, audio, 0xffffffff), tag(9, 20, inter, 0).subarray(0, 11 + inter.length)]),
      ),
      messages: [
        { type: 8, timestamp: 100, payload: audio },
        { type: 9, timestamp: 120, payload: inter },
      ],
    },
    {
      name: 'hold data, in its order',
      bytes: aggregate(Buffer.concat([tag(8, 0, audio), tag(18, 10, data), tag(9, 20, inter)])),
      messages: [
        { type: 8, timestamp: 100 },
        { type: 18, timestamp: 110, messageStreamId: 1, chunkStreamId: 5, payload: data },
        { type: 9, timestamp: 120 },
      ],
    },
    {
      name: 'hold nothing else: no aggregates, no commands, no chunk sizes',
      bytes: aggregate(
        Buffer.concat([tag(22, 0, tag(8, 0, audio)), tag(20, 5, data), tag(1, 6, hex('00000001')), tag(9, 20, inter)]),
      ),
      messages: [{ type: 9, timestamp: 120, payload: inter }],
    },
    {
      name: 'without a whole tag are ignored',
      bytes: Buffer.concat([aggregate(hex('')), aggregate(hex('08 0000')), aggregate(two.subarray(0, 14))]),
      messages: [],
      dropped: 3,
    },
    {
      name: 'have times of 32 bits that go back and wrap',
      bytes: aggregate(
        Buffer.concat([
          tag(8, 0xfffffff0, audio),
          tag(8, 0x00000010, audio),
          tag(8, 0x00000006, audio),
          tag(8, 0x01000006, audio),
        ]),
      ),
      messages: [100, 132, 122, 122 + 0x1000000].map((timestamp) => ({ type: 8, timestamp })),
    },
    {
      name: 'leave their chunk stream as it was: the next header inherits from the aggregate',
      bytes: Buffer.concat([aggregate(two.subarray(0, 19)), hex('45 000028 000002 08 AF01'), hex('C5 AF02')]),
      messages: [
        { type: 8, timestamp: 100 },
        { type: 8, timestamp: 140, payload: hex('AF01') },
        { type: 8, timestamp: 180, payload: hex('AF02') },
      ],
    },
    {
      name: 'come on chunk streams of two and three bytes, too',
      bytes: Buffer.concat([aggregate(two, '00 05'), aggregate(two, '01 0501')]),
      messages: [
        { type: 8, timestamp: 100 },
        { type: 9, timestamp: 140 },
        { type: 8, timestamp: 100 },
        { type: 9, timestamp: 140 },
      ],
    },
    {
      name: 'stand among other messages, whose unfinished ones go on behind them',
      bytes: Buffer.concat([
        hex('06 00000A 00012C 09 01000000'),
        fill(128, 0x27),
        aggregate(two),
        hex('C6'),
        fill(128, 0x27 + 128),
        hex('C6'),
        fill(44, 0x27 + 256),
      ]),
      messages: [
        { type: 8, timestamp: 100 },
        { type: 9, timestamp: 140 },
        { type: 9, timestamp: 10, payload: fill(300, 0x27) },
      ],
    },
    {
      name: 'hold 600 messages of one byte, more than a batch has',
      bytes: aggregate(Buffer.concat(Array.from({ length: 600 }, (_, i) => tag(8, i, hex('AF'))))),
      messages: Array.from({ length: 600 }, (_, i) => ({ type: 8, timestamp: 100 + i, payload: hex('AF') })),
    },
    {
      name: 'of more bytes than a message of their kind may have are refused',
      bytes: hex('05 000064 010001 16 01000000'),
      error: C.ERR_CHUNK_MESSAGE_TOO_LONG,
    },
    {
      name: 'are bound by the longest audio or video message, tag by tag',
      bytes: aggregate(Buffer.concat([tag(9, 0, fill(99)), tag(9, 0, fill(101))])),
      messages: [{ type: 9, payload: fill(99) }],
      error: C.ERR_CHUNK_MEDIA_TOO_LONG,
      options: { limits: { maxMediaBytes: 100, maxMediaBytesBeforePublish: 100 } },
    },
  ] as const;
  runVectors(vectors.map((vector) => ({ ...vector, javascript: false })));
});
