import { describe } from 'vitest';
import * as C from '../../assembly/constants.js';
import { type Expected, hex, runVectors, type Vector } from '../support/conformance/vectors.js';

const fourCc = (name: string): number => Buffer.from(name, 'latin1').readUInt32BE(0);
const ENHANCED = C.FLAG_ENHANCED;

function media(type: 8 | 9, what: string, payload: string, facts: Omit<Expected, 'type'>): Vector {
  const bytes = hex(payload);
  const header = Buffer.from([type === 8 ? 4 : 6, 0, 0, 0, 0, 0, bytes.length, type, 1, 0, 0, 0]);
  return {
    name: `knows ${what}`,
    bytes: Buffer.concat([header, bytes]),
    messages: [{ type, payload: bytes, ...facts }],
  };
}

describe('facts of media payloads (FLV tags, Enhanced RTMP v2)', () => {
  runVectors([
    media(9, 'an AVC sequence header, whose frame type says keyframe', '17 00 000000 0142', {
      codec: 7,
      flags: C.FLAG_SEQUENCE_HEADER,
      packetType: 0,
    }),
    media(9, 'an AVC keyframe', '17 01 000000 00', { codec: 7, flags: C.FLAG_KEYFRAME, packetType: 1 }),
    media(9, 'an AVC inter frame', '27 01 000000 00', { codec: 7, flags: 0 }),
    media(9, 'the AVC end of sequence of ffmpeg', '17 02 000000', { codec: 7, flags: C.FLAG_END_OF_SEQUENCE }),
    media(9, 'a disposable AVC frame', '37 01 000000', { codec: 7, flags: C.FLAG_DISPOSABLE }),
    media(9, 'a generated keyframe', '42 00', { codec: 2, flags: C.FLAG_KEYFRAME }),
    media(9, 'a legacy command frame', '57 00', { codec: 7, flags: C.FLAG_COMMAND }),
    media(9, 'HEVC under the unofficial id 12', '1C 00 000000 01', { codec: 12, flags: C.FLAG_SEQUENCE_HEADER }),
    media(9, 'an H.263 keyframe, whose second byte is no packet type', '12 00', {
      codec: 2,
      flags: C.FLAG_KEYFRAME,
      packetType: 1,
    }),
    media(8, 'an AAC sequence header', 'AF 00 1210', { codec: 10, flags: C.FLAG_SEQUENCE_HEADER, packetType: 0 }),
    media(8, 'an AAC frame', 'AF 01 21', { codec: 10, flags: 0, packetType: 1 }),
    media(8, 'MP3', '2F FF', { codec: 2, flags: 0 }),
    media(8, 'unofficial legacy Opus', 'D0 00', { codec: 13, flags: 0 }),
    media(9, 'an enhanced sequence start', '90 68766331 01', {
      codec: fourCc('hvc1'),
      flags: ENHANCED | C.FLAG_SEQUENCE_HEADER,
      packetType: 0,
    }),
    media(9, 'a sequence start of frame type 0', '80 61763031 81', {
      codec: fourCc('av01'),
      flags: ENHANCED | C.FLAG_SEQUENCE_HEADER,
    }),
    media(9, 'an enhanced keyframe with composition time', '91 68766331 000010 00', {
      codec: fourCc('hvc1'),
      flags: ENHANCED | C.FLAG_KEYFRAME,
      packetType: 1,
    }),
    media(9, 'enhanced CodedFramesX, inter', 'A3 61766331 00', {
      codec: fourCc('avc1'),
      flags: ENHANCED,
      packetType: 3,
    }),
    media(9, 'the enhanced sequence end', '92 68766331', {
      codec: fourCc('hvc1'),
      flags: ENHANCED | C.FLAG_END_OF_SEQUENCE,
    }),
    media(9, 'colour metadata as ffmpeg sends it, with frame type command', 'D4 61763031 020009 636F6C6F72496E666F', {
      codec: fourCc('av01'),
      flags: ENHANCED | C.FLAG_CONFIG,
      packetType: 4,
    }),
    media(9, 'colour metadata as OBS sends it', '84 68766331 02', {
      codec: fourCc('hvc1'),
      flags: ENHANCED | C.FLAG_CONFIG,
    }),
    media(9, 'an enhanced command frame', 'D1 00', { codec: 0, flags: ENHANCED | C.FLAG_COMMAND }),
    media(9, 'an MPEG-2 TS sequence start', '95 61763031 80', {
      codec: fourCc('av01'),
      flags: ENHANCED | C.FLAG_SEQUENCE_HEADER,
      packetType: 5,
    }),
    media(9, 'the packet type behind a ModEx prefix', '97 02 00000A 01 68766331 000000', {
      codec: fourCc('hvc1'),
      flags: ENHANCED | C.FLAG_KEYFRAME,
      packetType: 1,
    }),
    media(9, 'the packet type behind two ModEx prefixes', '97 02 00000A 07 00 AA 13 68766331', {
      codec: fourCc('hvc1'),
      flags: ENHANCED | C.FLAG_KEYFRAME,
      packetType: 3,
    }),
    media(9, 'a ModEx prefix cut off', '97 FF 01', { codec: 0, flags: ENHANCED, packetType: 7 }),
    media(9, 'OneTrack multitrack', '96 01 61766331 05 000000', {
      codec: fourCc('avc1'),
      flags: ENHANCED | C.FLAG_MULTITRACK | C.FLAG_KEYFRAME,
      trackId: 5,
      packetType: 1,
    }),
    media(9, 'ManyTracks multitrack', 'A6 11 68766331 02 000001 AA 03 000001 BB', {
      codec: fourCc('hvc1'),
      flags: ENHANCED | C.FLAG_MULTITRACK,
      trackId: 2,
    }),
    media(9, 'ManyTracksManyCodecs multitrack', '96 20 61766331 07 000001 AA 68766331 08 000001 BB', {
      codec: fourCc('avc1'),
      flags: ENHANCED | C.FLAG_MULTITRACK | C.FLAG_SEQUENCE_HEADER,
      trackId: 7,
    }),
    media(9, 'a FourCC nobody knows', '91 7A7A7A7A 00', { codec: fourCc('zzzz'), flags: ENHANCED | C.FLAG_KEYFRAME }),
    media(8, 'an enhanced audio sequence start', '90 4F707573 4F70', {
      codec: fourCc('Opus'),
      flags: ENHANCED | C.FLAG_SEQUENCE_HEADER,
    }),
    media(8, 'an enhanced audio frame', '91 61632D33 0B77', { codec: fourCc('ac-3'), flags: ENHANCED }),
    media(8, 'an audio sequence end', '92 6D703461', {
      codec: fourCc('mp4a'),
      flags: ENHANCED | C.FLAG_END_OF_SEQUENCE,
    }),
    media(8, 'a multichannel config', '94 4F707573 01 02 00000003', {
      codec: fourCc('Opus'),
      flags: ENHANCED | C.FLAG_CONFIG,
    }),
    media(8, 'multitrack audio', '95 00 664C6143 01 664C', {
      codec: fourCc('fLaC'),
      flags: ENHANCED | C.FLAG_MULTITRACK | C.FLAG_SEQUENCE_HEADER,
      trackId: 1,
    }),
    media(9, 'a payload of one byte', '17', { codec: 7, flags: C.FLAG_KEYFRAME }),
    media(9, 'an enhanced payload of one byte', '91', { codec: 0, flags: ENHANCED | C.FLAG_KEYFRAME }),
  ]);
});
