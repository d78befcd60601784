import { cleanText } from '../core/log-fields.js';
import { aggregateTags } from './aggregate-tags.js';
import { type AmfNode, numberOf } from './amf-node.js';
import type { ChunkHeader, Fault } from './chunk-walker.js';
import { mediaSays } from './media-says.js';
import type { HandshakePart, ReadableMessage, StreamItem } from './stream-walker.js';

/** Message types by number, in words (RTMP 1.0 §5.4, §7.1). */
const TYPES: ReadonlyMap<number, string> = new Map([
  [1, 'set chunk size'],
  [2, 'abort'],
  [3, 'acknowledgement'],
  [4, 'user control'],
  [5, 'window acknowledgement size'],
  [6, 'set peer bandwidth'],
  [8, 'audio'],
  [9, 'video'],
  [15, 'data (AMF3)'],
  [16, 'shared object (AMF3)'],
  [17, 'command (AMF3)'],
  [18, 'data'],
  [19, 'shared object'],
  [20, 'command'],
  [22, 'aggregate'],
]);
const USER_CONTROL: ReadonlyMap<number, string> = new Map([
  [0, 'StreamBegin'],
  [1, 'StreamEOF'],
  [2, 'StreamDry'],
  [3, 'SetBufferLength'],
  [4, 'StreamIsRecorded'],
  [6, 'PingRequest'],
  [7, 'PingResponse'],
  [31, 'BufferEmpty'],
  [32, 'BufferReady'],
]);
const BANDWIDTH_LIMITS = ['hard', 'soft', 'dynamic'];

const OFFSET_COLUMNS = 9;
const MAX_MEMBERS = 64;
const MAX_DEPTH = 6;
/** Longest text of one message's values. */
const MAX_VALUES_LENGTH = 4000;

/** The words for a message type. */
export function typeName(type: number): string {
  return TYPES.get(type) ?? `type ${type}`;
}

/** One line of `sluice inspect`: the position, and what is there. It has no control character and no secret. */
export function inspectLine(item: StreamItem): string {
  switch (item.kind) {
    case 'handshake':
      return `${column(item.at)}  ${handshakeSays(item)}`;
    case 'chunk':
      return `${column(item.at)}  ${chunkSays(item)}`;
    case 'message':
      return `${' '.repeat(OFFSET_COLUMNS)}    = ${messageSays(item)}`;
    case 'fault':
      return `${column(item.at)}  ${faultSays(item)}`;
  }
}

/** `C1: 1536 bytes, time 0, version 9.0.124.2`. */
export function handshakeSays({ name, bytes, isComplete, says }: HandshakePart): string {
  return `${name}: ${bytes} byte${bytes === 1 ? '' : 's'}${isComplete ? `, ${says}` : ', cut off here'}`;
}

function chunkSays(chunk: ChunkHeader): string {
  const { fmt, chunkStreamId, payloadBytes, begins, length, type, timestamp, messageStreamId } = chunk;
  const head = `chunk fmt ${fmt} csid ${chunkStreamId}`;
  if (!begins) return `${head}  ${payloadBytes} more bytes of ${typeName(type)}`;
  const message = `type ${type} (${typeName(type)}) time ${timestamp} length ${length} stream ${messageStreamId}`;
  return `${head}  ${message}${payloadBytes < length ? `, ${payloadBytes} bytes here` : ''}`;
}

/** `ERR_CHUNK_FRESH_HEADER: expected a fmt 0 or fmt 1 header, found fmt 3 on new chunk stream 7`. */
export function faultSays({ code, expected, found, at }: Fault): string {
  return `FAULT ${code} at byte ${at}: expected ${expected}; found ${found}`;
}

/** What a message says, in one line. */
export function messageSays(message: ReadableMessage): string {
  const { type, payload, length, amf } = message;
  if (type === 8 || type === 9) return `${typeName(type)} ${length} bytes${mediaSays(type, payload)}`;
  if (payload.length < length) return `${typeName(type)} of ${length} bytes, of which only the end is here`;
  if (amf !== undefined) return valuesSay(message);
  return `${typeName(type)}${controlSays(type, payload)}`;
}

function controlSays(type: number, payload: Buffer): string {
  if (type === 4) return userControlSays(payload);
  if (type === 6 && payload.length >= 5)
    return ` ${payload.readUInt32BE(0)} ${BANDWIDTH_LIMITS[payload[4]!] ?? `limit type ${payload[4]}`}`;
  if (type >= 1 && type <= 5 && payload.length >= 4) return ` ${payload.readUInt32BE(0)}`;
  if (type === 22) return aggregateSays(payload);
  return ` of ${payload.length} bytes`;
}

function aggregateSays(payload: Buffer): string {
  const tags = aggregateTags(payload);
  const shown = tags
    .slice(0, MAX_MEMBERS)
    .map(({ type, delta, at, end }) => `${typeName(type)} ${delta < 0 ? '' : '+'}${delta} ms ${end - at} bytes`);
  return ` of ${payload.length} bytes${tags.length === 0 ? '' : `: ${more(shown, tags.length)}`}`;
}

function userControlSays(payload: Buffer): string {
  if (payload.length < 6) return ` of ${payload.length} bytes`;
  const event = payload.readUInt16BE(0);
  const more = payload.length >= 10 && event === 3 ? ` ${payload.readUInt32BE(6)} ms` : '';
  return ` ${USER_CONTROL.get(event) ?? `event ${event}`} ${payload.readUInt32BE(2)}${more}`;
}

function valuesSay({ type, payload, amf }: ReadableMessage): string {
  const { nodes, problem, cutAt } = amf!;
  const [first, ...rest] = nodes;
  const values = rest.map((node) => valueSays(payload, node, 0));
  const isNamed = first?.kind === 'string';
  const name = isNamed ? stringSays(payload, first) : '';
  if (first !== undefined && !isNamed) values.unshift(valueSays(payload, first, 0));
  const said = `${typeName(type)} ${name}(${values.join(', ')})`;
  const text = said.length > MAX_VALUES_LENGTH ? `${said.slice(0, MAX_VALUES_LENGTH)}…` : said;
  if (problem !== undefined)
    return `${text} then ${problem.code} at byte ${problem.at} of the payload: expected ${problem.expected}`;
  return cutAt === undefined ? text : `${text} cut off at byte ${cutAt} of the payload`;
}

function valueSays(payload: Buffer, node: AmfNode, depth: number): string {
  const { kind, value } = node;
  switch (kind) {
    case 'number':
      return isMasked(payload, node) ? '***' : String(numberOf(payload, node));
    case 'boolean':
      return String(node.as === 'marker' ? payload[value.at] === 0x03 : payload[value.at] !== 0);
    case 'string':
      return `"${stringSays(payload, node)}"`;
    case 'date':
      return isMasked(payload, node) ? '***' : `date ${numberOf(payload, node)}`;
    case 'reference':
      return `reference ${numberOf(payload, node)}`;
    case 'bytes':
      return `${value.end - value.at} bytes`;
    case 'object':
      return depth >= MAX_DEPTH ? '{…}' : membersSay(payload, node, depth);
    case 'array':
      return depth >= MAX_DEPTH ? '[…]' : itemsSay(payload, node, depth);
    default:
      return kind;
  }
}

function membersSay(payload: Buffer, { entries, items }: AmfNode, depth: number): string {
  const shown = entries
    .slice(0, MAX_MEMBERS)
    .map(({ key, node }) => `${textAt(payload, key.at, key.end)}: ${valueSays(payload, node, depth + 1)}`);
  // An AMF3 array with keys has items too.
  const rest = items.length > 0 ? [`… ${items.length} items`] : [];
  return `{${[more(shown, entries.length), ...rest].join(', ')}}`;
}

function itemsSay(payload: Buffer, { items }: AmfNode, depth: number): string {
  const shown = items.slice(0, MAX_MEMBERS).map((item) => valueSays(payload, item, depth + 1));
  return `[${more(shown, items.length)}]`;
}

function more(shown: readonly string[], count: number): string {
  return [...shown, ...(count > shown.length ? [`… ${count - shown.length} more`] : [])].join(', ');
}

function stringSays(payload: Buffer, { value }: AmfNode): string {
  return textAt(payload, value.at, value.end);
}

/** Text with what was overwritten as `***`, whatever its length was. */
function textAt(payload: Buffer, at: number, end: number): string {
  return cleanText(payload.toString('utf8', at, end).replace(/\*+/g, '***'));
}

function isMasked(payload: Buffer, { value, as }: AmfNode): boolean {
  return payload.subarray(value.at, value.end).every((byte) => (as === 'u29' ? byte & 0x7f : byte) === 0x2a);
}

function column(at: number): string {
  return String(at).padStart(OFFSET_COLUMNS);
}
