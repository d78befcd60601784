import { SluiceError } from '../core/errors.js';

/** The tables of one track, as its boxes have them (ISO/IEC 14496-12 §8.6 and §8.7). */
export interface TrackTables {
  /** stsz: bytes of each sample. */
  readonly sizes: Uint32Array;
  /** stts: runs of equal durations. */
  readonly times: { readonly counts: readonly number[]; readonly deltas: readonly number[] };
  /** ctts: runs of equal composition offsets; undefined: all 0. */
  readonly compositions: { readonly counts: readonly number[]; readonly offsets: readonly number[] } | undefined;
  /** stsc: from each first chunk (from 1) on, so many samples a chunk. */
  readonly chunks: { readonly first: readonly number[]; readonly samples: readonly number[] };
  /** stco or co64: position of each chunk in the file. */
  readonly chunkOffsets: readonly number[];
  /** stss: numbers of sync samples, from 1; undefined: all are. */
  readonly keys: readonly number[] | undefined;
  /** Units a second of all times. */
  readonly timescale: number;
  /** Added to every decoding time, in ms; may be negative. */
  readonly shiftMs: number;
}

/** The samples of one track, in decoding order. 20 bytes and a bit each. */
export interface TrackSamples {
  readonly count: number;
  /** Position in the file. */
  readonly offsets: Float64Array;
  readonly sizes: Uint32Array;
  /** Decoding times in ms, whole; never falling. */
  readonly times: Float64Array;
  /** Presentation time less decoding time, in ms; undefined: all 0. */
  readonly compositions: Int32Array | undefined;
  /** Numbers of sync samples, from 0 and rising; undefined: all are. */
  readonly keys: Uint32Array | undefined;
}

/** The largest sample, in bytes: with up to 16 bytes of header it has to fit into one RTMP message. */
const MAX_SAMPLE_BYTES = 0xffffff - 16;
/** Bytes that {@link flattenTables} makes of a sample, at most. */
export const SAMPLE_BYTES = 24;

/**
 * Turns the tables of a track into one entry a sample.
 *
 * @param fileBytes no sample may end behind them
 * @throws SluiceError `ERR_MP4_DAMAGED` when the tables do not name the same samples
 */
export function flattenTables(tables: TrackTables, fileBytes: number): TrackSamples {
  const { sizes } = tables;
  return {
    count: sizes.length,
    sizes,
    offsets: offsetsOf(tables, fileBytes),
    ...timesOf(tables),
    keys: keysOf(tables),
  };
}

function offsetsOf({ sizes, chunks, chunkOffsets }: TrackTables, fileBytes: number): Float64Array {
  const offsets = new Float64Array(sizes.length);
  const { first, samples } = chunks;
  let sample = 0;
  let run = 0;
  for (let chunk = 1; chunk <= chunkOffsets.length && sample < sizes.length; chunk++) {
    while (run + 1 < first.length && first[run + 1]! <= chunk) run++;
    if (run >= first.length || first[run]! > chunk) throw damaged('a chunk without a number of samples');
    let at = chunkOffsets[chunk - 1]!;
    const end = Math.min(sizes.length, sample + samples[run]!);
    for (; sample < end; sample++) {
      if (sizes[sample]! > MAX_SAMPLE_BYTES) throw damaged(`a sample of ${sizes[sample]} bytes`);
      offsets[sample] = at;
      at += sizes[sample]!;
    }
    if (at > fileBytes) throw damaged(`chunk ${chunk} ends behind the file`);
  }
  if (sample < sizes.length) throw damaged('fewer samples in chunks than sizes');
  return offsets;
}

function timesOf(tables: TrackTables): Pick<TrackSamples, 'times' | 'compositions'> {
  const { sizes, timescale, shiftMs } = tables;
  const ms = (units: number): number => Math.round((units * 1000) / timescale + shiftMs);
  const times = new Float64Array(sizes.length);
  const compositions = tables.compositions === undefined ? undefined : new Int32Array(sizes.length);
  const { counts, deltas } = tables.times;
  const composition = new Runs(tables.compositions?.counts ?? [], tables.compositions?.offsets ?? []);
  let sample = 0;
  let units = 0;
  for (let run = 0; run < counts.length && sample < sizes.length; run++) {
    const end = Math.min(sizes.length, sample + counts[run]!);
    for (; sample < end; sample++) {
      times[sample] = ms(units);
      // A file may have fewer composition offsets than samples: the rest has none.
      if (compositions !== undefined) compositions[sample] = ms(units + composition.next()) - times[sample]!;
      units += deltas[run]!;
    }
  }
  if (sample < sizes.length) throw damaged('fewer times than sizes');
  if (ms(units) >= 2 ** 32) throw damaged('longer than 49 days');
  return { times, compositions };
}

function keysOf({ sizes, keys }: TrackTables): Uint32Array | undefined {
  if (keys === undefined) return undefined;
  const from0 = Uint32Array.from(keys, (number) => number - 1);
  for (let i = 0; i < from0.length; i++)
    if (from0[i]! >= sizes.length || (i > 0 && from0[i]! <= from0[i - 1]!)) throw damaged('sync samples out of order');
  return from0;
}

/** Values that are given as runs, one at a time. */
class Runs {
  readonly #counts: readonly number[];
  readonly #values: readonly number[];
  #run = 0;
  #left: number;

  constructor(counts: readonly number[], values: readonly number[]) {
    this.#counts = counts;
    this.#values = values;
    this.#left = counts[0] ?? 0;
  }

  next(): number {
    while (this.#left === 0 && this.#run < this.#counts.length) {
      this.#run++;
      this.#left = this.#counts[this.#run] ?? 0;
    }
    if (this.#run >= this.#counts.length) return 0;
    this.#left--;
    return this.#values[this.#run]!;
  }
}

function damaged(detail: string): SluiceError {
  return new SluiceError('ERR_MP4_DAMAGED', detail);
}
