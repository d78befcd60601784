import { breach } from './error-entry.js';

/** Codes of encrypted connections (RTMPE). */
export const RTMPE_ERRORS = {
  ERR_HANDSHAKE_DIGEST: breach(
    'peer',
    'the first packet of an RTMPE handshake is not signed; a digest in one of the two layouts was expected',
    'check that the peer speaks RTMPE, or use rtmps://',
  ),
  ERR_HANDSHAKE_KEY: breach(
    'peer',
    'the public key in an RTMPE handshake is outside of the group',
    'check that the peer speaks RTMPE, or use rtmps://',
  ),
};
