import { SluiceError } from '../core/errors.js';
import { type BoxPlace, boxesIn } from './box-walk.js';

/** How samples of a track are carried in RTMP messages. */
export type TrackCodec =
  | { readonly kind: 'avc' | 'hevc'; readonly config: Buffer; readonly width: number; readonly height: number }
  | { readonly kind: 'aac'; readonly config: Buffer };

/** Bytes of a sample entry before its boxes (ISO/IEC 14496-12 §12.1.3 and §12.2.3). */
const VISUAL_BYTES = 78;
const AUDIO_BYTES = 28;
/** More of them in the versions 1 and 2 of QuickTime's sound description. */
const QUICKTIME_MORE_BYTES = [0, 16, 36];

/** Tags of MPEG-4 descriptors (ISO/IEC 14496-1 §7.2.6). */
const ES_DESCRIPTOR = 3;
const DECODER_CONFIG = 4;
const DECODER_SPECIFIC = 5;
/** Bytes of a DecoderConfigDescriptor before the descriptors in it. */
const DECODER_CONFIG_BYTES = 13;
/** Object type indications of AAC: MPEG-4, and MPEG-2 in three profiles. */
const AAC_OBJECT_TYPES: ReadonlySet<number> = new Set([0x40, 0x66, 0x67, 0x68]);

/**
 * Reads what a track's one sample description (`stsd`) says of its codec.
 *
 * @throws SluiceError `ERR_MP4_CODEC` for anything but H.264, HEVC and AAC; `ERR_MP4_DAMAGED`
 */
export function readCodec(bytes: Buffer, stsd: BoxPlace): TrackCodec {
  const [entry] = boxesIn(bytes, Math.min(stsd.body + 8, stsd.end), stsd.end);
  if (entry === undefined) throw new SluiceError('ERR_MP4_DAMAGED', 'stsd has no entry');
  switch (entry.type) {
    case 'avc1':
    case 'avc3':
      return visual(bytes, entry, 'avc', 'avcC');
    case 'hvc1':
    case 'hev1':
      return visual(bytes, entry, 'hevc', 'hvcC');
    case 'mp4a':
      return { kind: 'aac', config: audioConfig(bytes, entry) };
    default:
      throw new SluiceError('ERR_MP4_CODEC', JSON.stringify(entry.type));
  }
}

function visual(bytes: Buffer, entry: BoxPlace, kind: 'avc' | 'hevc', type: string): TrackCodec {
  const from = entry.body + VISUAL_BYTES;
  const config = from > entry.end ? undefined : child(bytes, from, entry.end, type);
  if (config === undefined) throw new SluiceError('ERR_MP4_DAMAGED', `${entry.type} without ${type}`);
  return {
    kind,
    config: Buffer.from(bytes.subarray(config.body, config.end)),
    width: bytes.readUInt16BE(entry.body + 24),
    height: bytes.readUInt16BE(entry.body + 26),
  };
}

function child(bytes: Buffer, from: number, to: number, type: string): BoxPlace | undefined {
  for (const box of boxesIn(bytes, from, to)) if (box.type === type) return box;
  return undefined;
}

function audioConfig(bytes: Buffer, entry: BoxPlace): Buffer {
  if (entry.body + AUDIO_BYTES > entry.end) throw new SluiceError('ERR_MP4_DAMAGED', 'mp4a is too short');
  const version = bytes.readUInt16BE(entry.body + 8);
  const from = entry.body + AUDIO_BYTES + (QUICKTIME_MORE_BYTES[version] ?? 0);
  // QuickTime puts the box into another one.
  const wave = child(bytes, from, entry.end, 'wave');
  const esds = child(bytes, from, entry.end, 'esds') ?? (wave && child(bytes, wave.body, wave.end, 'esds'));
  if (esds === undefined) throw new SluiceError('ERR_MP4_DAMAGED', 'mp4a without esds');
  const es = descriptor(bytes, esds.body + 4, esds.end, ES_DESCRIPTOR);
  const flags = es === undefined ? 0 : (bytes[es.body + 2] ?? 0);
  const inEs = es === undefined ? 0 : es.body + 3 + optionalBytes(bytes, es.body + 3, flags);
  const config = es && descriptor(bytes, inEs, es.end, DECODER_CONFIG);
  if (config === undefined) throw new SluiceError('ERR_MP4_DAMAGED', 'esds without a decoder configuration');
  const objectType = bytes[config.body] ?? 0;
  if (!AAC_OBJECT_TYPES.has(objectType)) throw new SluiceError('ERR_MP4_CODEC', `mp4a.${objectType.toString(16)}`);
  const specific = descriptor(bytes, config.body + DECODER_CONFIG_BYTES, config.end, DECODER_SPECIFIC);
  if (specific === undefined) throw new SluiceError('ERR_MP4_DAMAGED', 'AAC without its configuration');
  return Buffer.from(bytes.subarray(specific.body, specific.end));
}

/** Bytes of what an ES_Descriptor may hold before its descriptors: an id, a URL, another id. */
function optionalBytes(bytes: Buffer, at: number, flags: number): number {
  const dependsOn = (flags & 0x80) === 0 ? 0 : 2;
  const url = (flags & 0x40) === 0 ? 0 : 1 + (bytes[at + dependsOn] ?? 0);
  return dependsOn + url + ((flags & 0x20) === 0 ? 0 : 2);
}

/** The descriptor of a tag in `bytes[from, to)`. Lengths have up to four bytes of seven bits each. */
function descriptor(
  bytes: Buffer,
  from: number,
  to: number,
  tag: number,
): { readonly body: number; readonly end: number } | undefined {
  for (let at = from; at + 2 <= to; ) {
    const isIt = bytes[at] === tag;
    let length = 0;
    let body = at + 1;
    for (let more = true; more && body < to && body < at + 5; body++) {
      length = length * 128 + (bytes[body]! & 127);
      more = (bytes[body]! & 128) !== 0;
    }
    const end = body + length;
    if (end > to) return undefined;
    if (isIt) return { body, end };
    at = end;
  }
  return undefined;
}
