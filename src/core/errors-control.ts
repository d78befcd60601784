import { type ErrorEntry, failure } from './error-entry.js';

/** Codes of control: what the operations over HTTP, NATS and the command line answer. */
export const CONTROL_ERRORS = {
  ERR_CTL_BAD_REQUEST: failure(
    'usage',
    'operator',
    'the request cannot be understood',
    'see `errors`: each names a place and what was expected there',
  ),
  ERR_CTL_UNAUTHENTICATED: failure(
    'refused',
    'operator',
    'a bearer token is needed',
    'send Authorization: Bearer TOKEN with one of http.tokens',
  ),
  ERR_CTL_FORBIDDEN: failure(
    'refused',
    'operator',
    'the token does not allow this',
    'use a token with the scope that is named',
  ),
  ERR_CTL_STREAM_UNKNOWN: failure(
    'refused',
    'operator',
    'there is no such stream or play',
    'list what runs with `sluice ls` or `sluice plays ls`',
  ),
  ERR_CTL_NODE_UNKNOWN: failure('refused', 'operator', 'there is no such node', 'list nodes with `sluice nodes`'),
  ERR_CTL_WEBHOOK_UNKNOWN: failure(
    'refused',
    'operator',
    'there is no such webhook',
    'list those of the settings with `sluice webhooks ls`',
  ),
  ERR_CTL_OWNER_UNREACHABLE: failure(
    'unreachable',
    'operator',
    'the node that has the stream does not answer',
    'try again; its streams are ended when it stays away',
  ),
  ERR_CTL_CONFLICT: failure(
    'refused',
    'operator',
    'the state is another one than the request expects',
    'read it again',
  ),
  ERR_CTL_REQUEST_REUSED: failure(
    'refused',
    'operator',
    'another request had the same id',
    'make a new id for each request',
  ),
  ERR_CTL_BUSY: failure('refused', 'operator', 'too many requests at once; 64 are allowed', 'try again a little later'),
  ERR_CTL_EXPIRED: failure('refused', 'operator', 'the deadline of the request is over; nothing was done', 'ask again'),
  ERR_CTL_TIMEOUT: failure(
    'unreachable',
    'operator',
    'no answer came in time; the request may have been carried out',
    'look at the state, then ask again with the same id',
  ),
  ERR_CTL_NEEDS_RESTART: failure(
    'refused',
    'operator',
    'the settings that are named hold only after a restart',
    'change the file and restart the server',
  ),
  ERR_CTL_SERVER_UNREACHABLE: failure(
    'unreachable',
    'operator',
    'the server cannot be asked',
    'check that it runs and that --http or --nats names its address',
  ),
  ERR_CTL_BUS_DOWN: failure(
    'unreachable',
    'operator',
    'NATS cannot be reached',
    'ask the node itself over HTTP, or try again later',
  ),
} as const satisfies Record<string, ErrorEntry>;
