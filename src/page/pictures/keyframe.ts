import { codecString, type PictureCodec } from './codec-string.js';

/** One keyframe, and what a decoder has to know of it. */
export interface Keyframe {
  /** RFC 6381, for a decoder and for people. */
  readonly codec: string;
  /** The configuration record, for codecs whose decoders need it apart. A view on the file. */
  readonly description: Uint8Array | undefined;
  /** The frame as it is in the file, and a view on it; of AV1 with the sequence header before it where it has none. */
  readonly data: Uint8Array;
}

const LEGACY: Readonly<Record<number, PictureCodec>> = { 7: 'avc1', 12: 'hvc1' };
const ENHANCED: readonly string[] = ['avc1', 'hvc1', 'av01', 'vp08', 'vp09'];

/** What one video tag holds: a configuration, or a frame. */
interface Part {
  /** Id of the track: its configuration is the one of its frames. */
  readonly track: number;
  readonly codec: PictureCodec;
  readonly isConfig: boolean;
  readonly isKey: boolean;
  readonly bytes: Uint8Array;
}

/**
 * The newest keyframe in an FLV file, in legacy tags or in those of Enhanced RTMP.
 *
 * @param flv the file, borrowed; the result has views on it
 * @returns undefined: there is none, or none of a codec that is known here
 */
export function readKeyframe(flv: Uint8Array): Keyframe | undefined {
  const configs = new Map<number, Part>();
  let frame: Part | undefined;
  for (const tag of videoTags(flv)) {
    const part = partOf(tag);
    if (part?.isConfig === true) configs.set(part.track, part);
    else if (part?.isKey === true) frame = part;
  }
  if (frame === undefined) return undefined;
  const { track, codec, bytes } = frame;
  const config = configs.get(track);
  const record = config?.codec === codec ? config.bytes : undefined;
  const name = codec === 'vp08' ? 'vp8' : record === undefined ? undefined : codecString(codec, record);
  if (name === undefined) return undefined;
  const needsRecord = codec === 'avc1' || codec === 'hvc1';
  return {
    codec: name,
    description: needsRecord ? record : undefined,
    data: codec === 'av01' ? withSequenceHeader(bytes, record!) : bytes,
  };
}

/** Payloads of the video tags of a file. What is cut off at its end is left out. */
function* videoTags(flv: Uint8Array): Generator<Uint8Array> {
  if (flv.length < 9 || flv[0] !== 0x46 || flv[1] !== 0x4c || flv[2] !== 0x56) return;
  const view = new DataView(flv.buffer, flv.byteOffset, flv.byteLength);
  // Behind the header and between tags are four bytes with the size of the tag before.
  let at = view.getUint32(5) + 4;
  while (at + 11 <= flv.length) {
    const size = view.getUint32(at) & 0xffffff;
    const end = at + 11 + size;
    if (end > flv.length) return;
    if (flv[at] === 9) yield flv.subarray(at + 11, end);
    at = end + 4;
  }
}

/**
 * The same file with its last video tag once more, and again, each 100 ms later: a video element shows a frame when it
 * knows how long the frame lasts, which it learns from the next one.
 *
 * @param flv borrowed @returns a copy
 */
export function lasting(flv: Uint8Array): Uint8Array {
  const last = [...videoTags(flv)].at(-1);
  if (last === undefined) return flv.slice();
  const start = last.byteOffset - flv.byteOffset - 11;
  const tag = flv.subarray(start, start + 11 + last.length + 4);
  const whole = new Uint8Array(flv.length + 2 * tag.length);
  whole.set(flv);
  for (const index of [0, 1]) {
    const at = flv.length + index * tag.length;
    whole.set(tag, at);
    // The lower 24 bits of the time stand first, then the upper 8.
    const view = new DataView(whole.buffer, at);
    const time = (view.getUint8(7) * 0x1000000 + (view.getUint32(4) >>> 8) + (index + 1) * 100) >>> 0;
    view.setUint32(4, ((time & 0xffffff) << 8) | (time >>> 24));
  }
  return whole;
}

function partOf(tag: Uint8Array): Part | undefined {
  const first = tag[0];
  if (first === undefined) return undefined;
  if ((first & 0x80) !== 0) return enhancedPart(tag);
  const codec = LEGACY[first & 0x0f];
  // Packet type, and three bytes of the time between decoding and showing.
  if (codec === undefined || tag.length < 5 || tag[1]! > 1) return undefined;
  return { track: 0, codec, isConfig: tag[1] === 0, isKey: first >> 4 === 1, bytes: tag.subarray(5) };
}

/**
 * Of Enhanced RTMP: frame type and packet type, the FourCC, the payload (Enhanced RTMP v2, ExVideoTagHeader); of
 * several tracks the first.
 */
function enhancedPart(tag: Uint8Array): Part | undefined {
  const isKey = ((tag[0]! >> 4) & 7) === 1;
  let type = tag[0]! & 0x0f;
  let at = 1;
  while (type === PACKET.modEx) {
    const short = tag[at] ?? 0;
    at += short === 255 ? 3 + ((tag[at + 1] ?? 0) << 8) + (tag[at + 2] ?? 0) + 1 : 1 + short + 1;
    type = (tag[at] ?? 0) & 0x0f;
    at += 1;
  }
  const isMultitrack = type === PACKET.multitrack;
  const tracks = (tag[at] ?? 0) >> 4;
  if (isMultitrack) {
    type = (tag[at] ?? 0) & 0x0f;
    at += 1;
  }
  const codec = String.fromCharCode(...tag.subarray(at, at + 4)) as PictureCodec;
  at += 4;
  if (!ENHANCED.includes(codec)) return undefined;
  let end = tag.length;
  let track = 0;
  // The FourCC stands before the id of the first track, whether the others share it or not.
  if (isMultitrack) {
    track = tag[at] ?? 0;
    at += 1;
    if (tracks > 0) {
      end = at + 3 + (((tag[at] ?? 0) << 16) | ((tag[at + 1] ?? 0) << 8) | (tag[at + 2] ?? 0));
      at += 3;
    }
  }
  if (type === PACKET.config) return { track, codec, isConfig: true, isKey, bytes: tag.subarray(at, end) };
  if (type !== PACKET.frame && type !== PACKET.frameX) return undefined;
  if (type === PACKET.frame && (codec === 'avc1' || codec === 'hvc1')) at += 3;
  return at >= end ? undefined : { track, codec, isConfig: false, isKey, bytes: tag.subarray(at, end) };
}

const PACKET = { config: 0, frame: 1, frameX: 3, multitrack: 6, modEx: 7 } as const;

/**
 * A frame of AV1 begins with a sequence header, or the one of the configuration is put before it: decoders of browsers
 * take it from the frame alone.
 */
function withSequenceHeader(frame: Uint8Array, config: Uint8Array): Uint8Array {
  const typeAt = (at: number): number => ((frame[at] ?? 0) >> 3) & 0x0f;
  const first = typeAt(0) === OBU.delimiter ? 2 : 0;
  const header = config.subarray(4);
  if (typeAt(first) === OBU.sequenceHeader || header.length === 0) return frame;
  const whole = new Uint8Array(header.length + frame.length);
  whole.set(frame.subarray(0, first));
  whole.set(header, first);
  whole.set(frame.subarray(first), first + header.length);
  return whole;
}

const OBU = { sequenceHeader: 1, delimiter: 2 } as const;
