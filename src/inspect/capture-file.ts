import { SluiceError } from '../core/errors.js';
import { type CodecLimits, normaliseLimits } from '../wasm/limits.js';
import type { ChunkStreamState, WalkState } from './chunk-walker.js';

/** What a capture file says of the bytes in it. Nothing in it is secret. */
export interface CaptureHeader {
  /** Version of this form. */
  readonly sluiceCapture: 1;
  /** Version of the server. */
  readonly version: string;
  /** When the connection failed, RFC 3339. */
  readonly time: string;
  /** Why. */
  readonly code: string;
  readonly detail: string;
  readonly connection: {
    readonly id: string;
    readonly peer: string;
    readonly transport: string;
    readonly app: string;
    /** What the client says it is. */
    readonly client: string;
  };
  /** Bytes received in all. */
  readonly received: number;
  /** Position of the first byte that is kept; 0: the connection is here from its beginning. */
  readonly at: number;
  /** Whether a publish ran at that position. */
  readonly publishing: boolean;
  /** Where the reader stood at that position; undefined during the handshake and at the start. */
  readonly from?: WalkState;
  /** The limits that were in force. */
  readonly limits: CodecLimits;
}

/** A capture file as it was read. */
export interface Capture {
  readonly header: CaptureHeader;
  /** A view of the file's bytes. */
  readonly bytes: Buffer;
}

const MAGIC = '{"sluiceCapture":1,';
const MAX_HEADER_BYTES = 65_536;

/** A capture file: the header as one line of JSON, then the bytes as they came. */
export function writeCapture(header: CaptureHeader, bytes: Uint8Array): Buffer {
  const { sluiceCapture, ...rest } = header;
  return Buffer.concat([Buffer.from(`${JSON.stringify({ sluiceCapture, ...rest })}\n`), bytes]);
}

/**
 * Reads a capture file.
 *
 * @param file borrowed; `bytes` of the result is a view of it
 * @returns undefined when it is none, but bytes as they were sent
 * @throws SluiceError ERR_INSPECT_FILE when it begins as one and is damaged
 */
export function readCapture(file: Buffer): Capture | undefined {
  if (file.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  const end = file.subarray(0, MAX_HEADER_BYTES).indexOf(0x0a);
  if (end < 0) throw new SluiceError('ERR_INSPECT_FILE', 'its header has no end');
  let header: CaptureHeader;
  try {
    header = JSON.parse(file.toString('utf8', 0, end)) as CaptureHeader;
  } catch (cause) {
    throw new SluiceError('ERR_INSPECT_FILE', 'its header is no JSON', { cause });
  }
  return { header: { ...checkedHeader(header), from: checkedState(header.from) }, bytes: file.subarray(end + 1) };
}

/** Only what is used is checked: positions and limits. A file may come from anywhere. */
function checkedHeader(header: CaptureHeader): CaptureHeader {
  if (!areCounts(header.at, header.received)) throw damaged('positions');
  const limits = Object.entries(header.limits ?? {}).filter(([, value]) => areCounts(value));
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const { id, peer, transport, app, client } = header.connection ?? {};
  return {
    sluiceCapture: 1,
    version: text(header.version),
    time: text(header.time),
    code: text(header.code),
    detail: text(header.detail),
    connection: { id: text(id), peer: text(peer), transport: text(transport), app: text(app), client: text(client) },
    received: header.received,
    at: header.at,
    publishing: header.publishing === true,
    limits: normaliseLimits(Object.fromEntries(limits)),
  };
}

function checkedState(state: WalkState | undefined): WalkState | undefined {
  if (state === undefined) return undefined;
  const { chunkSize, streams, lastMedia, open } = state;
  if (!areCounts(chunkSize, lastMedia ?? 0) || chunkSize < 1 || !Array.isArray(streams)) throw damaged('state');
  for (const stream of streams as readonly ChunkStreamState[]) {
    const { chunkStreamId, raw, timestamp, length, type, messageStreamId, received } = stream ?? {};
    if (!areCounts(chunkStreamId, raw, timestamp, length, type, messageStreamId, received) || received > length)
      throw damaged('chunk streams');
  }
  if (open !== undefined && !areCounts(open.chunkStreamId, open.bytes)) throw damaged('open chunk');
  return state;
}

function areCounts(...values: readonly unknown[]): boolean {
  return values.every((value) => Number.isSafeInteger(value) && (value as number) >= 0);
}

function damaged(what: string): SluiceError {
  return new SluiceError('ERR_INSPECT_FILE', `its header has wrong ${what}`);
}
