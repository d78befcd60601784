import { readFile, stat } from 'node:fs/promises';
import { ERRORS, type ErrorCode, SluiceError } from '../core/errors.js';
import { cleanText } from '../core/log-fields.js';
import { type Capture, readCapture } from '../inspect/capture-file.js';
import { CHUNK_FAULTS } from '../inspect/chunk-faults.js';
import type { Fault } from '../inspect/chunk-walker.js';
import { handshakeSays, inspectLine, messageSays, typeName } from '../inspect/render.js';
import { type StreamItem, StreamWalker, type StreamWalkOptions } from '../inspect/stream-walker.js';
import { type CodecLimits, DEFAULT_CODEC_LIMITS } from '../wasm/limits.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';

/** Options of `sluice inspect`. */
export interface InspectOptions {
  readonly messages?: boolean;
  readonly side?: string;
  readonly handshake?: boolean;
}

/** Longest file that is read, in bytes: the whole of it is in memory. */
const MAX_FILE_BYTES = 256 << 20;
/** Bytes that are looked at before the reader of the lines is waited for. */
const PIECE_BYTES = 16_384;

/**
 * `sluice inspect FILE`: prints what the bytes of a connection mean, with positions.
 *
 * @returns the exit code: 1 when the bytes hold a fault
 * @throws SluiceError ERR_INSPECT_FILE, ERR_CLI_USAGE
 */
export async function inspect(path: string, options: InspectOptions, io: Io): Promise<number> {
  const { side = 'client' } = options;
  if (side !== 'client' && side !== 'server')
    throw new SluiceError('ERR_CLI_USAGE', `--side ${side}; expected client or server`);
  const file = await load(path);
  const capture = readCapture(file);
  const walk: StreamWalkOptions =
    capture === undefined
      ? { side, handshake: options.handshake !== false }
      : { at: capture.header.at, from: capture.header.from, publishing: capture.header.publishing };
  if (capture !== undefined) for (const line of captureLines(capture)) io.out(`${line}\n`);
  const bytes = capture?.bytes ?? file;
  const fault = await print(bytes, capture?.header.limits ?? DEFAULT_CODEC_LIMITS, walk, options.messages === true, io);
  const code = fault?.code ?? '';
  if (capture !== undefined && code !== capture.header.code && CHUNK_FAULTS.has(capture.header.code))
    io.err(`sluice: the server says ${cleanText(capture.header.code)}, and this reading does not find it\n`);
  if (fault !== undefined) io.err(`sluice: ${fault.code}: ${ERRORS[fault.code].hint}\n`);
  return fault === undefined ? EXIT.ok : EXIT.failed;
}

async function load(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes; at most ${MAX_FILE_BYTES} are read`);
    return await readFile(path);
  } catch (cause) {
    throw new SluiceError('ERR_INSPECT_FILE', `${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Prints line by line. @returns the fault, when there is one */
async function print(
  bytes: Buffer,
  limits: CodecLimits,
  walk: StreamWalkOptions,
  onlyMessages: boolean,
  io: Io,
): Promise<Fault | undefined> {
  const walker = new StreamWalker(limits, walk);
  let fault: Fault | undefined;
  for (let at = 0; at < bytes.length && fault === undefined && !io.gone.aborted; at += PIECE_BYTES) {
    for (const item of walker.push(bytes.subarray(at, at + PIECE_BYTES))) {
      if (item.kind === 'fault') fault = item;
      const line = onlyMessages ? messageLine(item) : inspectLine(item);
      if (line !== undefined) io.out(`${line}\n`);
    }
    await io.room(io.gone);
  }
  if (fault === undefined) for (const line of endLines(walker)) io.out(`${line}\n`);
  return fault;
}

function messageLine(item: StreamItem): string | undefined {
  if (item.kind === 'chunk') return undefined;
  if (item.kind !== 'message') return inspectLine(item);
  return `${String(item.at).padStart(9)}  ${item.timestamp} ms stream ${item.messageStreamId}  ${messageSays(item)}`;
}

function* endLines(walker: StreamWalker): Generator<string> {
  for (const part of walker.end()) yield `          ${handshakeSays(part)}`;
  const { unfinished, headerBytes, position } = walker.leftOver;
  for (const { type, received, length, chunkStreamId } of unfinished)
    yield `          unfinished: ${typeName(type)} on csid ${chunkStreamId}, ${received} of ${length} bytes`;
  if (headerBytes > 0) yield `          ${headerBytes} bytes of a chunk header that goes on`;
  yield `${String(position).padStart(9)}  end`;
}

function captureLines({ header, bytes }: Capture): string[] {
  const { connection, time, version, code, detail, at, received } = header;
  const says = Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].says : 'an unknown code';
  // The message of an error begins with what its code says.
  const more = detail === '' || detail.startsWith(says) ? '' : ` (${detail})`;
  const client = connection.client === '' ? '' : `, ${connection.client}`;
  return [
    `# ${time}  Sluice ${version}  connection ${connection.id} from ${connection.peer} over ${connection.transport}`,
    `# app ${connection.app === '' ? '(none)' : connection.app}${client}`,
    `# closed with ${code}: ${says}${more}`,
    `# bytes ${at} to ${at + bytes.length} of ${received}`,
  ].map(cleanText);
}
