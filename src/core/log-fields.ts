import { SluiceError } from './errors.js';
import { tellText } from './tell.js';

/**
 * Facts that go with a log line. Functions and symbols are left out; an `Error` becomes type, code, message and frames.
 */
export type LogFields = Readonly<Record<string, unknown>>;

/** Longest text field in bytes of UTF-8. */
export const FIELD_BYTES = 256;
/** Longest line, counted over names and values, in bytes. */
export const LINE_BYTES = 4096;

const MASK = '***';
const MAX_DEPTH = 4;
const MAX_ITEMS = 32;
const MAX_FRAMES = 8;
const SECRET_NAME =
  /^(?:key|query|creds|pass|auth|.*(?:password|passphrase|secret|token|authorization|credentials?|nkey|seed|streamkey|apikey))$/i;
// C0, DEL, C1, line and paragraph separators, and the marks that reorder text on a terminal.
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the purpose
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu;

interface Budget {
  bytes: number;
}

/**
 * Returns a copy of `fields` that is safe to log: members with secret names are masked, user info and queries are cut
 * out of URLs, control characters are escaped, every text is cut to {@link FIELD_BYTES}, and depth and number of
 * members are bounded.
 */
export function cleanFields(fields: LogFields): Record<string, unknown> {
  const budget: Budget = { bytes: LINE_BYTES };
  return cleanRecord(fields, 0, budget);
}

/** Cleans one text like a field. */
export function cleanText(text: string): string {
  return cut(escapeUnsafe(tellText(text.slice(0, FIELD_BYTES * 4))), text.length > FIELD_BYTES * 4);
}

function cleanRecord(record: LogFields, depth: number, budget: Budget): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  let items = 0;
  for (const [name, value] of Object.entries(record)) {
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') continue;
    if (items === MAX_ITEMS || budget.bytes <= 0) {
      clean['truncated'] = true;
      break;
    }
    items += 1;
    const safeName = cleanText(name);
    budget.bytes -= safeName.length + 4;
    clean[safeName] = SECRET_NAME.test(name) && isTelling(value) ? MASK : cleanValue(value, depth, budget);
  }
  return clean;
}

/** Returns whether masking hides anything. A missing or empty secret is shown as such. */
function isTelling(value: unknown): boolean {
  return value !== null && value !== '' && typeof value !== 'boolean';
}

function cleanValue(value: unknown, depth: number, budget: Budget): unknown {
  switch (typeof value) {
    case 'string': {
      const text = cleanText(value);
      budget.bytes -= Buffer.byteLength(text);
      return text;
    }
    case 'number':
      budget.bytes -= 8;
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      budget.bytes -= 20;
      return value.toString();
    case 'object':
      return value === null ? null : cleanObject(value, depth, budget);
    default:
      budget.bytes -= 5;
      return value;
  }
}

function cleanObject(value: object, depth: number, budget: Budget): unknown {
  if (value instanceof Error) return cleanRecord(errorFields(value), depth, budget);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `<${value.byteLength} bytes>`;
  if (depth >= MAX_DEPTH) return Array.isArray(value) ? '[…]' : '{…}';
  if (!Array.isArray(value)) return cleanRecord(value as LogFields, depth + 1, budget);
  const items = value.slice(0, MAX_ITEMS).map((item: unknown) => cleanValue(item, depth + 1, budget));
  return value.length > MAX_ITEMS ? [...items, `… ${value.length - MAX_ITEMS} more`] : items;
}

function errorFields(error: Error): LogFields {
  const code = (error as { code?: unknown }).code;
  // A peer's or operator's mistake needs no stack. A defect does.
  const expected = error instanceof SluiceError && error.blame !== 'internal';
  const frames = (error.stack ?? '').split('\n').slice(1, 1 + MAX_FRAMES);
  return {
    type: error.name,
    code,
    message: error.message,
    details: error instanceof SluiceError && Object.keys(error.details).length > 0 ? error.details : undefined,
    cause: error.cause,
    frames: expected ? undefined : frames.map((frame) => frame.trim()),
  };
}

function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

function cut(text: string, longer: boolean): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= FIELD_BYTES && !longer) return text;
  const mark = '…';
  let end = Math.min(bytes.length, FIELD_BYTES - Buffer.byteLength(mark));
  // A cut must not be in the middle of a character: UTF-8 continuation bytes are 10xxxxxx.
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end) + mark;
}
