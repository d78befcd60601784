import { describe, expect, it } from 'vitest';
import { inspectLine } from '../../../src/inspect/render.js';
import { type StreamItem, StreamWalker, type StreamWalkOptions } from '../../../src/inspect/stream-walker.js';
import { type AmfInput, writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';
import { DEFAULT_CODEC_LIMITS } from '../../../src/wasm/limits.js';
import { chunks } from '../../support/rtmp-wire.js';

const HANDSHAKE = Buffer.concat([Buffer.from([3]), Buffer.alloc(3072)]);

function walk(bytes: Buffer, options?: StreamWalkOptions): StreamItem[] {
  return [...new StreamWalker(DEFAULT_CODEC_LIMITS, options).push(bytes)];
}

function command(messageStreamId: number, ...values: AmfInput[]): Buffer {
  return chunks({ type: 20, timestamp: 0, messageStreamId, payload: writeAmf0(...values) });
}

describe('the stream walker', () => {
  it('names the handshake, then chunks and messages with their positions', () => {
    const lines = walk(Buffer.concat([HANDSHAKE, command(0, 'createStream', 2, null)])).map(inspectLine);
    expect(lines).toEqual([
      '        0  C0: 1 byte, version 3',
      '        1  C1: 1536 bytes, time 0, version 0.0.0.0',
      '     1537  C2: 1536 bytes, echo of time 0',
      '     3073  chunk fmt 0 csid 3  type 20 (command) time 0 length 25 stream 0',
      '             = command createStream(2, null)',
    ]);
  });

  it('names the handshake of a server by its own letters', () => {
    expect(walk(HANDSHAKE, { side: 'server' }).map((item) => item.kind === 'handshake' && item.name)).toEqual([
      'S0',
      'S1',
      'S2',
    ]);
  });

  it.each([
    ['GET / HTTP/1.1', 'ERR_HANDSHAKE_HTTP'],
    ['\x16\x03\x01', 'ERR_HANDSHAKE_TLS'],
    ['\x06', 'ERR_HANDSHAKE_ENCRYPTED'],
    ['\x00', 'ERR_HANDSHAKE_VERSION'],
  ])('refuses a connection that begins with %j as the server does', (text, code) => {
    expect(walk(Buffer.from(text, 'latin1'))).toMatchObject([{ kind: 'fault', at: 0, code }]);
  });

  it('tells of a handshake that is not complete how much is there', () => {
    const walker = new StreamWalker(DEFAULT_CODEC_LIMITS);
    const parts = [...walker.push(HANDSHAKE.subarray(0, 100)), ...walker.end()];
    expect(parts.map(inspectLine)).toEqual([
      '        0  C0: 1 byte, version 3',
      '        1  C1: 99 bytes, cut off here',
    ]);
  });

  it('allows long messages while a publish runs, and not before and after it', () => {
    const video = (): Buffer =>
      chunks({ type: 9, timestamp: 0, messageStreamId: 1, payload: Buffer.alloc(70_000, 0x27) });
    const codes = (...parts: Buffer[]): string[] =>
      walk(Buffer.concat(parts), { handshake: false }).flatMap((item) => (item.kind === 'fault' ? [item.code] : []));
    const publish = command(1, 'publish', 5, null, 'cam1', 'live');
    expect(codes(publish, video())).toEqual([]);
    expect(codes(video())).toEqual(['ERR_CHUNK_MEDIA_TOO_LONG']);
    expect(codes(publish, command(0, 'deleteStream', 6, null, 1), video())).toEqual(['ERR_CHUNK_MEDIA_TOO_LONG']);
    expect(codes(publish, command(1, 'closeStream', 6, null), video())).toEqual(['ERR_CHUNK_MEDIA_TOO_LONG']);
  });

  it('goes on in the middle of a message from where the server stood', () => {
    const video = chunks({
      type: 9,
      timestamp: 40,
      messageStreamId: 1,
      payload: Buffer.alloc(300, 0x27),
      chunkStreamId: 6,
    });
    const cut = 12 + 128 + 1 + 50;
    const streams = [
      {
        chunkStreamId: 6,
        extended: false,
        raw: 40,
        timestamp: 40,
        length: 300,
        type: 9,
        messageStreamId: 1,
        received: 178,
      },
    ];
    const from = { chunkSize: 128, streams, lastMedia: 40, open: { chunkStreamId: 6, bytes: 78 } };
    const rest = Buffer.concat([video.subarray(cut), Buffer.from([0xc6])]);
    const items = walk(rest, { at: 1000, from, publishing: true });
    expect(items).toMatchObject([
      { kind: 'chunk', at: 1078, fmt: 3, begins: false },
      { kind: 'message', type: 9, length: 300, timestamp: 40 },
      { kind: 'chunk', at: 1000 + rest.length - 1, begins: true, timestamp: 80 },
    ]);
  });
});
