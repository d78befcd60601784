import fc from 'fast-check';
import { type InPlace, inWords, readInPlace, readWithReference, readWithWasm } from '../../reference/drive.js';
import { encode, peer } from '../../support/protocol/chunk-streams.js';
import { type FuzzTarget, hashOf, pieces, same } from '../target.js';

const LIMITS = [128, 4096, 60_000].map((outChunkSize) => ({
  maxMediaBytes: 20_000,
  maxMediaBytesBeforePublish: 20_000,
  reassemblyBytes: 30_000,
  outChunkSize,
}));
const REGIONS: readonly InPlace[] = ['release in 180', 'release in 700', 'release in 9100', 'debug in 20000'];
const SOURCES = ['/test/reference/', '/src/wasm/'];
const HEADERS = [
  '02000000000004010000000000001000',
  '04ffffff00001a09',
  '03000000',
  'c3',
  '440000140000',
  '00ff',
  '01ffff',
];
const tokens = HEADERS.map((hex) => Buffer.from(hex, 'hex'));

const samples = (seed: number): Uint8Array[] => fc.sample(peer, { seed, numRuns: 12 }).map(encode);

/** The chunk reader and message assembly in WASM beside the reference, cut anywhere. */
export const chunkReader: FuzzTarget = {
  name: 'chunk-reader',
  what: 'chunk reader and message assembly in WASM, in any split, against the reference on the whole',
  sources: SOURCES,
  tokens,
  maxBytes: 12_000,
  samples,
  run: (input) => {
    const hash = hashOf(input);
    const limits = LIMITS[hash % LIMITS.length]!;
    const options = { limits, publishing: (hash & 64) !== 0 };
    const expected = inWords(readWithReference([input], options));
    same(inWords(readWithWasm('release', pieces(input), options)), expected, 'codec and reference');
  },
};

/** Framing where the log keeps it, in regions of any size, beside the reference. */
export const framer: FuzzTarget = {
  name: 'assembler',
  what: 'messages put together and framed in place, in regions that end anywhere, against the reference',
  sources: SOURCES,
  tokens,
  maxBytes: 12_000,
  samples,
  run: (input) => {
    const hash = hashOf(input);
    const options = { limits: LIMITS[hash % LIMITS.length]! };
    const expected = inWords(readWithReference([input], options));
    const by = REGIONS[(hash >>> 8) % REGIONS.length]!;
    same(inWords(readInPlace(by, pieces(input), options)), expected, 'codec in place and reference');
  },
};
