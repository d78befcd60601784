import type { CodecLimits } from '../wasm/limits.js';
import type { Fault, WalkedMessage } from './chunk-walker.js';
import { maskedPayload, maskText } from './secrets.js';
import { StreamWalker, type StreamWalkOptions } from './stream-walker.js';

/** Audio and video look like short text by chance: only longer runs of it are overwritten. */
const MEDIA_RUN_BYTES = 8;
/** How many bytes from a fault on are tried to be kept, the fewest first: a whole chunk header has 18. */
const KEPT_AT_FAULT = [1, 3, 8, 12, 18];

/**
 * A copy of what a peer sent in which stream keys, tokens and passwords are overwritten with `*`, byte by byte:
 * positions hold, and the copy is read, and refused, as the original is. Behind a fault nothing can be told apart, so
 * all text is overwritten there; of the bytes at the fault itself as few stay as keep it what it is.
 *
 * @param bytes borrowed
 */
export function maskedBytes(bytes: Buffer, limits: CodecLimits, options: StreamWalkOptions): Buffer {
  const out = Buffer.from(bytes);
  const base = options.at ?? 0;
  const walker = new StreamWalker(limits, options);
  let fault: Fault | undefined;
  for (const item of walker.push(bytes)) {
    if (item.kind === 'message') overwrite(out, base, item, limits);
    else if (item.kind === 'fault') fault = item;
  }
  for (const { type, pieces } of walker.leftOver.unfinished)
    for (const { at, end } of pieces) maskText(out, at - base, end - base, runOf(type));
  if (fault !== undefined) return maskedFromFault(out, fault, limits, options);
  maskText(out, out.length - walker.leftOver.headerBytes, out.length);
  return out;
}

function runOf(type: number): number | undefined {
  return type === 8 || type === 9 ? MEDIA_RUN_BYTES : undefined;
}

/** Overwrites what is secret in one message, in all chunks that it lies in. */
function overwrite(out: Buffer, base: number, message: WalkedMessage, limits: CodecLimits): void {
  const { type, payload, length, pieces } = message;
  if (payload.length < length) {
    // Audio and video, and messages of which only the end is here.
    for (const { at, end } of pieces) maskText(out, at - base, end - base, runOf(type));
    return;
  }
  const masked = maskedPayload(type, payload, limits);
  let from = 0;
  for (const { at, end } of pieces) from += masked.copy(out, at - base, from, from + end - at);
}

function maskedFromFault(bytes: Buffer, fault: Fault, limits: CodecLimits, options: StreamWalkOptions): Buffer {
  const at = fault.at - (options.at ?? 0);
  for (const kept of KEPT_AT_FAULT) {
    const out = Buffer.from(bytes);
    maskText(out, Math.min(at + kept, out.length), out.length);
    const again = faultOf(out, limits, options);
    if (again?.code === fault.code && again.at === fault.at) return out;
  }
  // The fault is in the payload of Set Chunk Size, so what was refused is before it.
  const out = Buffer.from(bytes);
  maskText(out, Math.min(at + 4, out.length), out.length);
  return out;
}

function faultOf(bytes: Buffer, limits: CodecLimits, options: StreamWalkOptions): Fault | undefined {
  for (const item of new StreamWalker(limits, options).push(bytes)) if (item.kind === 'fault') return item;
  return undefined;
}
