import type { ErrorCode } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Door } from '../doors/door.js';
import type { ConnectionFacts } from '../live/access.js';
import type { ByteChannel } from '../transport/byte-channel.js';
import { protocolOf } from '../transport/first-byte.js';
import type { HttpConnections } from '../transport/http-connections.js';
import type { TcpChannel } from '../transport/tcp/channel.js';
import { acceptTls } from '../transport/tls/accept.js';
import type { Certificates } from '../transport/tls/certificates.js';
import type { TlsChannel } from '../transport/tls/channel.js';
import { ConnectionEnd } from './connection-end.js';
import { handshakeLimitMs } from './deadlines.js';

/** An admitted connection of which it is not known yet what it speaks. */
interface Arrival {
  channel: TcpChannel | TlsChannel;
  /** As it was admitted. */
  readonly address: string;
  readonly port: number;
  readonly acceptedMs: number;
  /** Whether anything but TLS is refused. */
  readonly onlyTls: boolean;
}

/** The parts of {@link Arrivals}. */
interface ArrivalParts {
  readonly door: Door;
  readonly nowMs: () => number;
  /** The deadlines that hold now. */
  readonly limits: () => { readonly firstBytesTimeoutMs: number; readonly handshakeTimeoutMs: number };
  /** Takes a connection that speaks RTMP. Its channel is not opened; its place goes with it. */
  readonly rtmp: (channel: ByteChannel, acceptedMs: number, address: string) => void;
  /** For TLS; undefined: there is none, and the RTMP handshake refuses those that speak it. */
  readonly certificates: () => Certificates | undefined;
  /** Takes those that speak HTTP; undefined: the RTMP handshake refuses them. */
  readonly http: HttpConnections | undefined;
  /** The place of an admitted connection from `address` is free. */
  readonly left: (address: string) => void;
}

/**
 * Connections between their accept and their first bytes, which tell what they speak. Such a connection holds a socket,
 * and neither a codec nor its memory. It counts as a connection everywhere else: in the limits of its address, and when
 * it ends before it has become an RTMP connection.
 */
export class Arrivals {
  readonly #parts: ArrivalParts;
  readonly #waiting = new Set<Arrival>();
  #http = 0;
  #secure = 0;

  constructor(parts: ArrivalParts) {
    this.#parts = parts;
  }

  /** Connections of which it is not known yet what they speak. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Connections that were found to speak HTTP and are open. */
  get http(): number {
    return this.#http;
  }

  /** Open connections of all kinds whose bytes come through TLS, handshakes in progress included. */
  get secure(): number {
    return this.#secure;
  }

  /**
   * Waits for what an admitted connection says first.
   *
   * @param channel not opened yet; owned from here on
   * @param onlyTls whether anything but TLS is refused
   */
  add(channel: TcpChannel, address: string, onlyTls = false): void {
    const { nowMs } = this.#parts;
    const arrival: Arrival = { channel, address, port: channel.remotePort, acceptedMs: nowMs(), onlyTls };
    this.#waiting.add(arrival);
    channel.peek((first, error) => {
      if (!this.#waiting.has(arrival)) return;
      if (first === undefined) this.#gone(arrival, error);
      else this.#foundPlain(arrival, channel, first[0]);
    });
  }

  #foundPlain(arrival: Arrival, channel: TcpChannel, firstByte: number): void {
    const protocol = protocolOf(firstByte);
    const certificates = this.#parts.certificates();
    if (protocol === 'tls' && certificates !== undefined) {
      this.#secureIt(arrival, channel, certificates);
      return;
    }
    if (arrival.onlyTls) {
      this.#end(arrival, 'ERR_TLS_EXPECTED', `the first byte is ${firstByte}`);
      return;
    }
    this.#found(arrival, protocol, false);
  }

  /** Begins TLS, and waits for the first byte inside. */
  #secureIt(arrival: Arrival, channel: TcpChannel, certificates: Certificates): void {
    const socket = channel.release();
    this.#secure++;
    socket.once('close', () => {
      this.#secure--;
    });
    const secure = acceptTls(socket, certificates, { direct: channel.isDirect });
    arrival.channel = secure;
    secure.peek((first, error) => {
      if (!this.#waiting.has(arrival)) return;
      if (first !== undefined) this.#found(arrival, protocolOf(first[0]), true);
      else if (error !== undefined && isTlsError(error)) this.#end(arrival, 'ERR_TLS_HANDSHAKE', tlsDetail(error));
      else this.#gone(arrival, error);
    });
  }

  #found(arrival: Arrival, protocol: ReturnType<typeof protocolOf>, isSecure: boolean): void {
    const { channel, acceptedMs, address } = arrival;
    this.#waiting.delete(arrival);
    const { http, rtmp, left } = this.#parts;
    if (protocol !== 'http' || http === undefined) {
      rtmp(channel, acceptedMs, address);
      return;
    }
    const socket = channel.release();
    this.#http++;
    socket.once('close', () => {
      this.#http--;
      left(address);
    });
    http({ socket, isSecure, acceptedMs });
  }

  /** Closes those whose time is over. Call it a few times a second. */
  tick(nowMs: number): void {
    const limits = this.#parts.limits();
    const silentMs = handshakeLimitMs(0, limits);
    for (const arrival of this.#waiting) {
      const ageMs = nowMs - arrival.acceptedMs;
      // They stand in the order of their accept.
      if (ageMs <= silentMs) break;
      const limitMs = arrival.channel.transport === 'rtmps' ? limits.handshakeTimeoutMs : silentMs;
      if (ageMs > limitMs) this.#end(arrival, 'ERR_HANDSHAKE_TIMEOUT', `after ${limitMs} ms`);
    }
  }

  /** Closes all of them. */
  endAll(): void {
    for (const arrival of this.#waiting) this.#end(arrival, 'ERR_SESSION_SHUTDOWN', '');
  }

  #end(arrival: Arrival, code: ErrorCode, detail: string): void {
    arrival.channel.destroy();
    this.#tell(arrival, code, detail);
  }

  #gone(arrival: Arrival, error: NodeJS.ErrnoException | undefined): void {
    const end = new ConnectionEnd();
    end.socketClosed(error);
    this.#tell(arrival, end.code, end.detail);
  }

  /** Nobody was told of it so far: it is told as a connection that was opened and is closed. */
  #tell(arrival: Arrival, code: ErrorCode, detail: string): void {
    this.#waiting.delete(arrival);
    const { door, left } = this.#parts;
    const { address, port, channel } = arrival;
    const facts: ConnectionFacts = {
      connectionId: newId(),
      peer: { address, port },
      transport: channel.transport,
      info: undefined,
    };
    door.opened(facts);
    door.closed(facts, code, detail, 0);
    left(address);
  }
}

/** Whether an error is one of TLS: those of the connection below have the system's number. */
function isTlsError({ errno }: NodeJS.ErrnoException): boolean {
  return errno === undefined;
}

/** OpenSSL's reason in words, such as `unsupported protocol`. It says nothing of keys. */
function tlsDetail(error: NodeJS.ErrnoException & { readonly reason?: string }): string {
  return error.reason ?? error.code ?? '';
}
