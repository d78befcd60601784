import { createHash } from 'node:crypto';
import { SluiceError } from '../core/errors.js';
import { escapeToken } from '../core/escape.js';

/** Longest part of a path, in bytes of UTF-8: file systems have 255, and a part file needs some for its ending. */
const MAX_PART_BYTES = 240;
/** Longest path below the root, in bytes: with the root it has to fit into the 4096 of Linux. */
const MAX_PATH_BYTES = 2048;
/** Most folders and a file: the app and the name of a stream may have slashes. */
const MAX_PARTS = 32;
/** Control characters of ASCII and Latin-1, line separators, and what separates folders on Windows. */
const ODD = /[\p{Cc}\u2028\u2029\\]/u;
/** Letters of an escaped name that stay in front of its hash. */
const KEPT_LETTERS = 120;
/** Letters of the hash of a name: 96 bits. */
const HASH_LETTERS = 24;

/**
 * Takes a path below the root apart. Nothing is decoded or resolved: a part is a name as the file system has it.
 *
 * @param path parts with `/` between them
 * @returns at least one part
 * @throws SluiceError `ERR_MEDIA_PATH` for an empty part, one that begins with a dot (`..` and hidden files), has a
 *   control character, a backslash or half of a surrogate pair, and for a path past the bounds
 */
export function partsOf(path: string): readonly string[] {
  const parts = path.split('/');
  const isOdd = parts.length > MAX_PARTS || Buffer.byteLength(path) > MAX_PATH_BYTES || !parts.every(isPlain);
  if (isOdd) throw new SluiceError('ERR_MEDIA_PATH');
  return parts;
}

function isPlain(part: string): boolean {
  if (part === '' || part.startsWith('.') || ODD.test(part)) return false;
  const bytes = Buffer.from(part, 'utf8');
  // Half of a surrogate pair is written as another character: two names would be one file.
  return bytes.length <= MAX_PART_BYTES && bytes.toString('utf8') === part;
}

/**
 * The name of a folder or file for an app or a stream: its {@link escapeToken} form. Of a longer one the beginning and
 * a hash stay, behind `=h`, which no escaped text has: names that differ never share a folder.
 */
export function partFor(name: string): string {
  const escaped = escapeToken(name);
  if (Buffer.byteLength(escaped) <= MAX_PART_BYTES) return escaped;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LETTERS);
  return `${escaped.slice(0, KEPT_LETTERS)}=h${hash}`;
}
