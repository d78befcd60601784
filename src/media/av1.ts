import { BitReader } from './bit-reader.js';
import { checkedFps, checkedSize, type VideoFacts } from './track.js';

const OBU_SEQUENCE_HEADER = 1;
/** A record holds one sequence header and perhaps a few metadata OBUs. */
const MAX_OBUS = 16;

/**
 * Reads an AV1CodecConfigurationRecord (AV1-ISOBMFF §2.3.3): codec string always, size and frame rate from its sequence
 * header OBU.
 *
 * @param av1C the record, borrowed
 * @returns the facts, or `undefined` when it is not such a record
 */
export function parseAv1Config(av1C: Uint8Array): VideoFacts | undefined {
  if (av1C.length < 4 || av1C[0] !== 0x81) return undefined;
  const profile = av1C[1]! >> 5;
  const level = av1C[1]! & 31;
  const flags = av1C[2]!;
  const tier = (flags & 0x80) === 0 ? 'M' : 'H';
  const highBitDepth = (flags & 0x40) !== 0;
  const twelveBit = (flags & 0x20) !== 0;
  const depth = highBitDepth ? (profile === 2 && twelveBit ? 12 : 10) : 8;
  const two = (n: number): string => String(n).padStart(2, '0');
  return {
    kind: 'video',
    codec: `av01.${profile}.${two(level)}${tier}.${two(depth)}`,
    ...parseAv1Obus(av1C.subarray(4)),
  };
}

/**
 * Finds and reads the sequence header among low-overhead OBUs (AV1 bitstream §5.3, §5.5).
 *
 * @param obus OBUs that carry their sizes (the last may omit it), borrowed
 * @returns what could be read; an empty object when there is no readable sequence header
 */
export function parseAv1Obus(obus: Uint8Array): Pick<VideoFacts, 'width' | 'height' | 'fps'> {
  let p = 0;
  for (let i = 0; i < MAX_OBUS && p < obus.length; i++) {
    const header = obus[p]!;
    p += (header & 4) === 0 ? 1 : 2;
    let size = obus.length - p;
    if ((header & 2) !== 0) {
      size = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = obus[p++];
        if (byte === undefined || shift > 28) return {};
        size += (byte & 127) * 2 ** shift;
        if ((byte & 128) === 0) break;
      }
    }
    if (((header >> 3) & 15) === OBU_SEQUENCE_HEADER) return readSequenceHeader(obus.subarray(p, p + size));
    p += size;
  }
  return {};
}

function readSequenceHeader(bytes: Uint8Array): Pick<VideoFacts, 'width' | 'height' | 'fps'> {
  const r = new BitReader(bytes);
  r.skip(4);
  let fps: number | undefined;
  if (r.flag()) r.skip(5);
  else fps = readTimingAndOperatingPoints(r);
  const widthBits = r.bits(4) + 1;
  const heightBits = r.bits(4) + 1;
  const size = checkedSize(r.bits(widthBits) + 1, r.bits(heightBits) + 1);
  if (r.overrun || size === undefined) return {};
  return fps === undefined ? size : { ...size, fps };
}

function readTimingAndOperatingPoints(r: BitReader): number | undefined {
  let fps: number | undefined;
  let delayBits = 0;
  if (r.flag()) {
    const unitsInTick = r.bits(32);
    const timeScale = r.bits(32);
    // uvlc() is the same code as ue(v).
    if (r.flag()) fps = checkedFps(timeScale / (unitsInTick * (r.ue() + 1)));
    if (r.flag()) {
      delayBits = r.bits(5) + 1;
      r.skip(42);
    }
  }
  const initialDelay = r.flag();
  const points = r.bits(5) + 1;
  for (let i = 0; i < points; i++) {
    r.skip(12);
    if (r.bits(5) > 7) r.skip(1);
    if (delayBits > 0 && r.flag()) r.skip(2 * delayBits + 1);
    if (initialDelay && r.flag()) r.skip(4);
  }
  return fps;
}
