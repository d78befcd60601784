import { type ErrorEntry, failure } from './error-entry.js';

/** Codes of what the page asks for besides control: pictures of streams, and recordings. */
export const PAGE_ERRORS = {
  ERR_KEYFRAME_MISSING: failure(
    'failed',
    'operator',
    'there is no keyframe of the stream to show',
    'a stream with video has one within its keyframe interval; one with audio alone has none; a group of pictures past hub.gopMaxBytes is not kept',
  ),
  ERR_KEYFRAME_TOO_LONG: failure(
    'failed',
    'operator',
    'the keyframe of the stream is too long to be shown as a picture',
    'play the stream instead',
  ),
  ERR_RECORDING_READERS: failure(
    'failed',
    'peer',
    'as many recordings are being read over HTTP as the server allows',
    'wait until one was sent whole, or close one',
  ),
  ERR_PREVIEW_EXPIRED: failure(
    'failed',
    'peer',
    'the ticket of the preview was used, or is too old',
    'ask for another one: POST /v1/streams/:streamId/preview',
  ),
  ERR_PREVIEW_OFF: failure(
    'failed',
    'operator',
    'the stream cannot be looked at, because playing over HTTP is turned off',
    'turn on httpFlv.enabled',
  ),
} as const satisfies Record<string, ErrorEntry>;
