import { FlvTagType } from '../../flv/flv-format.js';
import { flvHeader, flvTag } from '../../flv/flv-writer.js';
import { type AmfProperty, METADATA, metadataProperties } from './amf-properties.js';
import type { KeyframeIndex } from './keyframe-index.js';

/** Bytes of the file header with the first PreviousTagSize. */
const FILE_HEAD_BYTES = 13;
const TAG_HEADER_BYTES = 11;
/** What the encoder says of the stream is kept up to so many bytes: honest metadata has some hundred. */
const MAX_PROPERTY_BYTES = 16_384;
/** Largest script tag that is read back: the most keyframes, and what the encoder may say. */
const MAX_BODY_BYTES = 262_144;
/** Bytes of one entry of the index: a number in each of two arrays. */
const ENTRY_BYTES = 18;
/** An AMF0 boolean in the array that fills the room of entries that are not used. */
const FILLER = Buffer.from([1, 0]);
/** Properties that the head writes itself. */
const OWN: ReadonlySet<string> = new Set([
  ...['duration', 'filesize', 'lasttimestamp', 'lastkeyframetimestamp', 'hasVideo', 'hasAudio', 'hasKeyframes'],
  ...['hasMetadata', 'canSeekToEnd', 'keyframes', 'spare'],
]);

/** What the head of a file says of the rest. */
interface HeadFacts {
  /** Size of the whole file. */
  readonly bytes: number;
  /** Time of the last tag. */
  readonly lastMs: number;
  /** Time of the last keyframe. */
  readonly lastKeyframeMs: number;
  readonly hasAudio: boolean;
  readonly hasVideo: boolean;
  /** Whether the last frame of video is a keyframe. */
  readonly canSeekToEnd: boolean;
}

/**
 * The beginning of a recorded file: FLV header and `onMetaData`. It has room for the index of keyframes from the start
 * and always has the same size, so that it is written over in place when the file is complete. Room that is not used is
 * an array `spare` of booleans behind everything else, which every reader of AMF0 can follow: ffmpeg gives up at long
 * strings, and makes a stream of its own of any other script tag.
 */
export class FlvHead {
  /** Size, in bytes: where the first tag stands. */
  readonly bytes: number;
  readonly capacity: number;
  /** Encoded properties of the encoder. */
  readonly #properties: Buffer;

  private constructor(properties: Buffer, capacity: number) {
    this.#properties = properties;
    this.capacity = capacity;
    this.bytes = FILE_HEAD_BYTES + TAG_HEADER_BYTES + this.#body(NOTHING, { timesMs: [], positions: [] }).length + 4;
  }

  /**
   * @param metadata payload of the `onMetaData` of the stream; borrowed
   * @param capacity most keyframes in the index
   */
  static of(metadata: Buffer | undefined, capacity: number): FlvHead {
    const given = metadata === undefined ? undefined : metadataProperties(metadata);
    const kept: Buffer[] = [];
    let bytes = 0;
    for (const { name, bytes: property } of given ?? []) {
      if (OWN.has(name) || bytes + property.length > MAX_PROPERTY_BYTES) continue;
      bytes += property.length;
      kept.push(property);
    }
    return new FlvHead(Buffer.concat(kept), capacity);
  }

  /**
   * Reads a head that was written here.
   *
   * @param start the first bytes of the file, {@link FlvHead.mostBytes} of them or all
   * @returns undefined when it is none
   */
  static read(start: Buffer): FlvHead | undefined {
    if (start.length < FILE_HEAD_BYTES + TAG_HEADER_BYTES || start[FILE_HEAD_BYTES] !== FlvTagType.Script)
      return undefined;
    const size = start.readUIntBE(FILE_HEAD_BYTES + 1, 3);
    const from = FILE_HEAD_BYTES + TAG_HEADER_BYTES;
    const found = metadataProperties(start.subarray(from, from + size));
    const spare = found?.find(({ name }) => name === 'spare');
    const keyframes = found?.find(({ name }) => name === 'keyframes');
    if (found === undefined || spare === undefined || keyframes === undefined) return undefined;
    const room = itemBytes(spare) + keyframes.bytes.length - EMPTY_INDEX_BYTES;
    const head = new FlvHead(
      Buffer.concat(found.filter(({ name }) => !OWN.has(name)).map(({ bytes }) => bytes)),
      Math.floor(room / ENTRY_BYTES),
    );
    return head.bytes === from + size + 4 && head.capacity >= 2 ? head : undefined;
  }

  /** A head has at most so many bytes. */
  static readonly mostBytes: number = FILE_HEAD_BYTES + TAG_HEADER_BYTES + MAX_BODY_BYTES + 4;

  /** The head of a file that is not complete. */
  begin(): Buffer {
    return this.write(NOTHING, { timesMs: [], positions: [] });
  }

  /** The head of a complete file. @param index of at most `capacity` entries */
  write(facts: HeadFacts, index: Pick<KeyframeIndex, 'timesMs' | 'positions'>): Buffer {
    const flags = { audio: facts.hasAudio, video: facts.hasVideo };
    return Buffer.concat([flvHeader(flags), flvTag(FlvTagType.Script, 0, this.#body(facts, index))]);
  }

  #body(facts: HeadFacts, { timesMs, positions }: Pick<KeyframeIndex, 'timesMs' | 'positions'>): Buffer {
    const own: readonly (readonly [string, Buffer])[] = [
      ['duration', number(facts.lastMs / 1000)],
      ['filesize', number(facts.bytes)],
      ['lasttimestamp', number(facts.lastMs / 1000)],
      ['lastkeyframetimestamp', number(facts.lastKeyframeMs / 1000)],
      ['hasVideo', boolean(facts.hasVideo)],
      ['hasAudio', boolean(facts.hasAudio)],
      ['hasKeyframes', boolean(timesMs.length > 0)],
      ['hasMetadata', boolean(true)],
      ['canSeekToEnd', boolean(facts.canSeekToEnd)],
    ];
    const filler = ((this.capacity - timesMs.length) * ENTRY_BYTES) / FILLER.length;
    return Buffer.concat([
      METADATA,
      // The count is a hint, which readers do not need.
      Buffer.from([8, 0, 0, 0, own.length + 2]),
      ...own.flatMap(([name, value]) => [key(name), value]),
      this.#properties,
      ...[key('keyframes'), Buffer.from([3])],
      ...[key('times'), numbers(timesMs.map((timeMs) => timeMs / 1000))],
      ...[key('filepositions'), numbers(positions), END],
      ...[key('spare'), count(filler), Buffer.alloc(filler * FILLER.length, FILLER), END],
    ]);
  }
}

const NOTHING: HeadFacts = {
  ...{ bytes: 0, lastMs: 0, lastKeyframeMs: 0 },
  ...{ hasAudio: true, hasVideo: true, canSeekToEnd: false },
};
const END = Buffer.from([0, 0, 9]);
/** Bytes of the property `keyframes` without entries. */
const EMPTY_INDEX_BYTES = 2 + 9 + 1 + (2 + 5 + 5) + (2 + 13 + 5) + END.length;

function key(name: string): Buffer {
  const out = Buffer.alloc(2 + name.length);
  out.writeUInt16BE(name.length);
  out.write(name, 2, 'latin1');
  return out;
}

function number(value: number): Buffer {
  const out = Buffer.alloc(9);
  out.writeDoubleBE(value, 1);
  return out;
}

function boolean(value: boolean): Buffer {
  return Buffer.from([1, value ? 1 : 0]);
}

/** Marker and length of a strict array. */
function count(items: number): Buffer {
  const out = Buffer.from([10, 0, 0, 0, 0]);
  out.writeUInt32BE(items, 1);
  return out;
}

function numbers(values: readonly number[]): Buffer {
  const out = Buffer.alloc(values.length * 9);
  for (const [i, value] of values.entries()) out.writeDoubleBE(value, i * 9 + 1);
  return Buffer.concat([count(values.length), out]);
}

/** Bytes of the items of a property that is a strict array. */
function itemBytes({ bytes, valueAt }: AmfProperty): number {
  return bytes.length - valueAt - 5;
}
