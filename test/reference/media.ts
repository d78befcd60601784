import * as C from '../../assembly/constants.js';

/** What a media payload says about itself, as a record holds it. */
export interface MediaFacts {
  readonly flags: number;
  readonly codec: number;
  readonly trackId: number;
  readonly packetType: number;
  readonly frameType: number;
}

const WINDOW = 128;

/** Reads the facts from the first 128 bytes of an audio (8) or video (9) payload. */
export function inspect(type: number, payload: Buffer): MediaFacts {
  const facts = { flags: 0, codec: 0, trackId: 0, packetType: 0, frameType: 0 };
  if (payload.length === 0) return { ...facts, flags: C.FLAG_EMPTY };
  const b = payload.subarray(0, WINDOW);
  if (type === 8) {
    const format = b[0] >> 4;
    if (format === 9) return inspectEnhanced(false, b);
    const packetType = format === 10 && payload.length > 1 ? b[1] : 1;
    return { ...facts, codec: format, packetType, flags: packetType === 0 ? C.FLAG_SEQUENCE_HEADER : 0 };
  }
  if (b[0] >= 0x80) return inspectEnhanced(true, b);
  const frameType = b[0] >> 4;
  const codec = b[0] & 15;
  const packetType = [7, 12, 13].includes(codec) && payload.length > 1 ? b[1] : 1;
  let flags = frameFlags(frameType);
  if (packetType === 2) flags = C.FLAG_END_OF_SEQUENCE;
  if (packetType === 0) flags = C.FLAG_SEQUENCE_HEADER;
  if (frameType === 5) flags = C.FLAG_COMMAND;
  return { ...facts, codec, packetType, frameType, flags };
}

function frameFlags(frameType: number): number {
  if (frameType === 1 || frameType === 4) return C.FLAG_KEYFRAME;
  return frameType === 3 ? C.FLAG_DISPOSABLE : 0;
}

function inspectEnhanced(video: boolean, b: Buffer): MediaFacts {
  const frameType = video ? (b[0] >> 4) & 7 : 0;
  let packetType = b[0] & 15;
  let p = 1;
  const facts = { flags: C.FLAG_ENHANCED, codec: 0, trackId: 0, packetType, frameType };
  while (packetType === 7) {
    if (p >= b.length) return facts;
    let size = b[p] + 1;
    p += 1;
    if (size === 256) {
      if (p + 2 > b.length) return facts;
      size = b.readUInt16BE(p) + 1;
      p += 2;
    }
    p += size;
    if (p >= b.length) return facts;
    packetType = b[p] & 15;
    p += 1;
  }
  if (video && frameType === 5 && packetType !== 4) {
    return { ...facts, packetType, flags: C.FLAG_ENHANCED | C.FLAG_COMMAND };
  }
  let flags = C.FLAG_ENHANCED;
  let multitrack = false;
  if (packetType === (video ? 6 : 5)) {
    multitrack = true;
    flags |= C.FLAG_MULTITRACK;
    if (p < b.length) {
      packetType = b[p] & 15;
      p += 1;
    }
  }
  let codec = 0;
  if (p + 4 <= b.length) {
    codec = b.readUInt32BE(p);
    p += 4;
  }
  const trackId = multitrack && p < b.length ? b[p] : 0;
  if (packetType === 0 || (video && packetType === 5)) flags |= C.FLAG_SEQUENCE_HEADER;
  else if (packetType === 2) flags |= C.FLAG_END_OF_SEQUENCE;
  else if (packetType === 4) flags |= C.FLAG_CONFIG;
  else if (video && (packetType === 1 || packetType === 3)) flags |= frameFlags(frameType);
  return { flags, codec, trackId, packetType, frameType };
}
