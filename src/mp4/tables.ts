import { type Box, ISOFile, Log, MP4BoxBuffer } from 'mp4box';
import { SluiceError } from '../core/errors.js';
import type { BoxPlace } from './box-walk.js';

// The package writes what it does not like to the console. Here a box that is not right is an error of its file.
Log.error = () => undefined;

/** Bytes of version, flags and entry count. */
const COUNTED_BYTES = 8;

/** By type of table: bytes of an entry. What an entry count promises has to fit into its box before a box is read. */
const ENTRY_BYTES = { stts: 8, ctts: 8, stsc: 12, stco: 4, co64: 8, stss: 4 } as const;

/** By type of table: its lists, which a box of a version that the package does not know lacks. */
const LISTS = {
  stts: ['sample_counts', 'sample_deltas'],
  ctts: ['sample_counts', 'sample_offsets'],
  stsc: ['first_chunk', 'samples_per_chunk', 'sample_description_index'],
  stco: ['chunk_offsets'],
  co64: ['chunk_offsets'],
  stss: ['sample_numbers'],
} as const;

/** The members of a table that are used, by its type. */
interface Tables {
  stts: { readonly sample_counts: readonly number[]; readonly sample_deltas: readonly number[] };
  ctts: { readonly sample_counts: readonly number[]; readonly sample_offsets: readonly number[] };
  stsc: {
    readonly first_chunk: readonly number[];
    readonly samples_per_chunk: readonly number[];
    readonly sample_description_index: readonly number[];
  };
  stco: { readonly chunk_offsets: readonly number[] };
  co64: { readonly chunk_offsets: readonly number[] };
  stss: { readonly sample_numbers: readonly number[] };
}

/** One entry of an edit list: durations in units of the movie, `media_time` in those of the track, -1: empty. */
export interface Edit {
  readonly segment_duration: number;
  readonly media_time: number;
}

/**
 * Reads one table of samples.
 *
 * @param bytes that hold the box
 * @throws SluiceError `ERR_MP4_DAMAGED` when it has more entries than bytes for them
 */
export function readTable<Type extends keyof Tables>(bytes: Buffer, place: BoxPlace, type: Type): Tables[Type] {
  const count = checkCount(bytes, place, ENTRY_BYTES[type]);
  const table = readBox(bytes, place) as unknown as Tables[Type];
  for (const list of LISTS[type]) {
    const entries: unknown = table[list as keyof Tables[Type]];
    if (!Array.isArray(entries) || entries.length !== count) throw damaged(`${type} cannot be read`);
  }
  return table;
}

/** Reads an edit list; the longest entry is the bound, because the version is read with it. */
export function readEdits(bytes: Buffer, place: BoxPlace): readonly Edit[] {
  checkCount(bytes, place, bytes[place.body] === 1 ? 20 : 12);
  return (readBox(bytes, place) as unknown as { readonly entries?: readonly Edit[] }).entries ?? [];
}

/** Units a second of a track (`mdhd`) or of the movie (`mvhd`). */
export function readTimescale(bytes: Buffer, place: BoxPlace): number {
  const { timescale } = readBox(bytes, place) as unknown as { readonly timescale: number };
  if (!(timescale > 0)) throw damaged(`a timescale of ${timescale}`);
  return timescale;
}

/** Four characters: `vide`, `soun` and others. */
export function readHandler(bytes: Buffer, place: BoxPlace): string {
  return (readBox(bytes, place) as unknown as { readonly handler: string }).handler;
}

/**
 * Reads the sizes of samples (`stsz`), in bytes. The package would list a size that all samples share once a sample,
 * for any count that the box names, so that this box is read here.
 *
 * @param most samples; a file may name any number of them
 * @throws SluiceError `ERR_MP4_DAMAGED`, or `ERR_VOD_INDEX` for more samples than `most`
 */
export function readSizes(bytes: Buffer, place: BoxPlace, most: number): Uint32Array {
  const at = place.body + 4;
  if (at + 8 > place.end) throw damaged('stsz is too short');
  const common = bytes.readUInt32BE(at);
  const count = bytes.readUInt32BE(at + 4);
  if (count > most) throw new SluiceError('ERR_VOD_INDEX', `${count} samples`);
  if (common !== 0) return new Uint32Array(count).fill(common);
  if (at + 8 + count * 4 > place.end) throw damaged(`stsz ends before ${count} sizes`);
  return Uint32Array.from({ length: count }, (_, i) => bytes.readUInt32BE(at + 8 + i * 4));
}

/** @returns the number of entries, all of which are in the box */
function checkCount(bytes: Buffer, { type, body, end }: BoxPlace, entryBytes: number): number {
  const count = body + COUNTED_BYTES > end ? Number.POSITIVE_INFINITY : bytes.readUInt32BE(body + 4);
  if (body + COUNTED_BYTES + count * entryBytes > end) throw damaged(`${type} ends before its entries do`);
  return count;
}

/** Reads one box that holds no others. The package sees its bytes alone. */
function readBox(bytes: Buffer, { type, start, end }: BoxPlace): Box {
  const alone = new Uint8Array(bytes.subarray(start, end));
  const file = new ISOFile();
  try {
    file.stream.insertBuffer(MP4BoxBuffer.fromArrayBuffer(alone.buffer, 0));
    // This reads boxes only: the lists of samples, which take most memory, are made by `appendBuffer`.
    file.parse();
  } catch (cause) {
    throw new SluiceError('ERR_MP4_DAMAGED', `${type} cannot be read`, { cause });
  }
  const [box] = file.boxes;
  if (box === undefined) throw damaged(`${type} cannot be read`);
  return box;
}

function damaged(detail: string): SluiceError {
  return new SluiceError('ERR_MP4_DAMAGED', detail);
}
