import type { ErrorCode } from '../core/errors.js';

/** The codes that a walk over the chunks of a connection can end with. */
export const CHUNK_FAULTS: ReadonlySet<string> = new Set<ErrorCode>([
  'ERR_CHUNK_FRESH_HEADER',
  'ERR_CHUNK_MID_MESSAGE',
  'ERR_CHUNK_STREAM_LIMIT',
  'ERR_CHUNK_MEDIA_TOO_LONG',
  'ERR_CHUNK_MESSAGE_TOO_LONG',
  'ERR_CHUNK_PARTIAL_LIMIT',
  'ERR_CHUNK_REASSEMBLY_LIMIT',
  'ERR_CHUNK_SIZE_INVALID',
  'ERR_CHUNK_SIZE_TOO_SMALL',
]);
