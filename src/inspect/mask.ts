import type { CodecLimits } from '../wasm/limits.js';
import type { Fault, WalkedMessage } from './chunk-walker.js';
import { MASK, type MaskOptions, MEDIA_RUN_BYTES, maskedPayload, maskText } from './secrets.js';
import { type HandshakePart, PACKET_HEAD_BYTES, StreamWalker, type StreamWalkOptions } from './stream-walker.js';

/**
 * How many bytes from a fault on, or of a header without its end, are tried to be kept, the fewest first: a whole chunk
 * header has 18.
 */
const KEPT_BYTES = [0, 1, 3, 8, 12, 18];

/**
 * A copy of what a peer sent in which stream keys, tokens and passwords are overwritten with `*`, byte by byte:
 * positions hold, and the copy is read, and refused, as the original is. Every payload is overwritten, and what may be
 * shown of a message is put back once the message is complete: of one that was aborted, cut off, or of which only the
 * end is here, nothing can be told apart. The same holds behind a fault; of the bytes at the fault itself as few stay
 * as keep it what it is.
 *
 * @param bytes borrowed
 */
export function maskedBytes(bytes: Buffer, limits: CodecLimits, options: StreamWalkOptions): Buffer {
  const out = Buffer.from(bytes);
  const base = options.at ?? 0;
  const walker = new StreamWalker(limits, options);
  const open = options.from?.open;
  const type = options.from?.streams.find(({ chunkStreamId }) => chunkStreamId === open?.chunkStreamId)?.type;
  if (open !== undefined) cover(out, 0, open.bytes, type);
  let fault: Fault | undefined;
  for (const item of walker.push(bytes)) {
    if (item.kind === 'handshake') coverFiller(out, base, item);
    else if (item.kind === 'chunk') cover(out, item.payloadAt - base, item.payloadBytes, item.type);
    else if (item.kind === 'message') putBack(out, base, item, limits, options);
    else fault = item;
  }
  for (const part of walker.end()) coverFiller(out, base, part);
  if (fault !== undefined) return maskedFrom(out, fault.at - base, 1, fault, limits, options);
  return maskedFrom(out, out.length - walker.leftOver.headerBytes, undefined, undefined, limits, options);
}

/** Overwrites what means nothing in a handshake packet: a peer that skips one sends commands in its place. */
function coverFiller(out: Buffer, base: number, { at, bytes }: HandshakePart): void {
  if (bytes > PACKET_HEAD_BYTES) out.fill(MASK, at - base + PACKET_HEAD_BYTES, at - base + bytes);
}

/** Overwrites the payload of a chunk, of which the end may be missing. @param type of its message */
function cover(out: Buffer, at: number, bytes: number, type: number | undefined): void {
  const end = Math.min(at + bytes, out.length);
  if (type === 8 || type === 9) maskText(out, at, end, MEDIA_RUN_BYTES);
  else if (at < end) out.fill(MASK, at, end);
}

/** Puts back what may be shown of a message, in all chunks that it lies in. */
function putBack(
  out: Buffer,
  base: number,
  { type, payload, length, pieces }: WalkedMessage,
  limits: CodecLimits,
  options: MaskOptions,
): void {
  // Of audio and video only the first bytes are here, and they are not overwritten as a whole.
  if (payload.length < length) return;
  const masked = maskedPayload(type, payload, limits, options);
  let from = 0;
  for (const { at, end } of pieces) from += masked.copy(out, at - base, from, from + end - at);
}

/** Masks text from a position on, so that what is read there stays what it is: the same fault, or none. */
function maskedFrom(
  bytes: Buffer,
  at: number,
  leastRun: number | undefined,
  fault: Fault | undefined,
  limits: CodecLimits,
  options: StreamWalkOptions,
): Buffer {
  for (const kept of KEPT_BYTES) {
    const out = Buffer.from(bytes);
    maskText(out, Math.min(at + kept, out.length), out.length, leastRun);
    const again = faultOf(out, limits, options);
    if (again?.code === fault?.code && again?.at === fault?.at) return out;
  }
  // The fault is in the payload of Set Chunk Size, so what was refused is before it.
  const out = Buffer.from(bytes);
  maskText(out, Math.min(at + 4, out.length), out.length, 1);
  return out;
}

function faultOf(bytes: Buffer, limits: CodecLimits, options: StreamWalkOptions): Fault | undefined {
  for (const item of new StreamWalker(limits, options).push(bytes)) if (item.kind === 'fault') return item;
  return undefined;
}
