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
  ERR_RECORDING_LIMIT: failure(
    'failed',
    'operator',
    'as many recordings are open as may be',
    'raise recording.maxOpen, or record fewer streams (recording.match)',
  ),
  ERR_RECORDING_NO_ROOM: failure(
    'failed',
    'operator',
    'there is no room for recordings: recording.quotaBytes is used up, or less than recording.minFreeBytes is free',
    'remove recordings, or change the settings',
  ),
} as const satisfies Record<string, ErrorEntry>;
