import type { Socket } from 'node:net';

/** A connection that speaks HTTP on a port for RTMP: its first bytes are those of a request. */
export interface HttpConnection {
  /**
   * The receiver's from here on. It is paused, and every byte of the connection can be read from it: what was read to
   * tell the protocol was put back. Inside TLS it is a `tls.TLSSocket` whose handshake is done. Hand it to a
   * `node:http` server with `server.emit('connection', socket)` and then call `socket.resume()`.
   */
  readonly socket: Socket;
  /** Whether the bytes come through TLS: RTMPTS, or HTTPS. */
  readonly isSecure: boolean;
  /** When it was accepted, in ms on the monotonic clock of the listener: deadlines count from there. */
  readonly acceptedMs: number;
}

/**
 * Takes connections that speak HTTP. Whoever accepted one has checked it against the limits of its address and of all
 * connections, and counts it there until its socket is closed. Deadlines, bounds and the end of it are the receiver's.
 * Must not throw.
 */
export type HttpConnections = (connection: HttpConnection) => void;
