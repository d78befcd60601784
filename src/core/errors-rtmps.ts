import { breach, type ErrorEntry, failure } from './error-entry.js';

/** Codes of TLS: RTMPS as a server and as a client. */
export const RTMPS_ERRORS = {
  ERR_TLS_HANDSHAKE: breach(
    'peer',
    'the TLS handshake failed',
    'check that the client speaks TLS 1.2 or later to this port and accepts the certificate: one that is self-signed, or for another name, most clients refuse; see rtmps.minVersion',
  ),
  ERR_TLS_EXPECTED: breach(
    'peer',
    'the peer speaks no TLS; this port takes nothing else',
    'use rtmps://, or the port of rtmp.listen for rtmp://',
  ),
  ERR_TLS_CERTIFICATE: failure(
    'usage',
    'operator',
    'a certificate or its key cannot be used',
    'check the files of rtmps.cert, rtmps.key and rtmps.certificates: PEM, the server’s certificate first, the key of that certificate without a passphrase',
  ),
} as const satisfies Record<string, ErrorEntry>;
