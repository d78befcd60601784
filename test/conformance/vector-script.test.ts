import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { maskedBytes } from '../../src/inspect/mask.js';
import { type StreamItem, StreamWalker } from '../../src/inspect/stream-walker.js';
import { writeAmf0 } from '../../src/protocol/messages/amf0-writer.js';
import { WASM_ERRORS } from '../../src/wasm/errors.js';
import { DEFAULT_CODEC_LIMITS } from '../../src/wasm/limits.js';
import { readWith } from '../reference/drive.js';
import { hex } from '../support/conformance/hex.js';
import { repository } from '../support/repository.js';
import { chunks } from '../support/rtmp-wire.js';

interface Script {
  renderVector(name: string, bytes: Buffer, base: number, items: readonly StreamItem[]): string;
}

it('the bytes of a broken client become a vector that names its chunks, hides its key and fails as it did', async () => {
  const { renderVector } = (await import(pathToFileURL(join(repository(), 'scripts/vector.mjs')).href)) as Script;
  const payload = writeAmf0('connect', 1, { app: 'live', tcUrl: 'rtmp://host/live?key=hunter2SECRET' });
  const connect = chunks({ type: 20, timestamp: 0, messageStreamId: 0, payload });
  const sent = Buffer.concat([Buffer.from([3]), Buffer.alloc(3072), connect, Buffer.from([0xc7, 1, 2, 3])]);
  const bytes = maskedBytes(sent, DEFAULT_CODEC_LIMITS, {});
  const items = [...new StreamWalker(DEFAULT_CODEC_LIMITS).push(bytes)];
  expect(items.at(-1)).toMatchObject({ kind: 'fault', at: 3073 + connect.length, code: 'ERR_CHUNK_FRESH_HEADER' });
  const text = renderVector('broken client', bytes.subarray(3073), 3073, items);
  expect(text).toContain('// byte 3073: fmt 0, chunk stream 3, type 20');
  expect(text).toContain(`c7010203 // byte ${3073 + connect.length}: ERR_CHUNK_FRESH_HEADER`);
  expect(text).toContain('error: 0,');
  const read = hex(/hex\(`([^`]*)`\)/.exec(text)?.[1] ?? '');
  expect(read).toEqual(bytes.subarray(3073));
  expect(read.toString('latin1')).not.toContain('SECRET');
  expect(WASM_ERRORS.get(readWith('release', [read]).error)).toBe('ERR_CHUNK_FRESH_HEADER');
});
