import { SluiceError } from '../core/errors.js';
import type { ReadAt } from '../core/read-at.js';
import { BACK_POINTER_BYTES, FILE_HEADER_BYTES, type FlvTag, FlvTagType, TAG_HEADER_BYTES } from './flv-format.js';
import { headerKey, KIND_BYTES, videoKind } from './flv-kinds.js';
import { isMetadata, type ListedKeyframes, listedKeyframes, withDuration } from './flv-metadata.js';
import { checkFileHeader, readTagHeader } from './flv-tag-header.js';

/** Bytes that the scan of a file reads at once. */
const SCAN_BYTES = 262_144;
/** Keyframes closer than this to the one before are not listed, in ms: a seek then goes a little further back. */
const LEAST_GAP_MS = 250;
/** Most places that are listed: 34 hours of them at the least gap. */
const MAX_PLACES = 500_000;
/** Most decoder configurations that are kept, and their longest body, in bytes. */
const MAX_HEADERS = 256;
const MAX_HEADER_BYTES = 65_536;
/** The longest metadata that is looked at and sent, in bytes: the keyframes of about six days, one a second. */
const MAX_METADATA_BYTES = 10_485_760;
/** Tags at the start of a file among which its metadata and decoder configurations are looked for. */
const HEAD_TAGS = 64;
/** How many of the keyframes that a file lists are compared with it. */
const COMPARED = 16;

/** A decoder configuration and where it stands in the file. */
export interface PlacedHeader extends FlvTag {
  readonly position: number;
  /** Of the same kind and track: the later one counts. */
  readonly key: string;
}

/** Where everything is in an FLV file. Positions and lengths are in bytes, times in ms as the tags have them. */
export interface FlvIndex {
  /** Position of the first tag. */
  readonly begin: number;
  /** Position behind the last whole tag. */
  readonly end: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** The body of `onMetaData`, with a duration; undefined when the file has none. */
  readonly metadata: Buffer | undefined;
  readonly metadataPosition: number;
  /** Times, rising, and positions of tags from which playing can begin: keyframes, or audio where there is no video. */
  readonly times: Uint32Array;
  readonly positions: Float64Array;
  /** In the order of the file. */
  readonly headers: readonly PlacedHeader[];
}

/**
 * Finds out where everything is in an FLV file. A file that lists its keyframes, and lists them right, costs a few
 * reads; any other file is read once, in pieces. A file that ends in the middle of a tag, as one does whose writer was
 * killed, ends with the tag before.
 *
 * @param size of the file, in bytes
 * @throws SluiceError `ERR_FLV_SIGNATURE` when it is no FLV, `ERR_FLV_EMPTY` when it has no whole tag
 */
export async function indexFlv(read: ReadAt, size: number): Promise<FlvIndex> {
  const begin = checkFileHeader(await read(0, FILE_HEADER_BYTES)) + BACK_POINTER_BYTES;
  const head = new Listing(begin);
  await scan(read, begin, size, head, HEAD_TAGS);
  const { metadata } = head;
  const listed = metadata === undefined || head.end >= size ? undefined : listedKeyframes(metadata.payload);
  const last = listed === undefined ? undefined : await lastTag(read, size);
  if (listed !== undefined && last !== undefined && (await isRight(read, listed, size))) {
    return head.index({
      end: size,
      lastMs: last.timestamp,
      times: Uint32Array.from(listed.times, (seconds) => Math.round(seconds * 1000)),
      positions: Float64Array.from(listed.positions),
    });
  }
  await scan(read, head.end, size, head, Number.POSITIVE_INFINITY);
  if (head.end === begin) throw new SluiceError('ERR_FLV_EMPTY', 'no whole tag');
  return head.index({});
}

/** A tag as the scan sees it. */
interface SeenTag {
  readonly type: number;
  readonly timestamp: number;
  readonly position: number;
  readonly bodyBytes: number;
  /** The first bytes of its body. */
  readonly start: Buffer;
}

/** Gathers what a scan sees. */
class Listing {
  readonly #begin: number;
  end: number;
  metadata: { readonly payload: Buffer; readonly position: number } | undefined;
  readonly #headers: PlacedHeader[] = [];
  readonly #keys: { readonly times: number[]; readonly positions: number[] } = { times: [], positions: [] };
  readonly #sounds: { readonly times: number[]; readonly positions: number[] } = { times: [], positions: [] };
  #firstMs: number | undefined;
  #lastMs = 0;
  #hasVideo = false;

  constructor(begin: number) {
    this.#begin = begin;
    this.end = begin;
  }

  /** Whether the whole body of a tag is wanted. */
  wants({ type, start, bodyBytes }: SeenTag): boolean {
    if (type === FlvTagType.Script) return this.metadata === undefined && bodyBytes <= MAX_METADATA_BYTES;
    return headerKey(type, start) !== undefined && this.#headers.length < MAX_HEADERS && bodyBytes <= MAX_HEADER_BYTES;
  }

  /** @param body undefined when it was not wanted */
  add(tag: SeenTag, body: Buffer | undefined): void {
    const { type, timestamp, position } = tag;
    this.end = position + TAG_HEADER_BYTES + tag.bodyBytes + BACK_POINTER_BYTES;
    if (type === FlvTagType.Script) {
      if (body !== undefined && isMetadata(body)) this.metadata = { payload: Buffer.from(body), position };
      return;
    }
    this.#firstMs ??= timestamp;
    this.#lastMs = timestamp;
    const key = headerKey(type, tag.start);
    if (key !== undefined && body !== undefined)
      this.#headers.push({ type, timestamp, position, key, payload: Buffer.from(body) });
    if (type === FlvTagType.Video) {
      this.#hasVideo = true;
      if (videoKind(tag.start) === 'keyframe') place(this.#keys, timestamp, position);
    } else if (key === undefined && !this.#hasVideo) place(this.#sounds, timestamp, position);
  }

  index(from: Partial<Pick<FlvIndex, 'end' | 'lastMs' | 'times' | 'positions'>>): FlvIndex {
    const places = this.#hasVideo ? this.#keys : this.#sounds;
    const firstMs = this.#firstMs ?? 0;
    const lastMs = from.lastMs ?? this.#lastMs;
    const seconds = Math.max(0, lastMs - firstMs) / 1000;
    return {
      begin: this.#begin,
      end: this.end,
      firstMs,
      lastMs,
      metadata: this.metadata === undefined ? undefined : withDuration(this.metadata.payload, seconds),
      metadataPosition: this.metadata?.position ?? -1,
      times: Uint32Array.from(places.times),
      positions: Float64Array.from(places.positions),
      headers: this.#headers,
      ...from,
    };
  }
}

function place(places: { readonly times: number[]; readonly positions: number[] }, ms: number, position: number): void {
  const { times, positions } = places;
  if (times.length >= MAX_PLACES || (times.length > 0 && ms < times.at(-1)! + LEAST_GAP_MS)) return;
  times.push(ms);
  positions.push(position);
}

/** Goes through the tags from `from` on, until the end, a tag that is damaged or cut, or so many tags. */
async function scan(read: ReadAt, from: number, size: number, into: Listing, tags: number): Promise<void> {
  let piece: Buffer = Buffer.alloc(0);
  let pieceAt = from;
  let at = from;
  for (let seen = 0; seen < tags; seen++) {
    if (at + TAG_HEADER_BYTES + KIND_BYTES > pieceAt + piece.length) {
      piece = await read(at, SCAN_BYTES);
      pieceAt = at;
    }
    const bytes = piece.subarray(at - pieceAt);
    const header = readTagHeader(bytes);
    if (header === undefined) return;
    const { bodyBytes } = header;
    const next = at + TAG_HEADER_BYTES + bodyBytes + BACK_POINTER_BYTES;
    if (next > size) return;
    const start = bytes.subarray(TAG_HEADER_BYTES, TAG_HEADER_BYTES + Math.min(KIND_BYTES, bodyBytes));
    const tag: SeenTag = { ...header, position: at, start };
    into.add(tag, into.wants(tag) ? await read(at + TAG_HEADER_BYTES, bodyBytes) : undefined);
    at = next;
  }
}

/** The last tag of a file, by the length that stands behind it; undefined when that does not lead to a tag. */
async function lastTag(read: ReadAt, size: number): Promise<{ readonly timestamp: number } | undefined> {
  const back = await read(size - BACK_POINTER_BYTES, BACK_POINTER_BYTES);
  if (back.length < BACK_POINTER_BYTES) return undefined;
  const length = back.readUInt32BE(0);
  const position = size - BACK_POINTER_BYTES - length;
  if (length < TAG_HEADER_BYTES || position < FILE_HEADER_BYTES) return undefined;
  const header = readTagHeader(await read(position, TAG_HEADER_BYTES));
  return header?.bodyBytes === length - TAG_HEADER_BYTES ? header : undefined;
}

/** Whether the keyframes that a file lists are in order, and some of them, first and last included, where it says. */
async function isRight(read: ReadAt, { times, positions }: ListedKeyframes, size: number): Promise<boolean> {
  if (times.length === 0 || times.length > MAX_PLACES) return false;
  for (let i = 0; i < times.length; i++) {
    const isIn = positions[i]! >= FILE_HEADER_BYTES && positions[i]! < size && Number.isInteger(positions[i]);
    if (!isIn || !(times[i]! >= 0 && times[i]! * 1000 < 2 ** 32)) return false;
    if (i > 0 && !(times[i]! >= times[i - 1]! && positions[i]! > positions[i - 1]!)) return false;
  }
  const step = Math.max(1, (times.length - 1) / (COMPARED - 1));
  for (let at = 0; Math.round(at) < times.length; at += step) {
    const i = Math.round(at);
    const tag = await read(positions[i]!, TAG_HEADER_BYTES + KIND_BYTES);
    const header = readTagHeader(tag);
    if (header?.type !== FlvTagType.Video || videoKind(tag.subarray(TAG_HEADER_BYTES)) !== 'keyframe') return false;
    if (Math.abs(header.timestamp - times[i]! * 1000) > 1) return false;
  }
  return true;
}
