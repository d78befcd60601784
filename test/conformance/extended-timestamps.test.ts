import { describe } from 'vitest';
import { fill, hex, runVectors } from '../support/conformance/vectors.js';

const video = fill(300, 0x27);

/** 300 bytes of video at 16777216 ms in three chunks, with or without the extended timestamp on fmt 3. */
function chunks(onContinuation: string): Buffer {
  return Buffer.concat([
    hex('06 FFFFFF 00012C 09 01000000 01000000'),
    video.subarray(0, 128),
    hex(`C6 ${onContinuation}`),
    video.subarray(128, 256),
    hex(`C6 ${onContinuation}`),
    video.subarray(256),
  ]);
}

const framed = Buffer.concat([hex('06 FFFFFF 00012C 09 01000000 01000000'), video]);

describe('extended timestamp (RTMP 1.0 §5.3.1.3)', () => {
  runVectors([
    {
      name: 'reads fmt 3 chunks that repeat it, as ffmpeg sends them',
      bytes: chunks('01000000'),
      messages: [{ type: 9, timestamp: 16777216, payload: video, framed }],
    },
    {
      name: 'reads fmt 3 chunks that leave it out, as OBS before 30.1 sends them',
      bytes: chunks(''),
      messages: [{ type: 9, timestamp: 16777216, payload: video, framed }],
    },
    {
      name: 'takes payload that happens to equal it for the timestamp: the loss that both styles together cost',
      bytes: Buffer.concat([
        hex('06 FFFFFF 000084 09 01000000 01000000'),
        fill(128),
        hex('C6 01000000'),
        hex('0A0B0C0D'),
      ]),
      messages: [{ type: 9, timestamp: 16777216, payload: Buffer.concat([fill(128), hex('0A0B0C0D')]) }],
    },
    {
      name: 'repeats it in every outgoing fmt 3 chunk',
      bytes: chunks('01000000'),
      options: { limits: { outChunkSize: 128 } },
      messages: [{ type: 9, payload: video, framed: chunks('01000000') }],
    },
    {
      name: 'reads a fmt 1 whose delta needs it, and a fmt 3 message that repeats that delta',
      bytes: hex(`
        06 000000 000002 09 01000000 2701
        46 FFFFFF 000002 09 01000000 2701   // delta 16777216
        C6 01000000 2701                    // again`),
      messages: [
        { type: 9, timestamp: 0 },
        { type: 9, timestamp: 16777216 },
        { type: 9, timestamp: 33554432, framed: hex('06 FFFFFF 000002 09 01000000 02000000 2701') },
      ],
    },
    {
      name: 'recognises the absolute timestamp on fmt 3 chunks of a fmt 1 message',
      bytes: Buffer.concat([
        hex('06 000064 000001 09 01000000 27'),
        hex('46 FFFFFF 0000C8 09 01000000'),
        fill(128),
        hex('C6 01000064'),
        fill(72, 128),
      ]),
      messages: [
        { type: 9, timestamp: 100 },
        { type: 9, timestamp: 16777316, payload: fill(200) },
      ],
    },
    {
      name: 'goes on past 2^32 ms: 64 bits inside, 32 towards players',
      bytes: hex(`
        04 FFFFFF 000002 08 01000000 FFFFFFF0 AF01
        44 000020 000002 08 AF01`),
      messages: [
        { type: 8, timestamp: 0xfffffff0, framed: hex('04 FFFFFF 000002 08 01000000 FFFFFFF0 AF01') },
        { type: 8, timestamp: 2 ** 32 + 16, framed: hex('04 000010 000002 08 01000000 AF01') },
      ],
    },
    {
      name: 'sees a fmt 0 after the wrap as later, also on a chunk stream that begins then',
      bytes: hex(`
        04 FFFFFF 000002 08 01000000 FFFFFFFA AF01
        04 000004 000002 08 01000000 AF01
        06 000006 000002 09 01000000 2701`),
      messages: [
        { type: 8, timestamp: 0xfffffffa },
        { type: 8, timestamp: 2 ** 32 + 4 },
        { type: 9, timestamp: 2 ** 32 + 6 },
      ],
    },
    {
      name: 'takes the delta FFFFFFF6 for ten milliseconds back',
      bytes: hex('04 0003E8 000002 08 01000000 AF01 44 FFFFFF 000002 08 FFFFFFF6 AF01'),
      messages: [
        { type: 8, timestamp: 1000 },
        { type: 8, timestamp: 990 },
      ],
    },
    ...[0xfffffe, 0xffffff, 0x1000000].map((timestamp) => ({
      name: `frames timestamp ${timestamp.toString(16)} for players with the header it needs`,
      bytes: hex(`04 FFFFFF 000001 08 01000000 ${timestamp.toString(16).padStart(8, '0')} 2F`),
      messages: [
        {
          type: 8,
          timestamp,
          framed:
            timestamp < 0xffffff
              ? hex('04 FFFFFE 000001 08 01000000 2F')
              : hex(`04 FFFFFF 000001 08 01000000 ${timestamp.toString(16).padStart(8, '0')} 2F`),
        },
      ],
    })),
  ]);
});
