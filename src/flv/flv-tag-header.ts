import { SluiceError } from '../core/errors.js';
import { FILE_HEADER_BYTES, FlvTagType, TAG_HEADER_BYTES } from './flv-format.js';

/** A file header that claims to be longer than this is damaged: the format has had 9 bytes since its first version. */
const MAX_FILE_HEADER_BYTES = 4096;
const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(FlvTagType));

/**
 * Reads the header of a file (Adobe FLV 10.1 §E.2).
 *
 * @param bytes its first nine bytes
 * @returns its length in bytes
 * @throws SluiceError `ERR_FLV_SIGNATURE`
 */
export function checkFileHeader(bytes: Buffer): number {
  const isFlv = bytes.length >= FILE_HEADER_BYTES && bytes.toString('latin1', 0, 3) === 'FLV' && bytes[3] === 1;
  const length = isFlv ? bytes.readUInt32BE(5) : 0;
  if (length < FILE_HEADER_BYTES || length > MAX_FILE_HEADER_BYTES)
    throw new SluiceError('ERR_FLV_SIGNATURE', `it starts with ${bytes.toString('hex', 0, 9)}`);
  return length;
}

/**
 * Reads the header of a tag (Adobe FLV 10.1 §E.4.1).
 *
 * @returns undefined when eleven bytes are not there, or it is none of the four types
 */
export function readTagHeader(
  bytes: Buffer,
  at = 0,
): { readonly type: number; readonly timestamp: number; readonly bodyBytes: number } | undefined {
  if (at + TAG_HEADER_BYTES > bytes.length || !KNOWN_TYPES.has(bytes[at]!)) return undefined;
  return {
    type: bytes[at]!,
    bodyBytes: bytes.readUIntBE(at + 1, 3),
    timestamp: bytes.readUIntBE(at + 4, 3) + bytes[at + 7]! * 0x1000000,
  };
}
