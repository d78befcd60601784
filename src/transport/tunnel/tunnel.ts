import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { firstBits, formatBlock, parseAddress } from '../../core/cidr.js';
import type { ErrorCode } from '../../core/errors.js';
import type { MemoryAccount } from '../../core/memory-account.js';
import type { ByteChannel } from '../byte-channel.js';
import type { HttpConnections } from '../http-connections.js';
import { answer, discard, type Exchange, type Refusal, refuse } from './exchange.js';
import { HoldQueue } from './hold-queue.js';
import { HttpSockets, type HttpSocketsOptions } from './http-sockets.js';
import { readTunnelPath } from './request-path.js';
import { TunnelSession, type TunnelSessionOptions } from './session.js';

/** Options of the tunnel. */
export interface TunnelOptions extends TunnelSessionOptions, HttpSocketsOptions {
  /** How long a poll that finds nothing is held, in ms. */
  readonly holdMs: number;
}

/** What the tunnel needs. */
interface TunnelParts {
  /** Monotonic. */
  readonly nowMs: () => number;
  /**
   * Takes the channel of a new session, not opened yet. To refuse it, destroy it. Must not throw.
   */
  readonly accepted: (channel: ByteChannel) => void;
  /** An HTTP connection was refused. */
  readonly refused: (code: ErrorCode, address: string) => void;
  /** Most HTTP connections for which there are file descriptors now. */
  readonly descriptorShare?: () => number;
}

/** 144 random bits as 24 characters that a path can hold; librtmp keeps at most 62. */
const ID_BYTES = 18;
/** Longest head of a request. Those of all clients seen are under 300 bytes. */
const MAX_HEAD_BYTES = 8192;
/** Bodies that say nothing: clients send one byte. */
const MAX_EMPTY_BODY_BYTES = 1024;
/** The part of an IPv4 or IPv6 address that a client keeps when its next connection goes out by another one. */
const NETWORK_BITS = { 32: 24, 128: 48 } as const;

/**
 * RTMP in HTTP requests (RTMPT): `POST /open/1` begins a session, whose bytes `/send`, `/idle` and `/close` carry, by
 * any number of connections. Each session is a {@link ByteChannel}. Over TLS it is RTMPTS.
 */
export class HttpTunnel {
  /** Requests that were answered with a refusal, by status. */
  readonly refusals = new Map<Refusal, number>();
  /** Sessions opened since the start. */
  opened = 0;
  /** Requests that have come. */
  requests = 0;
  readonly #server: Server;
  readonly #parts: TunnelParts;
  readonly #sockets: HttpSockets;
  readonly #hold: HoldQueue;
  readonly #sessions = new Map<string, TunnelSession>();
  #options: TunnelOptions;
  #replays = 0;
  #heldBytes = 0;

  constructor(options: TunnelOptions, parts: TunnelParts) {
    this.#options = options;
    this.#parts = parts;
    this.#sockets = new HttpSockets(options, parts.nowMs, parts.descriptorShare);
    this.#hold = new HoldQueue(options.holdMs, parts.nowMs);
    // Deadlines are those of HttpSockets: Node checks its own only while the server listens itself.
    const server = createServer({ maxHeaderSize: MAX_HEAD_BYTES, requestTimeout: 0, headersTimeout: 0 });
    this.#server = server;
    server.keepAliveTimeout = 0;
    // It is called for the tunnel's own port only: a connection that was taken is counted before it gets here.
    server.prependListener('connection', (socket: Socket) => {
      if (!this.#sockets.has(socket)) this.#noteRefusal(this.#sockets.admit(socket), socket);
    });
    server.on('request', (request, response) => this.#requested(request, response));
  }

  /** Sessions that are open. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** HTTP connections that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Those of them that were accepted on the tunnel's own port. */
  get ownConnections(): number {
    return this.#sockets.admitted;
  }

  /** Answers that were sent again. */
  get replays(): number {
    let replays = this.#replays;
    for (const session of this.#sessions.values()) replays += session.replays;
    return replays;
  }

  /** Registers what sessions and HTTP connections hold on the memory account. */
  joinAccount(account: MemoryAccount): void {
    account.register('tunnel', () => this.#heldBytes);
    account.register('connections', () => this.#sockets.bytes);
    account.register('connections_dropped', () => this.#sockets.droppedBytes);
  }

  /** Other options hold from now on: bounds of connections at once, the rest for sessions that come. */
  change(options: TunnelOptions): void {
    this.#options = options;
    this.#sockets.change(options);
    this.#hold.holdMs = options.holdMs;
  }

  /**
   * Begins to accept on a port of its own.
   *
   * @param failed called when the listening socket fails later
   * @returns the port in use
   * @throws the system's error, such as one with code EADDRINUSE
   */
  async listen(address: { readonly host: string; readonly port: number }, failed: (e: Error) => void): Promise<number> {
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address, resolve);
    });
    server.removeAllListeners('error');
    server.on('error', failed);
    const bound = server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : address.port;
  }

  /** Takes a connection that was accepted elsewhere and speaks HTTP. */
  readonly take: HttpConnections = ({ socket, acceptedMs }) => {
    const code = this.#sockets.take(socket, acceptedMs);
    this.#noteRefusal(code, socket);
    if (code !== undefined) return;
    this.#server.emit('connection', socket);
    socket.resume();
  };

  /** Deadlines of sessions and connections. Call it a few times a second. */
  tick(nowMs: number): void {
    this.#sockets.tick(nowMs);
    let held = 0;
    for (const session of this.#sessions.values()) {
      session.tick(nowMs);
      held += session.heldBytes;
    }
    this.#heldBytes = held;
  }

  /** Closes the port and every HTTP connection. Sessions end with their channels. */
  close(): void {
    this.#server.close();
    this.#hold.stop();
    this.#sockets.closeAll();
  }

  #noteRefusal(code: ErrorCode | undefined, { remoteAddress = '' }: Socket): void {
    if (code !== undefined) this.#parts.refused(code, remoteAddress);
  }

  #requested(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (!this.#sockets.asked(request, response)) return;
    this.requests++;
    response.sendDate = false;
    // A connection that is lost is seen by the close of its responses.
    request.on('error', () => {});
    const exchange = { request, response, heard: () => this.#sockets.heard(socket) };
    // Only browsers tell an origin. A page must not reach through its visitor's browser into networks that it cannot
    // see, also not under a name of its own that it has pointed there.
    if (request.headers.origin !== undefined) {
      this.#refuse(exchange, 403);
      return;
    }
    if (request.method !== 'POST') {
      this.#refuse(exchange, 405);
      return;
    }
    const asked = readTunnelPath(request.url ?? '');
    const most = asked?.kind === 'send' ? this.#options.maxRequestBytes : MAX_EMPTY_BODY_BYTES;
    if (Number(request.headers['content-length'] ?? 0) > most) this.#refuse(exchange, 413);
    else if (asked === undefined) this.#refuse(exchange, 404);
    else if (asked.kind === 'open') this.#open(exchange);
    else this.#pass(asked.kind, asked.id, asked.seq, exchange);
  }

  #pass(kind: 'send' | 'idle' | 'close', id: string, seq: number, exchange: Exchange): void {
    const session = this.#sessions.get(id);
    // Whoever guesses or sees an id and comes from somewhere else is told what everybody is told of ids that are none.
    if (session === undefined || !isNear(session.channel.remoteAddress, exchange.request.socket.remoteAddress)) {
      this.#refuse(exchange, 404);
      return;
    }
    session.take(kind, seq, exchange);
  }

  #open(exchange: Exchange): void {
    const { socket } = exchange.request;
    const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket;
    const transport = 'encrypted' in socket ? 'rtmpts' : 'rtmpt';
    const id = randomBytes(ID_BYTES).toString('base64url');
    const session = new TunnelSession(
      id,
      { transport, localAddress, localPort, remoteAddress, remotePort },
      {
        ...{ options: this.#options, nowMs: this.#parts.nowMs, hold: this.#hold },
        refuse: (refused, status, most) => this.#refuse(refused, status, most),
        ended: (over) => this.#ended(over),
      },
    );
    this.#sessions.set(id, session);
    this.#parts.accepted(session.channel);
    if (session.channel.isClosed) {
      this.#refuse(exchange, 503);
      return;
    }
    this.opened++;
    discard(exchange.request, MAX_EMPTY_BODY_BYTES);
    answer(exchange, `${id}\n`);
  }

  #ended(session: TunnelSession): void {
    if (this.#sessions.delete(session.id)) this.#replays += session.replays;
  }

  #refuse(exchange: Exchange, status: Refusal, mostBytes = MAX_EMPTY_BODY_BYTES): void {
    if (refuse(exchange, status, mostBytes)) this.refusals.set(status, (this.refusals.get(status) ?? 0) + 1);
  }
}

/** Whether two addresses are in one network: a client may be behind several addresses of its provider. */
function isNear(one: string, other = ''): boolean {
  return one === other || networkOf(one) === networkOf(other);
}

function networkOf(address: string): string {
  const parsed = parseAddress(address);
  if (parsed === undefined) return address;
  const length = NETWORK_BITS[parsed.width];
  return formatBlock({ ...parsed, value: firstBits(parsed, length), length });
}
