import { describe, expect, it } from 'vitest';
import { messageSays } from '../../../src/inspect/render.js';
import { StreamWalker } from '../../../src/inspect/stream-walker.js';
import { AmfEcmaArray, writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';
import { DEFAULT_CODEC_LIMITS } from '../../../src/wasm/limits.js';
import { chunks } from '../../support/rtmp-wire.js';

function says(type: number, payload: Buffer): string {
  const walker = new StreamWalker(DEFAULT_CODEC_LIMITS, { handshake: false });
  const items = [...walker.push(chunks({ type, timestamp: 0, messageStreamId: 1, payload }, 128))];
  return items.flatMap((item) => (item.kind === 'message' ? [messageSays(item)] : []))[0] ?? '';
}

describe('a message in words', () => {
  it.each([
    [1, '00001000', 'set chunk size 4096'],
    [2, '00000004', 'abort 4'],
    [3, '00010000', 'acknowledgement 65536'],
    [4, '000300000001000003E8', 'user control SetBufferLength 1 1000 ms'],
    [4, '0006000003E8', 'user control PingRequest 1000'],
    [4, '0063000003E8', 'user control event 99 1000'],
    [4, '00', 'user control of 1 bytes'],
    [5, '002625A0', 'window acknowledgement size 2500000'],
    [6, '002625A002', 'set peer bandwidth 2500000 dynamic'],
    [8, 'AF001210', 'audio 4 bytes AAC sequence header'],
    [8, 'AF0112', 'audio 3 bytes AAC'],
    [9, '1700000000', 'video 5 bytes AVC sequence header'],
    [9, '1701000000', 'video 5 bytes AVC keyframe'],
    [9, '2701000000', 'video 5 bytes AVC'],
    [9, '9068766331', 'video 5 bytes hvc1 sequence header'],
    [9, '', 'video 0 bytes'],
    [22, '0102', 'aggregate of 2 bytes'],
    [
      22,
      '0800000100000500000000af0000000c0900000200002d000000002701',
      'aggregate of 29 bytes: audio +0 ms 1 bytes, video +40 ms 2 bytes',
    ],
    [77, '0102', 'type 77 of 2 bytes'],
  ])('of type %i with %s is "%s"', (type, payload, words) => {
    expect(says(type, Buffer.from(payload, 'hex'))).toBe(words);
  });

  it('shows values of every kind', () => {
    const payload = writeAmf0(
      'call',
      7,
      { a: 1.5, b: true, c: null, d: undefined, e: new Date(5) },
      [1, false],
      new AmfEcmaArray({ f: 2 }),
    );
    expect(says(20, Buffer.concat([payload]))).toBe(
      'command call(7, {a: ***, b: true, c: null, d: undefined, e: ***}, [***, false], {f: ***})',
    );
    const data = writeAmf0('onMetaData', { a: 1.5, e: new Date(5), f: [1, 'x'] });
    expect(says(18, data)).toBe('data onMetaData({a: 1.5, e: date 5, f: [1, "x"]})');
  });

  it('escapes what could steer a terminal, and hides how long a secret is', () => {
    const payload = writeAmf0('publish', 5, null, 'cam1?key=secret', 'live');
    expect(says(20, payload)).toBe('command publish(5, null, "cam1***", "live")');
    expect(says(18, writeAmf0('onMetaData', { 'a\x1b[2J': 1 }))).toBe('data onMetaData({a***: 1})');
  });

  it('says where values cannot be read', () => {
    const broken = Buffer.concat([writeAmf0('publish', 5), Buffer.from([0x13])]);
    expect(says(20, broken)).toMatch(
      /^command publish\(5\) then ERR_AMF_MARKER at byte 19 of the payload: expected a marker/,
    );
    expect(says(20, writeAmf0('publish', 5).subarray(0, -1))).toBe(
      'command publish() cut off at byte 11 of the payload',
    );
  });

  it('is cut where a message has very many values', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i]));
    expect(says(18, writeAmf0('onMetaData', many))).toContain('k63: 63, … 36 more}');
  });
});
