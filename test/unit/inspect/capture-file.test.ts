import { describe, expect, it } from 'vitest';
import { type CaptureHeader, readCapture, writeCapture } from '../../../src/inspect/capture-file.js';
import { DEFAULT_CODEC_LIMITS } from '../../../src/wasm/limits.js';

const HEADER: CaptureHeader = {
  sluiceCapture: 1,
  version: '0.1.0',
  time: '2026-11-26T06:00:00.000Z',
  code: 'ERR_CHUNK_FRESH_HEADER',
  detail: '',
  connection: { id: '01JD', peer: '192.0.2.1:5000', transport: 'rtmp', app: 'live', client: 'FMLE/3.0' },
  received: 3100,
  at: 0,
  publishing: false,
  limits: DEFAULT_CODEC_LIMITS,
};

describe('a capture file', () => {
  it('is read as it was written', () => {
    const streams = [
      { chunkStreamId: 4, extended: false, raw: 1, timestamp: 2, length: 3, type: 8, messageStreamId: 1, received: 1 },
    ];
    const from = { chunkSize: 4096, streams, lastMedia: undefined, open: { chunkStreamId: 4, bytes: 2 } };
    for (const header of [HEADER, { ...HEADER, at: 70_000, from }]) {
      const capture = readCapture(writeCapture(header, Buffer.from([10, 13, 0, 255])));
      expect(capture?.header).toEqual({ from: undefined, ...header });
      expect(capture?.bytes).toEqual(Buffer.from([10, 13, 0, 255]));
    }
  });

  it('is told from bytes without a header', () => {
    expect(readCapture(Buffer.from([3, 0, 0]))).toBeUndefined();
    expect(readCapture(Buffer.alloc(0))).toBeUndefined();
  });

  it.each([
    ['has no end', '{"sluiceCapture":1,"at":0'],
    ['is no JSON', '{"sluiceCapture":1,"at":}\n'],
    ['has no positions', '{"sluiceCapture":1,"version":"1"}\n'],
    [
      'has chunk streams that are none',
      '{"sluiceCapture":1,"at":0,"received":1,"from":{"chunkSize":1,"streams":[null]}}\n',
    ],
    ['has a state that is none', '{"sluiceCapture":1,"at":0,"received":1,"from":{"chunkSize":-1}}\n'],
  ])('is refused when its header %s', (_, text) => {
    expect(() => readCapture(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'ERR_INSPECT_FILE' }));
  });

  it('is read without limits and facts that are no such', () => {
    const text = '{"sluiceCapture":1,"at":0,"received":1,"limits":{"amfDepth":"deep"},"connection":7,"code":4}\n';
    const header = readCapture(Buffer.from(text))?.header;
    expect(header?.limits).toEqual(DEFAULT_CODEC_LIMITS);
    expect(header?.code).toBe('');
  });
});
