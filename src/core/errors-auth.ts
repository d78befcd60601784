import { type ErrorEntry, ending, failure, limit } from './error-entry.js';

/** Codes of admission: who may connect, publish and play, and for how long. */
export const AUTH_ERRORS = {
  ERR_AUTH_DENIED: failure('refused', 'peer', 'not authorised', 'ask the operator of the server for access'),
  ERR_AUTH_CREDENTIALS: failure(
    'refused',
    'peer',
    'the stream key or token is missing or wrong',
    'check the key, token or signature in the URL',
  ),
  ERR_AUTH_BANNED: ending('kicked', 'operator', 'banned for some time', 'wait, or ask the operator to lift the ban', {
    usual: true,
  }),
  ERR_AUTH_UNAVAILABLE: failure(
    'failed',
    'operator',
    'nobody could decide about the request; try again',
    'check that the webhook or the NATS responder runs; auth.onUnavailable says what happens meanwhile',
  ),
  ERR_AUTH_OVERLOAD: failure(
    'failed',
    'operator',
    'too many requests wait for a decision; try again',
    'make the responders faster, or raise auth.maxPending',
  ),
  ERR_AUTH_REPLY_INVALID: failure(
    'failed',
    'operator',
    'the answer of a responder cannot be used',
    'the log names the responder, the member and what was expected',
  ),
  ERR_AUTH_REQUEST_TOO_LARGE: failure(
    'failed',
    'peer',
    'the request is too large to be asked about; 32 parameters and 4 KiB of query are allowed',
    'shorten the query of the URL',
  ),
  ERR_AUTH_NO_RULE: failure(
    'refused',
    'peer',
    'no responder has decided about the request',
    'add a rule that matches it to auth.rules; `sluice auth test` shows every answer',
  ),
  ERR_AUTH_REDIRECTED: failure('refused', 'peer', 'the stream is served elsewhere', 'use the host that is named'),
  ERR_AUTH_REVOKED: ending(
    'kicked',
    'operator',
    'the permission was taken back',
    'ask the operator of the server for access',
    { usual: true },
  ),
  ERR_AUTH_EXPIRED: ending(
    'kicked',
    'operator',
    'the permission is over, and was not renewed',
    'connect again with a new key or token',
    { usual: true },
  ),
  ERR_AUTH_OPEN_PUBLIC_BIND: failure(
    'usage',
    'operator',
    'anybody could publish: rtmp.listen is an address that others can reach, and no responder decides who may',
    'set auth.rules or another responder, listen on 127.0.0.1, or set auth.allowAnonymousPublish to true',
  ),
  ERR_AUTH_ALIAS_MISSING: failure(
    'failed',
    'operator',
    'the stream name is a key here, and the responder has named no alias for it',
    'have the responder return `name` for apps of auth.nameIsKey',
  ),
  ERR_PUBLISH_REPLACED: ending(
    'client_closed',
    'operator',
    'the same publisher has connected again, and the new connection goes on with the stream',
    'stop one of the two encoders if this repeats',
    { usual: true },
  ),
  ERR_SESSION_KICKED: ending('kicked', 'operator', 'ended by the operator', 'ask the operator of the server', {
    usual: true,
  }),
  ERR_LIMIT_KBPS: limit('peer', 'the bit rate is past what is allowed for this stream', 'lower the bit rate'),
  ERR_LIMIT_FPS: limit('peer', 'the frame rate is past what is allowed for this stream', 'lower the frame rate'),
  ERR_LIMIT_SIZE: limit('peer', 'the picture is larger than is allowed for this stream', 'lower the resolution'),
  ERR_LIMIT_CODEC: limit('peer', 'the codec is not allowed for this stream', 'use one of the codecs that are named'),
  ERR_LIMIT_GOP: limit(
    'peer',
    'keyframes are further apart than is allowed for this stream',
    'set a shorter keyframe interval',
  ),
  ERR_LIMIT_TRACKS: limit('peer', 'there are more tracks than are allowed for this stream', 'send fewer tracks'),
  ERR_LIMIT_DURATION: limit(
    'peer',
    'the stream has run for as long as is allowed',
    'ask the operator for a longer time',
  ),
  ERR_LIMIT_PLAYERS: limit('peer', 'the stream has as many players as are allowed', 'try again later'),
  ERR_LIMIT_SESSIONS: limit('peer', 'as many sessions of this user run as are allowed', 'end one of them first'),
} as const satisfies Record<string, ErrorEntry>;
