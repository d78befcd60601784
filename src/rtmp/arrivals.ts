import type { ErrorCode } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Door } from '../doors/door.js';
import type { ConnectionFacts } from '../live/access.js';
import type { ByteChannel } from '../transport/byte-channel.js';
import { protocolOf } from '../transport/first-byte.js';
import type { HttpConnections } from '../transport/http-connections.js';
import type { TcpChannel } from '../transport/tcp/channel.js';
import { ConnectionEnd } from './connection-end.js';
import { handshakeLimitMs } from './deadlines.js';

/** An admitted connection of which it is not known yet what it speaks. */
interface Arrival {
  readonly channel: TcpChannel;
  /** As it was admitted. */
  readonly address: string;
  readonly port: number;
  readonly acceptedMs: number;
}

/** The parts of {@link Arrivals}. */
interface ArrivalParts {
  readonly door: Door;
  readonly nowMs: () => number;
  /** The deadlines that hold now. */
  readonly limits: () => { readonly firstBytesTimeoutMs: number; readonly handshakeTimeoutMs: number };
  /** Takes a connection that speaks RTMP. Its channel is not opened; its place goes with it. */
  readonly rtmp: (channel: ByteChannel, acceptedMs: number, address: string) => void;
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

  /** Waits for what an admitted connection says first. @param channel not opened yet; owned from here on */
  add(channel: TcpChannel, address: string): void {
    const arrival = { channel, address, port: channel.remotePort, acceptedMs: this.#parts.nowMs() };
    this.#waiting.add(arrival);
    channel.peek((first, error) => {
      if (!this.#waiting.delete(arrival)) return;
      if (first === undefined) this.#gone(arrival, error);
      else this.#found(arrival, first[0]);
    });
  }

  #found({ channel, address, acceptedMs }: Arrival, firstByte: number): void {
    const { http } = this.#parts;
    if (protocolOf(firstByte) !== 'http' || http === undefined) {
      this.#parts.rtmp(channel, acceptedMs, address);
      return;
    }
    const socket = channel.release();
    this.#http++;
    socket.once('close', () => {
      this.#http--;
      this.#parts.left(address);
    });
    http({ socket, isSecure: false, acceptedMs });
  }

  /** Closes those whose time is over. Call it a few times a second. */
  tick(nowMs: number): void {
    const limitMs = handshakeLimitMs(0, this.#parts.limits());
    for (const arrival of this.#waiting) {
      // They stand in the order of their accept.
      if (nowMs - arrival.acceptedMs <= limitMs) break;
      this.#end(arrival, 'ERR_HANDSHAKE_TIMEOUT', `after ${limitMs} ms`);
    }
  }

  /** Closes all of them. */
  endAll(): void {
    for (const arrival of this.#waiting) this.#end(arrival, 'ERR_SESSION_SHUTDOWN', '');
  }

  #end(arrival: Arrival, code: ErrorCode, detail: string): void {
    if (!this.#waiting.delete(arrival)) return;
    arrival.channel.destroy();
    this.#tell(arrival, code, detail);
  }

  #gone(arrival: Arrival, error: NodeJS.ErrnoException | undefined): void {
    const end = new ConnectionEnd();
    end.socketClosed(error);
    this.#tell(arrival, end.code, end.detail);
  }

  /** Nobody was told of it so far: it is told as a connection that was opened and is closed. */
  #tell({ address, port }: Arrival, code: ErrorCode, detail: string): void {
    const { door, left } = this.#parts;
    const facts: ConnectionFacts = {
      connectionId: newId(),
      peer: { address, port },
      transport: 'rtmp',
      info: undefined,
    };
    door.opened(facts);
    door.closed(facts, code, detail, 0);
    left(address);
  }
}
