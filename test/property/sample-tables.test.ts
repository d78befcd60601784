import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SluiceError } from '../../src/core/errors.js';
import { indexFlv } from '../../src/flv/flv-index.js';
import { flvHeader, flvTag } from '../../src/flv/flv-writer.js';
import { indexMp4 } from '../../src/mp4/mp4-index.js';
import { flattenTables } from '../../src/mp4/sample-tables.js';
import { AVC_ENTRY, audioEntry, mp4File, readerOf, sumsBefore } from '../support/mp4.js';

const SEED = 11_0011;

/** Samples of a track, with the chunk that each is in. */
const samples = fc.array(
  fc.record({
    size: fc.nat(5000),
    delta: fc.nat(3000),
    composition: fc.integer({ min: -2000, max: 4000 }),
    isKey: fc.boolean(),
    opensChunk: fc.boolean(),
    gap: fc.nat(1000),
  }),
  { maxLength: 60 },
);

/** Runs of equal values, as stts, ctts and stsc have them. */
function runs(values: readonly number[]): { counts: number[]; values: number[] } {
  const out: { counts: number[]; values: number[] } = { counts: [], values: [] };
  for (const value of values) {
    if (out.values.at(-1) === value) out.counts[out.counts.length - 1]!++;
    else {
      out.values.push(value);
      out.counts.push(1);
    }
  }
  return out;
}

test('tables of a track name the same samples as a plain list of them', () => {
  fc.assert(
    fc.property(samples, fc.constantFrom(25, 600, 44_100, 90_000), (list, timescale) => {
      const offsets: number[] = [];
      const chunks: { at: number; count: number }[] = [];
      let at = 32;
      list.forEach(({ size, opensChunk, gap }, i) => {
        if (i === 0 || opensChunk) {
          at += gap;
          chunks.push({ at, count: 0 });
        }
        chunks.at(-1)!.count++;
        offsets.push(at);
        at += size;
      });
      const times = sumsBefore(list.map(({ delta }) => delta));
      const perChunk = runs(chunks.map(({ count }) => count));
      const deltas = runs(list.map(({ delta }) => delta));
      const compositions = runs(list.map(({ composition }) => composition));
      const flat = flattenTables(
        {
          sizes: Uint32Array.from(list, ({ size }) => size),
          times: { counts: deltas.counts, deltas: deltas.values },
          compositions: { counts: compositions.counts, offsets: compositions.values },
          chunks: { first: sumsBefore(perChunk.counts).map((chunk) => chunk + 1), samples: perChunk.values },
          chunkOffsets: chunks.map((chunk) => chunk.at),
          keys: list.flatMap(({ isKey }, i) => (isKey ? [i + 1] : [])),
          timescale,
          shiftMs: 0,
        },
        at,
      );
      const ms = (value: number): number => Math.round((value * 1000) / timescale) + 0;
      expect([...flat.offsets]).toEqual(offsets);
      expect([...flat.times]).toEqual(times.map(ms));
      expect([...flat.compositions!]).toEqual(
        list.map(({ composition }, i) => ms(times[i]! + composition) - ms(times[i]!)),
      );
      expect([...flat.keys!]).toEqual(list.flatMap(({ isKey }, i) => (isKey ? [i] : [])));
    }),
    { seed: SEED, numRuns: 300 },
  );
});

const MP4 = mp4File([
  {
    handler: 'vide',
    entry: AVC_ENTRY,
    timescale: 25,
    delta: 1,
    samples: Array.from({ length: 20 }, (_, i) => Buffer.alloc(50 + i, i)),
    keys: [1, 11],
    compositions: Array.from({ length: 20 }, (_, i) => i % 3),
  },
  { handler: 'soun', entry: audioEntry(), timescale: 48_000, delta: 1024, samples: [Buffer.alloc(9), Buffer.alloc(9)] },
]);
const MOOV_END = 16 + MP4.readUInt32BE(16);
const MAX_BYTES = 100_000;

const FLV = Buffer.concat([
  flvHeader({ audio: true, video: true }),
  ...Array.from({ length: 30 }, (_, i) =>
    flvTag(
      i % 3 === 2 ? 8 : 9,
      i * 20,
      Buffer.from(i % 3 === 2 ? [0xaf, 1, i] : [i % 10 === 0 ? 0x17 : 0x27, 1, 0, 0, 0, i]),
    ),
  ),
]);

/** Bytes that are written over a file, and where; some are lengths and counts of the largest kind. */
const damages = (bytes: number) =>
  fc.array(
    fc.record({
      at: fc.nat(bytes - 1),
      value: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 6 }),
        fc.constantFrom(Uint8Array.of(255, 255, 255, 255), Uint8Array.of(0, 0, 0, 0), Uint8Array.of(0, 0, 0, 1)),
      ),
    }),
    { minLength: 1, maxLength: 8 },
  );

function damaged(file: Buffer, places: readonly { readonly at: number; readonly value: Uint8Array }[], cut: number) {
  const copy = Buffer.from(file);
  for (const { at, value } of places) copy.set(value.subarray(0, copy.length - at), at);
  return copy.subarray(0, copy.length - cut);
}

/** An index, or the code of the error. Anything else that is thrown fails the test. */
async function outcome(index: Promise<unknown>): Promise<string> {
  return index.then(
    () => 'read',
    (error: unknown) => {
      if (!(error instanceof SluiceError)) throw error;
      return error.code;
    },
  );
}

test('an MP4 file that is damaged anywhere is read or refused, within the bound on its index', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(damages(MOOV_END), fc.nat(30), async (places, cut) => {
      const file = damaged(MP4, places, cut);
      const { read, counts } = readerOf(file);
      const indexed = indexMp4(read, file.length, MAX_BYTES);
      seen.add(await outcome(indexed));
      if ((await outcome(indexed)) === 'read') expect((await indexed).heldBytes).toBeLessThanOrEqual(2 * MAX_BYTES);
      expect(counts.longest).toBeLessThanOrEqual(MAX_BYTES);
    }),
    { seed: SEED, numRuns: 1500 },
  );
  expect([...seen]).toContain('read');
  expect([...seen]).toContain('ERR_MP4_DAMAGED');
});

test('an FLV file that is damaged anywhere is read or refused, and ends with a whole tag', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(damages(FLV.length), fc.nat(60), async (places, cut) => {
      const file = damaged(FLV, places, cut);
      const { read, counts } = readerOf(file);
      const indexed = indexFlv(read, file.length);
      seen.add(await outcome(indexed));
      if ((await outcome(indexed)) === 'read') expect((await indexed).end).toBeLessThanOrEqual(file.length);
      expect(counts.reads).toBeLessThan(200);
    }),
    { seed: SEED, numRuns: 1500 },
  );
  expect([...seen]).toContain('read');
});
