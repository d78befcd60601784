import { type ErrorEntry, failure } from './error-entry.js';

/** Codes of the RTMP client, of FLV files and of the load generator. */
export const CLIENT_ERRORS = {
  ERR_CLIENT_TIMEOUT: failure(
    'unreachable',
    'peer',
    'the server did not answer in time',
    'check the address and that the server accepts this stream',
  ),
  ERR_CLIENT_REJECTED: failure(
    'refused',
    'peer',
    'the server refused the connect, publish or play',
    'read the RTMP code and description that came with it',
  ),
  ERR_CLIENT_URL: failure(
    'usage',
    'operator',
    'the RTMP URL cannot be used',
    'write it as rtmp://host[:port]/app/name[?query]',
  ),
  ERR_CLIENT_CONNECT: failure(
    'unreachable',
    'peer',
    'the server cannot be reached',
    'check the host and port, and that a server listens there; for rtmps://, that Node trusts the certificate (NODE_EXTRA_CA_CERTS)',
  ),
  ERR_CLIENT_LOST: failure(
    'failed',
    'peer',
    'the connection to the server broke',
    "read the server's log; it gave no reason over RTMP",
  ),
  ERR_CLIENT_ABORTED: failure('ok', 'operator', 'the attempt was given up on request', 'nothing to do'),
  ERR_CLIENT_ENDED: failure(
    'failed',
    'peer',
    'the server ended the stream',
    'nothing to do when the stream was meant to end',
  ),
  ERR_FLV_SIGNATURE: failure(
    'failed',
    'peer',
    'this is no FLV: it must start with "FLV", version 1 and a file header',
    'make one with: ffmpeg -i INPUT -c copy -f flv OUTPUT.flv',
  ),
  ERR_FLV_EMPTY: failure(
    'failed',
    'operator',
    'the FLV holds no audio, video or script tag, so there is nothing to send',
    'check the file with: ffprobe FILE.flv',
  ),
  ERR_FLV_TAG: failure(
    'failed',
    'peer',
    'the FLV is damaged: audio (8), video (9) or script (18) was expected where the next tag starts',
    'remux it, or cut it at the byte that is named',
  ),
  ERR_FLV_TAG_SIZE: failure(
    'failed',
    'peer',
    'an FLV tag is too large',
    'check the file; a tag holds at most 16777215 bytes',
  ),
  ERR_FLV_FILE: failure(
    'failed',
    'operator',
    'the FLV file cannot be read or written',
    'check the path, its rights and the space left',
  ),
  ERR_LOAD_OPTION: failure(
    'usage',
    'operator',
    'the load generator cannot run with this option',
    'see: sluice load --help',
  ),
  ERR_LOAD_FILE: failure(
    'failed',
    'operator',
    'the file cannot be published in a loop',
    'give an FLV with audio or video, at most 512 MiB',
  ),
  ERR_LOAD_SETUP: failure('failed', 'peer', 'the server does not speak RTMP as expected', 'check the address and port'),
} as const satisfies Record<string, ErrorEntry>;
