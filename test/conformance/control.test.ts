import { describe } from 'vitest';
import * as C from '../../assembly/constants.js';
import { fill, hex, runVectors } from '../support/conformance/vectors.js';

const video = fill(300, 0x27);
const begin = Buffer.concat([hex('06 00000A 00012C 09 01000000'), video.subarray(0, 128)]);
const audio = hex('04 00000B 000002 08 01000000 AF01');

const setChunkSize = (value: string): Buffer => hex(`02 000000 000004 01 00000000 ${value}`);

describe('interleaving, Set Chunk Size and Abort (RTMP 1.0 §5.3, §5.4.1, §5.4.2)', () => {
  runVectors([
    {
      name: 'gathers 300 bytes of video while audio comes between its chunks; the audio is complete first',
      bytes: Buffer.concat([begin, audio, hex('C6'), video.subarray(128, 256), hex('C6'), video.subarray(256)]),
      messages: [
        { type: 8, timestamp: 11 },
        { type: 9, timestamp: 10, payload: video },
      ],
    },
    {
      name: 'lets a chunk size of 4096 in the middle of a message count from its next chunk, which holds 172 bytes',
      bytes: Buffer.concat([begin, setChunkSize('00001000'), hex('C6'), video.subarray(128)]),
      messages: [{ type: 9, payload: video }],
    },
    {
      name: 'works at chunk size 1',
      bytes: Buffer.concat([
        setChunkSize('00000001'),
        hex('06 000000 000004 09 01000000 27 C6 01 C6 02 C6 03'),
        hex('02 000000 000004 01 00000000 00 C2 00 C2 10 C2 00'), // Set Chunk Size 4096, itself in chunks of 1
        hex('86 000005 27010203'),
      ]),
      messages: [
        { type: 9, payload: hex('27010203') },
        { type: 9, timestamp: 5, payload: hex('27010203') },
      ],
    },
    { name: 'refuses chunk size 0', bytes: setChunkSize('00000000'), error: C.ERR_CHUNK_SIZE_INVALID },
    { name: 'refuses chunk size 80000000', bytes: setChunkSize('80000000'), error: C.ERR_CHUNK_SIZE_INVALID },
    {
      name: 'takes chunk size 7FFFFFFF for the longest message there is',
      bytes: Buffer.concat([setChunkSize('7FFFFFFF'), hex('06 000000 00012C 09 01000000'), video]),
      messages: [{ type: 9, payload: video }],
    },
    {
      name: 'passes over a Set Chunk Size of three bytes',
      bytes: Buffer.concat([hex('02 000000 000003 01 00000000 000010'), audio]),
      messages: [{ type: 8 }],
    },
    {
      name: 'refuses a chunk size under the configured smallest',
      bytes: setChunkSize('0000007F'),
      options: { limits: { chunkSizeMin: 128 } },
      error: C.ERR_CHUNK_SIZE_TOO_SMALL,
    },
    {
      name: 'drops 128 of 300 bytes on Abort; the next message on that chunk stream is whole',
      bytes: Buffer.concat([
        begin,
        hex('02 000000 000004 02 00000000 00000006'),
        hex('06 000014 000002 09 01000000 2701'),
      ]),
      messages: [{ type: 9, timestamp: 20, payload: hex('2701') }],
    },
    {
      name: 'keeps what headers inherit after Abort',
      bytes: Buffer.concat([begin, hex('02 000000 000004 02 00000000 00000006'), hex('46 000005 000002 09 2701')]),
      messages: [{ type: 9, timestamp: 15, messageStreamId: 1, payload: hex('2701') }],
    },
    {
      name: 'lets Abort for an unknown, an idle and an impossible chunk stream do nothing',
      bytes: Buffer.concat([
        hex('02 000000 000004 02 00000000 00000009'),
        hex('02 000000 000004 02 00000000 00000002'),
        hex('02 000000 000004 02 00000000 00000000'),
        hex('02 000000 000004 02 00000000 FFFFFFFF'),
        hex('02 000000 000004 02 00000000 000000FF'),
        audio,
      ]),
      messages: [{ type: 8 }],
    },
    {
      name: 'hands out acknowledgement, window, bandwidth and user control messages',
      bytes: hex(`
        02 000000 000004 03 00000000 000F4240             // Acknowledgement
        02 000000 000004 05 00000000 00002710             // Window Acknowledgement Size
        02 000000 000005 06 00000000 002625A002           // Set Peer Bandwidth
        02 000000 00000A 04 00000000 0003 00000001 00000BB8 // SetBufferLength
        02 000000 000006 04 00000000 0006 000003E8        // ping`),
      messages: [
        { type: 3, payload: hex('000F4240') },
        { type: 5, payload: hex('00002710') },
        { type: 6, payload: hex('002625A002') },
        { type: 4, payload: hex('0003 00000001 00000BB8') },
        { type: 4, payload: hex('0006 000003E8') },
      ],
    },
    {
      name: 'hands out shared object and AMF3 messages as they are',
      bytes: hex(`
        03 000000 000001 13 00000000 BB
        03 000000 000001 10 00000000 CC
        03 000000 000002 11 00000000 0005
        03 000000 000002 0F 01000000 0005`),
      messages: [19, 16, 17, 15].map((type) => ({ type })),
    },
    {
      name: 'gathers a command of several chunks around media',
      bytes: Buffer.concat([hex('03 000000 0000C8 14 00000000'), fill(128), audio, hex('C3'), fill(72, 128), audio]),
      messages: [{ type: 8 }, { type: 20, payload: fill(200) }, { type: 8 }],
    },
  ]);
});
