import { describe, expect, it } from 'vitest';
import { readFramed, readPayload } from '../../../src/hub/framing.js';
import { HeaderCache } from '../../../src/hub/header-cache.js';

const AUDIO = Buffer.from([0xaf, 0, 1]);
const VIDEO = Buffer.from([0x17, 0, 2]);
const METADATA = Buffer.from([2, 0, 1, 0x61]);

function messages(bytes: Buffer): { type: number; timestamp: number; payload: Buffer }[] {
  const out = [];
  for (let at = 0; at < bytes.length; ) {
    const message = readFramed(bytes, at, 128);
    out.push({ type: message.type, timestamp: message.timestamp, payload: readPayload(bytes, message, 128) });
    at += message.framedBytes;
  }
  return out;
}

describe('the cache of headers', () => {
  it('gives metadata at time 0, then audio, then video headers at the time of the first frame', () => {
    const cache = new HeaderCache(128);
    cache.set('video:0:header', 9, VIDEO, 0);
    cache.set('audio:0:header', 8, AUDIO, 50);
    cache.set('metadata', 18, METADATA, 100);
    const { bytes, complete } = cache.preamble(5000, 1000);
    expect(complete).toBe(true);
    expect(messages(bytes)).toEqual([
      { type: 18, timestamp: 0, payload: METADATA },
      { type: 8, timestamp: 5000, payload: AUDIO },
      { type: 9, timestamp: 5000, payload: VIDEO },
    ]);
  });

  it('leaves out what the player will get out of the log itself, and says so', () => {
    const cache = new HeaderCache(128);
    cache.set('metadata', 18, METADATA, 0);
    cache.set('video:0:header', 9, VIDEO, 100);
    const early = cache.preamble(7, 100);
    expect(early.complete).toBe(false);
    expect(messages(early.bytes).map(({ type }) => type)).toEqual([18]);
    expect(messages(cache.preamble(7, 101).bytes).map(({ type }) => type)).toEqual([18, 9]);
    expect(cache.preamble(7, 0).bytes.length).toBe(0);
  });

  it('takes a repeated header for no change, and another one for a new version', () => {
    const cache = new HeaderCache(128);
    expect(cache.set('video:0:header', 9, VIDEO, 0)).toBe(true);
    expect(cache.set('video:0:header', 9, Buffer.from(VIDEO), 10)).toBe(false);
    expect(cache.version).toBe(1);
    expect(cache.set('video:0:header', 9, Buffer.from([0x17, 0, 3]), 20)).toBe(true);
    expect(cache.version).toBe(2);
    cache.delete('video:0:header');
    expect(cache.version).toBe(3);
    cache.delete('video:0:header');
    expect(cache.version).toBe(3);
  });

  it('shares one buffer between players that begin with the same headers at the same time', () => {
    const cache = new HeaderCache(128);
    cache.set('video:0:header', 9, VIDEO, 0);
    const first = cache.preamble(5, 10).bytes;
    expect(cache.preamble(5, 99).bytes).toBe(first);
    expect(cache.preamble(6, 10).bytes).not.toBe(first);
  });

  it('passes on a header above 64 KiB without keeping it, and forgets the one before it', () => {
    const cache = new HeaderCache(128);
    expect(cache.set('video:0:header', 9, Buffer.alloc(65_536), 0)).toBe(true);
    expect(cache.get('video:0:header')?.length).toBe(65_536);
    expect(cache.set('video:0:header', 9, Buffer.alloc(65_537), 1)).toBe(true);
    expect(cache.get('video:0:header')).toBeUndefined();
    expect(cache.set('video:0:header', 9, Buffer.alloc(65_537), 2)).toBe(false);
  });

  it.each([
    [999, true, 0],
    [1000, true, 0],
    [1001, false, 1],
  ])('with %i bytes in all against a limit of 1000: the last is kept: %s', (bytes, kept, refused) => {
    const cache = new HeaderCache(128, 1000);
    cache.set('video:0:header', 9, Buffer.alloc(600, 1), 0);
    cache.set('metadata', 18, Buffer.alloc(100, 1), 0);
    cache.set('audio:0:header', 8, Buffer.alloc(bytes - 700, 1), 0);
    expect([cache.get('audio:0:header') !== undefined, cache.refused]).toEqual([kept, refused]);
    expect(cache.get('video:0:header')?.length).toBe(600);
  });

  it('counts a header that takes the place of another once, and frees what is forgotten', () => {
    const cache = new HeaderCache(128, 1000);
    for (let n = 0; n < 5; n++) cache.set('video:0:header', 9, Buffer.alloc(900, n), 0);
    expect([cache.get('video:0:header')?.[0], cache.refused]).toEqual([4, 0]);
    cache.delete('video:0:header');
    expect(cache.heldBytes).toBe(0);
    cache.set('audio:0:header', 8, Buffer.alloc(1000), 0);
    expect(cache.refused).toBe(0);
    const before = cache.heldBytes;
    expect(before).toBeGreaterThanOrEqual(1000);
    expect(cache.heldBytes - before).toBe(0);
    cache.preamble(0, 1);
    expect(cache.heldBytes - before).toBeGreaterThanOrEqual(1000);
  });

  it('keeps at most 128 headers: a publisher cannot fill the memory with tracks', () => {
    const cache = new HeaderCache(128);
    for (let track = 0; track < 128; track++) cache.set(`video:${track}:header`, 9, Buffer.from([track]), track);
    expect(cache.get('video:127:header')).toBeDefined();
    cache.set('video:128:header', 9, Buffer.from([0]), 128);
    expect(cache.get('video:128:header')).toBeUndefined();
    expect(cache.set('video:5:header', 9, Buffer.from([200]), 129)).toBe(true);
  });
});
