import { describe, expect, it } from 'vitest';
import { maskedBytes } from '../../../src/inspect/mask.js';
import { type StreamItem, StreamWalker } from '../../../src/inspect/stream-walker.js';
import { type AmfInput, writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';
import { DEFAULT_CODEC_LIMITS } from '../../../src/wasm/limits.js';
import { chunks } from '../../support/rtmp-wire.js';

const SECRET = 'hunter2SECRET';
const WALK = { handshake: false };

function command(...values: AmfInput[]): Buffer {
  return chunks({ type: 20, timestamp: 0, messageStreamId: 1, payload: writeAmf0(...values) });
}

function mask(bytes: Buffer): Buffer {
  return maskedBytes(bytes, DEFAULT_CODEC_LIMITS, WALK);
}

function lastItem(bytes: Buffer): StreamItem | undefined {
  return [...new StreamWalker(DEFAULT_CODEC_LIMITS, WALK).push(bytes)].at(-1);
}

describe('masked bytes', () => {
  it('hide a secret that chunk headers cut in two', () => {
    const tcUrl = `rtmp://host/live?key=${'k'.repeat(90)}${SECRET}`;
    const bytes = command('connect', 1, { app: 'live', tcUrl });
    expect(bytes.includes(0xc3)).toBe(true);
    const masked = mask(bytes);
    expect(masked.length).toBe(bytes.length);
    expect(masked.indexOf(0xc3)).toBe(bytes.indexOf(0xc3));
    const text = masked.toString('latin1');
    for (let i = 0; i + 4 <= SECRET.length; i++) expect(text).not.toContain(SECRET.slice(i, i + 4));
  });

  it('hide what came of a message that is not complete', () => {
    const bytes = command('publish', 5, null, `cam1?key=${SECRET}`, 'live');
    expect(mask(bytes.subarray(0, -9)).toString('latin1')).not.toContain(SECRET.slice(0, 4));
  });

  it('hide text behind a fault, and hold the fault where it is', () => {
    const broken = Buffer.concat([
      command('createStream', 2, null),
      Buffer.from([0xc7]),
      command('publish', 5, null, SECRET),
    ]);
    const masked = mask(broken);
    expect(masked.toString('latin1')).not.toContain(SECRET.slice(0, 4));
    expect(lastItem(masked)).toEqual(lastItem(broken));
    expect(lastItem(broken)).toMatchObject({ kind: 'fault', code: 'ERR_CHUNK_FRESH_HEADER' });
  });

  it('hold a fault in text that is taken for a header, and show no more of it than that takes', () => {
    // The client sends chunks of 4096 bytes and has not said so, so byte 128 of the text is read as a header.
    const payload = writeAmf0('connect', 1, { tcUrl: `rtmp://host/live?key=${'k'.repeat(60)}${SECRET}${SECRET}` });
    const broken = chunks({ type: 20, timestamp: 0, messageStreamId: 0, payload }, 4096);
    expect(lastItem(broken)).toMatchObject({ kind: 'fault', at: 140 });
    const masked = mask(broken);
    expect(lastItem(masked)).toMatchObject({ kind: 'fault', at: 140 });
    expect(masked.toString('latin1')).not.toContain(SECRET);
    expect(masked.subarray(152).toString('latin1')).not.toMatch(/[A-Za-z0-9]{3}/);
  });

  it('of an HTTP request to the wrong port have no text behind the first byte', () => {
    const request = Buffer.from(`GET /live?key=${SECRET} HTTP/1.1\r\nAuthorization: Basic ${SECRET}\r\n\r\n`);
    const masked = maskedBytes(request, DEFAULT_CODEC_LIMITS, {});
    expect(masked.toString('latin1')).toMatch(/^G\*+\r\n\*+\r\n\r\n$/);
  });
});
