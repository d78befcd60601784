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

  it('hide commands that stand in the place of C1 and C2', () => {
    const says = Buffer.from(`GET /live?key=${SECRET} `);
    const packets = Buffer.concat([Buffer.from([3]), Buffer.alloc(3072, says)]);
    for (const end of [packets.length, 2000, 1537, 900]) {
      const masked = maskedBytes(packets.subarray(0, end), DEFAULT_CODEC_LIMITS, {});
      expect(masked.toString('latin1'), `${end} bytes`).not.toContain(SECRET.slice(0, 9));
      expect(masked[0]).toBe(3);
    }
  });

  it('hide what came of a message that was aborted', () => {
    const begun = command('publish', 5, null, `cam1?key=${SECRET}${'k'.repeat(100)}`, 'live').subarray(0, 12 + 128);
    const abort = chunks({
      type: 2,
      timestamp: 0,
      messageStreamId: 0,
      chunkStreamId: 2,
      payload: Buffer.from([0, 0, 0, 3]),
    });
    const bytes = Buffer.concat([begun, abort, command('createStream', 6, null)]);
    const masked = mask(bytes);
    expect(lastItem(masked)).toMatchObject({ kind: 'message', type: 20 });
    expect(masked.toString('latin1')).not.toContain(SECRET.slice(0, 3));
    expect(masked.toString('latin1')).toContain('createStream');
  });

  it('hide what came of a message in chunks that are shorter than any run of text', () => {
    const payload = writeAmf0('publish', 5, null, `cam1?key=${SECRET}`, 'live');
    const size = chunks({
      type: 1,
      timestamp: 0,
      messageStreamId: 0,
      chunkStreamId: 2,
      payload: Buffer.from([0, 0, 0, 2]),
    });
    const limits = { ...DEFAULT_CODEC_LIMITS, chunkSizeMin: 1 };
    const publish = chunks({ type: 20, timestamp: 0, messageStreamId: 1, payload }, 2);
    const masked = maskedBytes(Buffer.concat([size, publish.subarray(0, -2)]), limits, WALK);
    const shown = masked.subarray(size.length + 12).filter((byte) => byte > 0x20 && byte < 0x7f && byte !== 0x2a);
    expect(Buffer.from(shown).toString('latin1')).toBe('');
  });

  it('hide what stands in the chunk in which the walk begins', () => {
    const whole = command('publish', 5, null, `cam1?key=${SECRET}`, 'live');
    const walker = new StreamWalker(DEFAULT_CODEC_LIMITS, WALK);
    expect([...walker.push(whole.subarray(0, 40))]).toHaveLength(1);
    const { at, from, publishing } = walker.restart;
    const masked = maskedBytes(whole.subarray(40), DEFAULT_CODEC_LIMITS, { at, from: from!, publishing });
    expect(masked.toString('latin1')).toBe('*'.repeat(whole.length - 40));
  });

  it('hide members of what is secret, of unknown commands and of additional arguments of connect', () => {
    for (const bytes of [
      command('connect', 1, { app: 'live', auth: { description: SECRET } }),
      command('signIn', 1, null, { description: SECRET }),
      command('connect', 1, { app: 'live' }, { description: SECRET }),
    ])
      expect(mask(bytes).toString('latin1')).not.toContain(SECRET);
    const status = command('onStatus', 0, null, { description: 'Publishing cam1.' });
    expect(mask(status).toString('latin1')).toContain('Publishing cam1.');
  });

  it('leave a header without its end one that waits for more', () => {
    // As text, its first byte would be hidden, and what stands there then would be a header that is refused.
    const bytes = Buffer.from('03ffffff0000000000800000001a212841ffffffffff0002097fffff', 'hex');
    expect(lastItem(mask(bytes))).toEqual(lastItem(bytes));
  });
});
