import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorCode } from '../../core/errors.js';
import { Uncollected } from '../../core/uncollected.js';
import { type ConnectionLimitOptions, ConnectionLimits } from '../accept-limits.js';

/** Bounds and times of the HTTP connections of the tunnel. */
export interface HttpSocketsOptions extends Omit<ConnectionLimitOptions, 'maxConnections'> {
  /** How long a connection may be without a request, and how long one request may take to come in, in ms. */
  readonly requestTimeoutMs: number;
  /** Most HTTP connections at once. */
  readonly maxHttpConnections: number;
}

/**
 * Bytes of the objects of one HTTP connection in this process: the measured size of those of the HTTP interface, which
 * are made of the same parts.
 */
const SOCKET_BYTES = 9216;
/** From so many requests without an answer on, a connection is not read. */
const MANY_REQUESTS = 32;
/**
 * Most requests of one connection that wait for their answers; past it the connection is closed. What the kernel has
 * given already is still parsed after reading has stopped: 64 KiB, which hold 256 requests of 250 bytes.
 */
const MAX_REQUESTS = 256;

/** What is known of one HTTP connection. */
interface Connection {
  /** The address for which it counts here; undefined when whoever accepted it counts it. */
  readonly address: string | undefined;
  /** Requests whose answers the kernel has not taken in whole, with what answers them. */
  readonly requests: Map<IncomingMessage, ServerResponse>;
  /** Since when it is the client's turn: the connection, its last answer or the end of one, or bytes of a request. */
  quietSinceMs: number;
}

/** The open HTTP connections of the tunnel: bounded in all and by address, each with deadlines. */
export class HttpSockets {
  /** Open connections that count here for their address. */
  admitted = 0;
  readonly #open = new Map<Socket, Connection>();
  readonly #limits: ConnectionLimits;
  readonly #nowMs: () => number;
  readonly #descriptorShare: () => number;
  readonly #dropped = new Uncollected();
  #options: HttpSocketsOptions;

  /**
   * @param nowMs monotonic
   * @param descriptorShare most connections for which there are file descriptors now
   */
  constructor(options: HttpSocketsOptions, nowMs: () => number, descriptorShare = () => Number.POSITIVE_INFINITY) {
    this.#options = options;
    this.#limits = new ConnectionLimits(limitsOf(options));
    this.#nowMs = nowMs;
    this.#descriptorShare = descriptorShare;
  }

  /** Open connections. */
  get size(): number {
    return this.#open.size;
  }

  /** Whether a connection was taken and is open. */
  has(socket: Socket): boolean {
    return this.#open.has(socket);
  }

  /** Bytes of the objects of open connections. */
  get bytes(): number {
    return this.#open.size * SOCKET_BYTES;
  }

  /** Bytes of the objects of closed connections that are not collected yet. */
  get droppedBytes(): number {
    return this.#dropped.bytes;
  }

  /** Other bounds hold from now on. */
  change(options: HttpSocketsOptions): void {
    this.#options = options;
    this.#limits.change(limitsOf(options));
  }

  /**
   * Takes a connection that is not counted anywhere yet, or closes it.
   *
   * @returns the code of the limit that it would pass
   */
  admit(socket: Socket): ErrorCode | undefined {
    const address = socket.remoteAddress ?? '';
    const share = this.#isFull ? 0 : Number.POSITIVE_INFINITY;
    const code = this.#limits.admit(address, this.#nowMs(), share, () => this.#makeRoom());
    if (code === undefined) {
      this.admitted++;
      this.#add(socket, address, this.#nowMs());
    } else socket.destroy();
    return code === 'ERR_DESCRIPTORS' ? this.#fullCode : code;
  }

  /**
   * Takes a connection that counts where it was accepted, or closes it.
   *
   * @param acceptedMs monotonic; its first request has to come in time from then
   * @returns the code of the limit that it would pass
   */
  take(socket: Socket, acceptedMs: number): ErrorCode | undefined {
    const fits = !this.#isFull || this.#makeRoom();
    if (fits) this.#add(socket, undefined, acceptedMs);
    else socket.destroy();
    return fits ? undefined : this.#fullCode;
  }

  get #isFull(): boolean {
    return this.#open.size >= Math.min(this.#options.maxHttpConnections, this.#descriptorShare());
  }

  get #fullCode(): ErrorCode {
    return this.#open.size >= this.#options.maxHttpConnections ? 'ERR_LIMIT_TUNNEL' : 'ERR_DESCRIPTORS';
  }

  #add(socket: Socket, address: string | undefined, quietSinceMs: number): void {
    this.#open.set(socket, { address, requests: new Map(), quietSinceMs });
    socket.on('close', () => this.#gone(socket));
  }

  /**
   * A request has begun; it counts until its response is closed.
   *
   * @param response its `close` is told also when the connection is lost: Node tells that to the first response of a
   *   connection only, and not to those that wait behind it
   * @returns false when it is one too many
   */
  asked(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    const connection = this.#open.get(socket);
    if (connection === undefined) return false;
    connection.requests.set(request, response);
    response.once('close', () => this.#answered(request));
    connection.quietSinceMs = this.#nowMs();
    if (connection.requests.size > MAX_REQUESTS) {
      socket.destroy();
      return false;
    }
    if (connection.requests.size >= MANY_REQUESTS) socket.pause();
    return true;
  }

  /** A request has its answer, or has lost its connection. */
  #answered(request: IncomingMessage): void {
    const { socket } = request;
    const connection = this.#open.get(socket);
    if (connection === undefined) return;
    connection.requests.delete(request);
    connection.quietSinceMs = this.#nowMs();
    if (connection.requests.size === MANY_REQUESTS - 1) socket.resume();
  }

  /** Bytes of a body have come, or an answer is complete here: the client's time runs anew. */
  heard(socket: Socket): void {
    const connection = this.#open.get(socket);
    if (connection !== undefined) connection.quietSinceMs = this.#nowMs();
  }

  /** Closes connections whose deadline has passed. Call it a few times a second. */
  tick(nowMs: number): void {
    const { requestTimeoutMs } = this.#options;
    for (const [socket, { requests, quietSinceMs }] of this.#open)
      if (nowMs - quietSinceMs >= requestTimeoutMs && isDue(requests)) socket.destroy();
  }

  /** Closes every connection. */
  closeAll(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }

  /** Closes the connection that has been without a request for longest. @returns false when none is without one */
  #makeRoom(): boolean {
    let longest: Socket | undefined;
    let sinceMs = Number.POSITIVE_INFINITY;
    for (const [socket, { requests, quietSinceMs }] of this.#open) {
      if (requests.size > 0 || quietSinceMs >= sinceMs) continue;
      longest = socket;
      sinceMs = quietSinceMs;
    }
    if (longest === undefined) return false;
    this.#gone(longest);
    longest.destroy();
    return true;
  }

  #gone(socket: Socket): void {
    const connection = this.#open.get(socket);
    if (connection === undefined) return;
    this.#open.delete(socket);
    if (connection.address !== undefined) {
      this.admitted--;
      this.#limits.left(connection.address);
    }
    this.#dropped.letGo(socket, SOCKET_BYTES);
    for (const response of connection.requests.values()) if (!response.closed) response.emit('close');
  }
}

/**
 * Whether it is the client's turn: it has no request, or one whose body is being read and has not come in whole, or it
 * does not read the answer to the first. An answer behind one that is not there yet cannot go.
 */
function isDue(requests: ReadonlyMap<IncomingMessage, ServerResponse>): boolean {
  if (requests.size === 0) return true;
  const [first] = requests.values();
  if (first?.writableEnded === true) return true;
  for (const { readableFlowing, readableEnded } of requests.keys())
    if (readableFlowing === true && !readableEnded) return true;
  return false;
}

/** The limits of an address. How many there may be in all depends on connections that are counted elsewhere, too. */
function limitsOf(options: HttpSocketsOptions): ConnectionLimitOptions {
  return { ...options, maxConnections: Number.POSITIVE_INFINITY };
}
