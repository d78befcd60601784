import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SluiceError } from '../../src/core/errors.js';
import { aggregateTags } from '../../src/inspect/aggregate-tags.js';
import { type AmfNode, readAmfNodes } from '../../src/inspect/amf0-nodes.js';
import { ChunkWalker, type WalkedMessage } from '../../src/inspect/chunk-walker.js';
import { maskedBytes } from '../../src/inspect/mask.js';
import { inspectLine } from '../../src/inspect/render.js';
import { StreamWalker } from '../../src/inspect/stream-walker.js';
import { AmfScanner } from '../../src/wasm/amf-scanner.js';
import { WASM_ERRORS } from '../../src/wasm/errors.js';
import { type CodecLimits, DEFAULT_CODEC_LIMITS, normaliseLimits } from '../../src/wasm/limits.js';
import { type ReadOptions, readWithWasm } from '../reference/drive.js';
import { amfBytes } from '../support/protocol/amf-values.js';
import { amf3Value } from '../support/protocol/amf3-values.js';
import { encode, peer } from '../support/protocol/chunk-streams.js';

const SEED = 20_261_101;
const LIMITS: Partial<CodecLimits> = {
  maxMediaBytes: 20_000,
  maxMediaBytesBeforePublish: 20_000,
  reassemblyBytes: 30_000,
};
/** Types that the codec hands out, and audio and video. */
const TOLD = new Set([3, 4, 5, 6, 8, 9, 15, 16, 17, 18, 19, 20]);

const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 50, max: 5000 })), {
  minLength: 1,
  maxLength: 8,
});
const mutations = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });

function* cutAt(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** The messages in an aggregate, as the codec hands them out. */
function aggregateWords({ payload, timestamp, messageStreamId }: WalkedMessage): string[] {
  let time = timestamp;
  return aggregateTags(payload).map(({ type, delta, at, end }) => {
    time += delta;
    if (time < 0) time += 2 ** 32;
    const shown = type === 8 || type === 9 ? time : time % 2 ** 32;
    return `${type} ${messageStreamId} ${shown} ${end - at} ${payload.toString('hex', at, end)}`;
  });
}

/** What the walker makes of bytes, in the same words as {@link codecWords}. */
function walkerWords(bytes: Buffer, sizes: readonly number[], publishing: boolean): string {
  const walker = new ChunkWalker(LIMITS);
  walker.isPublishing = publishing;
  const lines: string[] = [];
  let error = '';
  for (const piece of cutAt(bytes, sizes)) {
    for (const item of walker.push(piece)) {
      if (item.kind === 'fault') error = item.code;
      if (item.kind === 'message' && item.type === 22) lines.push(...aggregateWords(item));
      if (item.kind !== 'message' || !TOLD.has(item.type)) continue;
      const { type, messageStreamId, length, pieces } = item;
      const payload = Buffer.concat(pieces.map(({ at, end }) => bytes.subarray(at, end)));
      const timestamp = type === 8 || type === 9 ? item.timestamp : item.timestamp % 2 ** 32;
      lines.push(`${type} ${messageStreamId} ${timestamp} ${length} ${payload.toString('hex')}`);
    }
  }
  return [...lines, error].join('\n');
}

function codecWords(bytes: Buffer, options: ReadOptions): string {
  const { messages, error } = readWithWasm('release', [bytes], options);
  const lines = messages.map(({ type, messageStreamId, timestamp, payload }) =>
    [type, messageStreamId, timestamp, payload.length, payload.toString('hex')].join(' '),
  );
  return [...lines, WASM_ERRORS.get(error) ?? ''].join('\n');
}

describe(`the chunk walker of sluice inspect and the codec agree (seed ${SEED})`, () => {
  it('on valid and on mutated streams, in any split: the same messages, then the same error', () => {
    fc.assert(
      fc.property(peer, cuts, mutations, fc.boolean(), (what, sizes, changes, publishing) => {
        const bytes = encode(what);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const expected = codecWords(bytes, { limits: LIMITS, publishing });
        expect(walkerWords(bytes, sizes, publishing)).toBe(expected);
      }),
      { seed: SEED, numRuns: 1500 },
    );
  });

  it('on bytes that are no chunk stream at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), cuts, (noise, sizes) => {
        const bytes = Buffer.from(noise);
        expect(walkerWords(bytes, sizes, false)).toBe(codecWords(bytes, { limits: LIMITS }));
      }),
      { seed: SEED + 1, numRuns: 1500 },
    );
  });
});

/** AMF3 values, each behind marker 11. */
const amf3Bytes = fc
  .array(amf3Value, { minLength: 1, maxLength: 4 })
  .map((values) => Buffer.from(values.flatMap((value) => [0x11, ...value])));
const AMF_LIMITS = normaliseLimits({ amfDepth: 6, amfValues: 60, amfKeys: 30, amfStringBytes: 400 });

describe(`the AMF reader of sluice inspect and the scanner agree (seed ${SEED})`, () => {
  const scanner = new AmfScanner({ limits: AMF_LIMITS });

  it('on values, cut off and changed anywhere: the same count, or the same code', () => {
    fc.assert(
      fc.property(fc.oneof(amfBytes, amf3Bytes), fc.nat(), mutations, (whole, cut, changes) => {
        const bytes = Buffer.from(whole.subarray(0, whole.length - ((cut % (whole.length + 1)) >> 1)));
        if (bytes.length === 0) return;
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const { nodes, problem, cutAt } = readAmfNodes(bytes, 0, AMF_LIMITS);
        let expected: unknown;
        try {
          const { values, truncated } = scanner.scan(bytes);
          expected = [values.length, truncated];
        } catch (error) {
          expected = (error as SluiceError).code;
        }
        expect(problem?.code ?? [nodes.length, cutAt !== undefined]).toEqual(expected);
        for (const node of nodes) expectInside(node, bytes.length);
      }),
      { seed: SEED + 2, numRuns: 3000 },
    );
  });
});

function expectInside({ at, value, items, entries }: AmfNode, length: number): void {
  expect(at >= 0 && value.at <= value.end && value.end <= length).toBe(true);
  for (const item of items) expectInside(item, length);
  for (const { node } of entries) expectInside(node, length);
}

const SECRET = 'hunter2-secret-key';

describe(`what is shown of any bytes (seed ${SEED})`, () => {
  it('has no control character, and masking keeps length, faults and messages', () => {
    fc.assert(
      fc.property(peer, mutations, fc.boolean(), (what, changes, handshake) => {
        const chunks = encode(what);
        for (const [at, value] of changes) chunks[at % chunks.length] = value;
        const bytes = handshake ? Buffer.concat([Buffer.from([3]), Buffer.alloc(3072), chunks]) : chunks;
        const told = (from: Buffer): { places: string; lines: string[] } => {
          const walker = new StreamWalker(DEFAULT_CODEC_LIMITS, { handshake });
          const items = [...walker.push(from)];
          return { places: items.map(({ kind, at }) => `${kind} ${at}`).join(), lines: items.map(inspectLine) };
        };
        const { places, lines } = told(bytes);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
        expect(lines.filter((line) => /[\u0000-\u001f\u007f-\u009f]/.test(line))).toEqual([]);
        const masked = maskedBytes(bytes, DEFAULT_CODEC_LIMITS, { handshake });
        expect(masked.length).toBe(bytes.length);
        expect(told(masked).places).toBe(places);
      }),
      { seed: SEED + 3, numRuns: 600 },
    );
  });

  it('holds no secret that stands in text anywhere in commands, whatever is broken around it', () => {
    const text = Buffer.from(`cam1?key=${SECRET}`);
    const command = Buffer.concat([
      Buffer.from([2, 0, 7]),
      Buffer.from('publish'),
      Buffer.from([0, 0x40, 0x14, 0, 0, 0, 0, 0, 0, 5, 2, 0, text.length]),
      text,
      Buffer.from([2, 0, 4]),
      Buffer.from('live'),
    ]);
    const head = Buffer.from([3, 0, 0, 0, 0, 0, command.length, 20, 1, 0, 0, 0]);
    fc.assert(
      fc.property(mutations, fc.nat(), (changes, cut) => {
        const bytes = Buffer.concat([head, command, head, command]);
        // Not in the text itself: what is changed there is another text.
        for (const [at, value] of changes) if (at % bytes.length < 37) bytes[at % bytes.length] = value;
        const whole = bytes.subarray(0, bytes.length - (cut % 40));
        const walker = new StreamWalker(DEFAULT_CODEC_LIMITS, { handshake: false });
        const lines = [...walker.push(whole)].map(inspectLine).join('\n');
        expect(lines).not.toContain(SECRET.slice(0, 8));
        const masked = maskedBytes(whole, DEFAULT_CODEC_LIMITS, { handshake: false }).toString('latin1');
        for (let i = 0; i + 8 <= SECRET.length; i++) expect(masked).not.toContain(SECRET.slice(i, i + 8));
      }),
      { seed: SEED + 4, numRuns: 2000 },
    );
  });
});
