import { type ErrorEntry, failure } from './error-entry.js';

/** Codes of relays: streams that are pushed to other servers, or pulled from them. */
export const RELAY_ERRORS = {
  ERR_RELAY_ADDRESS: failure(
    'failed',
    'operator',
    'a relay leads to an address that is not connected to: link-local, where clouds keep credentials of the machine',
    'use the address of an RTMP server in relay.push and relay.pull',
  ),
  ERR_RELAY_STALLED: failure(
    'failed',
    'peer',
    'nothing moved on the connection to another server for relay.idleTimeoutMs',
    'check the other server and the line to it; the relay connects again by itself',
  ),
  ERR_RELAY_LIMIT: failure(
    'failed',
    'operator',
    'a stream is not relayed, because as many relays run as relay.maxRelays allows',
    'raise relay.maxRelays, or narrow relay.push[].match',
  ),
  ERR_RELAY_REFUSED_HERE: failure(
    'failed',
    'operator',
    'a stream that was pulled from another server could not be published here',
    'its description says why: most often the name is published already',
  ),
} as const satisfies Record<string, ErrorEntry>;
