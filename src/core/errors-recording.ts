import { type ErrorEntry, failure } from './error-entry.js';

/** Codes of files below `media.root`: recordings and what is played from there. */
export const RECORDING_ERRORS = {
  ERR_MEDIA_PATH: failure(
    'failed',
    'peer',
    'the path is none that may be used below media.root: it is empty, too long or too deep, has a part that is hidden or no plain name, or leads over a link',
    'use names of regular files below media.root; put the files there instead of links to them',
  ),
  ERR_MEDIA_MISSING: failure(
    'failed',
    'peer',
    'there is no such file below media.root',
    'check app and name of the stream, and the setting media.root',
  ),
} as const satisfies Record<string, ErrorEntry>;
