import { breach, type ErrorEntry, failure, limit } from './error-entry.js';

/** Codes of players over HTTP and WebSocket. */
export const HTTP_FLV_ERRORS = {
  ERR_HTTP_FLV_NOT_READY: breach(
    'peer',
    'the stream is published, but nothing that can be played has come within httpFlv.startTimeoutMs',
    'try again in a moment; check what the publisher sends',
  ),
  ERR_HTTP_FLV_METHOD: failure('failed', 'peer', 'a stream can only be got', 'use GET or HEAD, without a body'),
  ERR_HTTP_FLV_PLAYERS: limit(
    'peer',
    'there are as many players over HTTP and WebSocket as httpFlv.maxPlayers allows',
    'wait until one has left, or raise httpFlv.maxPlayers',
  ),
} as const satisfies Record<string, ErrorEntry>;
