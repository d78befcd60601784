import { describe } from 'vitest';
import * as C from '../../assembly/constants.js';
import { fill, hex, runVectors, type Vector } from '../support/conformance/vectors.js';

const audio = fill(10, 0x20);

/** fmt 0 audio of 10 bytes at 26 ms on message stream id 1, behind any basic header. */
function onChunkStream(basicHeader: string, csid: number): Vector {
  return {
    name: `reads chunk stream id ${csid} from basic header ${basicHeader}`,
    bytes: Buffer.concat([
      hex(`${basicHeader} 00001A 00000A 14 01000000`),
      fill(10),
      // The same chunk stream goes on with fmt 3: the delta of a fmt 0 is its timestamp.
      Buffer.concat([Buffer.from([hex(basicHeader)[0] | 0xc0]), hex(basicHeader).subarray(1)]),
      fill(10, 50),
    ]),
    messages: [
      { type: 20, timestamp: 26, messageStreamId: 1, chunkStreamId: csid, payload: fill(10) },
      { type: 20, timestamp: 52, messageStreamId: 1, chunkStreamId: csid, payload: fill(10, 50) },
    ],
  };
}

describe('basic header (RTMP 1.0 §5.3.1.1)', () => {
  runVectors([
    onChunkStream('02', 2),
    onChunkStream('03', 3),
    onChunkStream('3F', 63),
    onChunkStream('00 00', 64),
    onChunkStream('00 FF', 319),
    onChunkStream('01 00 01', 320),
    onChunkStream('01 FF FF', 65599),
    onChunkStream('01 00 00', 64),
    {
      name: 'takes the two forms of chunk stream id 64 for the same one',
      bytes: Buffer.concat([
        hex('00 00 000064 000003 14 01000000 AABBCC'), // two-byte form, fmt 0, ts 100
        hex('41 00 00 000014 000003 14 112233'), // three-byte form, fmt 1, delta 20
        hex('C0 00 445566'), // two-byte form, fmt 3
      ]),
      messages: [
        { type: 20, timestamp: 100, chunkStreamId: 64, payload: hex('AABBCC') },
        { type: 20, timestamp: 120, chunkStreamId: 64, messageStreamId: 1, payload: hex('112233') },
        { type: 20, timestamp: 140, chunkStreamId: 64, payload: hex('445566') },
      ],
    },
  ]);
});

describe('message header (RTMP 1.0 §5.3.1.2)', () => {
  runVectors([
    {
      name: 'counts a fmt 3 after a fmt 0 from the same timestamp again, as FMLE means it',
      bytes: Buffer.concat([hex('04 00001A 00000A 08 01000000'), audio, hex('C4'), audio]),
      messages: [
        { type: 8, timestamp: 26, payload: audio, framed: Buffer.concat([hex('04 00001A 00000A 08 01000000'), audio]) },
        { type: 8, timestamp: 52, payload: audio, framed: Buffer.concat([hex('04 000034 00000A 08 01000000'), audio]) },
      ],
    },
    {
      name: 'adds the deltas of fmt 1, 2 and 3: 1000, 1040, 1060, 1080',
      bytes: hex(`
        06 0003E8 000002 09 05000000 2701  // fmt 0: ts 1000, message stream id 5
        46 000028 000003 09 270102         // fmt 1: +40, another length
        86 000014 270103                   // fmt 2: +20
        C6 270104                          // fmt 3: +20`),
      messages: [
        { type: 9, timestamp: 1000, messageStreamId: 5, framed: hex('06 0003E8 000002 09 01000000 2701') },
        { type: 9, timestamp: 1040, messageStreamId: 5, framed: hex('06 000410 000003 09 01000000 270102') },
        { type: 9, timestamp: 1060, messageStreamId: 5, framed: hex('06 000424 000003 09 01000000 270103') },
        { type: 9, timestamp: 1080, messageStreamId: 5, framed: hex('06 000438 000003 09 01000000 270104') },
      ],
    },
    {
      name: 'accepts the fmt 1 with which librtmp opens chunk stream 2',
      bytes: hex('42 000000 000006 04 0007 00000000'),
      messages: [{ type: 4, timestamp: 0, messageStreamId: 0, chunkStreamId: 2, payload: hex('0007 00000000') }],
    },
    { name: 'refuses a fmt 3 on a fresh chunk stream', bytes: hex('C3'), error: C.ERR_CHUNK_FRESH_HEADER },
    { name: 'refuses a fmt 2 on a fresh chunk stream', bytes: hex('83'), error: C.ERR_CHUNK_FRESH_HEADER },
    {
      name: 'refuses a fmt 0 in the middle of a message',
      bytes: Buffer.concat([hex('06 000000 00012C 09 01000000'), fill(128), hex('06')]),
      error: C.ERR_CHUNK_MID_MESSAGE,
    },
    {
      name: 'refuses a fmt 1 in the middle of a message, keeping what was complete before',
      bytes: Buffer.concat([
        hex('04 000000 000002 08 01000000 AF01'),
        hex('06 000000 00012C 09 01000000'),
        fill(128),
        hex('46 000000 000100'),
      ]),
      messages: [{ type: 8, payload: hex('AF01') }],
      error: C.ERR_CHUNK_MID_MESSAGE,
    },
    {
      name: 'reads audio, video and data that share chunk stream 4, as OBS sends them',
      bytes: hex(`
        04 000000 000003 12 01000000 020000 // data
        44 000000 000002 09 1700            // video sequence header
        44 000000 000002 08 AF00            // audio sequence header
        44 000017 000003 08 AF0111          // audio`),
      messages: [
        { type: 18, timestamp: 0, payload: hex('020000') },
        { type: 9, timestamp: 0, flags: C.FLAG_SEQUENCE_HEADER, messageStreamId: 1 },
        { type: 8, timestamp: 0, flags: C.FLAG_SEQUENCE_HEADER },
        { type: 8, timestamp: 23, flags: 0 },
      ],
    },
    {
      name: 'delivers an audio message of no bytes',
      bytes: hex('04 00000A 000000 08 01000000 C4'),
      messages: [
        { type: 8, timestamp: 10, payload: hex(''), flags: C.FLAG_EMPTY, framed: hex('04 00000A 000000 08 01000000') },
        { type: 8, timestamp: 20, payload: hex(''), flags: C.FLAG_EMPTY, framed: hex('04 000014 000000 08 01000000') },
      ],
    },
    {
      name: 'passes over message types 7, 10, 21 and 255',
      bytes: Buffer.concat([
        ...[7, 10, 21, 255].map((type) =>
          Buffer.concat([hex('03 000000 000096'), Buffer.from([type, 0, 0, 0, 0]), fill(128), hex('C3'), fill(22)]),
        ),
        hex('04 000000 000001 08 01000000 2F'),
      ]),
      messages: [{ type: 8, payload: hex('2F'), codec: 2 }],
      dropped: 4,
    },
    {
      name: 'keeps messages of two message stream ids apart and in order',
      bytes: hex(`
        04 000001 000001 08 01000000 2F
        05 000002 000001 08 02000000 2E
        06 000003 000000 09 02000000
        04 000004 000001 08 01000000 2D
        07 000005 000000 09 02000000`),
      messages: [
        { type: 8, messageStreamId: 1, timestamp: 1 },
        { type: 8, messageStreamId: 2, timestamp: 2 },
        { type: 9, messageStreamId: 2, timestamp: 3 },
        { type: 8, messageStreamId: 1, timestamp: 4 },
        { type: 9, messageStreamId: 2, timestamp: 5 },
      ],
    },
  ]);
});
