import { breach, type ErrorEntry, ending, limit } from './error-entry.js';

/** Codes of RTMPT: what clients do in the HTTP tunnel, and the limits they meet. */
export const TUNNEL_ERRORS = {
  ERR_LIMIT_TUNNEL: limit(
    'operator',
    'as many HTTP connections of RTMPT are open as rtmpt.maxHttpConnections allows, and a request runs on each',
    'raise rtmpt.maxHttpConnections, or add a node',
  ),
  ERR_LIMIT_TUNNEL_REQUEST: limit(
    'peer',
    'the body of an RTMPT request is longer than rtmpt.maxRequestBytes',
    'lower the bitrate of the encoder, or raise the limit',
  ),
  ERR_TUNNEL_GAP: breach(
    'peer',
    'a request of an RTMPT session did not come within rtmpt.gapTimeoutMs of a later one',
    'check the HTTP proxies between client and server: each request must arrive',
  ),
  ERR_TUNNEL_SILENT: ending(
    'dead_peer',
    'peer',
    'no request of an RTMPT session came for rtmpt.sessionTimeoutMs',
    'check the network path to the peer, or raise the limit',
  ),
} as const satisfies Record<string, ErrorEntry>;
