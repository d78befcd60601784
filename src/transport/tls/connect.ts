import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { ByteChannel } from '../byte-channel.js';
import { TlsChannel, type TlsChannelOptions } from './channel.js';

/** Where to connect to, and what the other end must prove. */
interface TlsTarget {
  /** Its name is asked for (SNI), and its certificate must be for it. */
  readonly host: string;
  readonly port: number;
  /** The name for which its certificate must be, when `host` is the address of that; default: `host`. */
  readonly serverName?: string;
  /** Source address to bind, such as 127.0.0.2. */
  readonly localAddress?: string;
  /** Gives up while connecting; it has no effect afterwards. */
  readonly signal?: AbortSignal;
  /** Takes any certificate, from anybody: who reads and changes the bytes on their way stays unknown. */
  readonly insecure?: boolean;
}

/**
 * Opens a TLS connection, of TLS 1.2 or later. The certificate must be valid, for the host, and signed by an authority
 * that Node knows (NODE_EXTRA_CA_CERTS names more).
 *
 * @returns a channel that is not opened yet, with its handshake done; the caller's
 * @throws the system's error, such as one with code ECONNREFUSED; the error of the certificate, such as one with code
 *   DEPTH_ZERO_SELF_SIGNED_CERT; the signal's reason when it was aborted
 */
export function connectTls(target: TlsTarget, options: TlsChannelOptions = {}): Promise<ByteChannel> {
  const { host, port, serverName = host, localAddress, signal, insecure = false } = target;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const socket = connect({
      ...{ host, port, localAddress, rejectUnauthorized: !insecure, minVersion: 'TLSv1.2' },
      ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    });
    socket.setNoDelay(true);
    const giveUp = (): void => {
      socket.destroy();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    socket.on('error', reject);
    socket.once('close', () => {
      signal?.removeEventListener('abort', giveUp);
      reject(Object.assign(new Error('closed during the TLS handshake'), { code: 'ECONNRESET' }));
    });
    socket.once('secureConnect', () => {
      signal?.removeEventListener('abort', giveUp);
      resolve(new TlsChannel(socket, options));
    });
  });
}
