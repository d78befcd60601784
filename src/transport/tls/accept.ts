import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Certificates } from './certificates.js';
import { TlsChannel, type TlsChannelOptions } from './channel.js';

/**
 * Begins TLS as the server on an accepted connection. The handshake runs by itself; {@link TlsChannel.peek} tells how
 * it ends. The certificate is that of the name that the client asks for (SNI, RFC 6066 §3). A client may not
 * renegotiate: that would have the server do a handshake for each of its requests.
 *
 * @param socket paused; bytes that were put back are read first. The channel's from here on
 */
export function acceptTls(socket: Socket, certificates: Certificates, options: TlsChannelOptions = {}): TlsChannel {
  const secure = new TLSSocket(socket, {
    isServer: true,
    secureContext: certificates.fallback,
    SNICallback: (name, done) => done(null, certificates.contextFor(name)),
    requestCert: false,
  });
  secure.disableRenegotiation();
  // Node leaves it to its own TLS server to close a connection for an error after the handshake.
  secure.on('_tlsError' as 'error', (error) => secure.destroy(error));
  return new TlsChannel(secure, options);
}
