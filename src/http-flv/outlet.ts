import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorCode } from '../core/errors.js';
import { PROBLEM_TYPE, type Problem } from '../core/problem.js';
import type { TransportName } from '../model/peer.js';
import type { Drainable } from '../transport/byte-channel.js';
import { TcpChannel } from '../transport/tcp/channel.js';

/** How a request is answered: with a status, or with a stream of FLV. */
export interface Outlet {
  readonly transport: TransportName;
  readonly socket: Socket;
  /** Whether more than `bytes` still wait in this process. */
  isBehind(bytes: number): boolean;
  /** Bytes that still wait in this process, and those that the kernel has taken. */
  readonly unsentBytes: number;
  readonly takenBytes: number;
  /** The stream begins: the answer is 200, or 101 for WebSocket. */
  begin(): void;
  /** Sends shared bytes, as {@link ByteChannel.write} does. */
  write(bytes: Buffer, waiter: Drainable): boolean;
  /** Answers with a problem, before {@link begin}, and closes. */
  refuse(problem: Problem, headers?: Readonly<Record<string, string>>): void;
  /** Closes when everything that was written has gone. */
  finish(code: ErrorCode): void;
  /** Closes at once. */
  destroy(): void;
}

/** Headers of every answer. What is live is never kept. */
export const NO_CACHE = { 'cache-control': 'no-cache, no-store', 'x-content-type-options': 'nosniff' };
/** How long a client may take for the rest of what was sent to it, in ms. */
const CLOSE_GRACE_MS = 1000;

/** Ends a socket in good order, within a time. */
export function finishSocket(socket: Socket): void {
  socket.end();
  const timer = setTimeout(() => socket.destroy(), CLOSE_GRACE_MS);
  socket.once('close', () => clearTimeout(timer));
}

/** The answer to a GET: bytes of a length that nobody knows, until the connection is closed. */
export class HttpOutlet implements Outlet {
  readonly transport = 'http-flv';
  readonly socket: Socket;
  readonly #response: ServerResponse;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #channel: TcpChannel;
  #begun = false;

  /** @param headers of the answer, besides those of every answer */
  constructor(request: IncomingMessage, response: ServerResponse, headers: Readonly<Record<string, string>>) {
    this.socket = request.socket;
    this.#response = response;
    this.#headers = headers;
    this.#channel = new TcpChannel(request.socket);
  }

  get unsentBytes(): number {
    return this.#channel.unsentBytes;
  }

  get takenBytes(): number {
    return this.#channel.takenBytes;
  }

  isBehind(bytes: number): boolean {
    return this.#channel.isBehind(bytes);
  }

  begin(): void {
    this.#begun = true;
    // Media goes past the socket's own queue, in which an answer to an earlier request still waits.
    if (this.socket.writableLength > 0) {
      this.socket.destroy();
      return;
    }
    const response = this.#response;
    // The end of the connection ends the stream, so no write is framed as a chunk.
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
    response.writeHead(200, { ...NO_CACHE, ...this.#headers, 'content-type': 'video/x-flv', connection: 'close' });
    response.flushHeaders();
  }

  write(bytes: Buffer, waiter: Drainable): boolean {
    return this.#channel.write(bytes, waiter);
  }

  refuse(problem: Problem, headers: Readonly<Record<string, string>> = {}): void {
    answer(this.#response, problem, { ...this.#headers, ...headers });
  }

  finish(): void {
    if (this.#begun) finishSocket(this.socket);
    else this.#response.destroy();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** Answers a request with a problem. */
export function answer(
  response: ServerResponse,
  problem: Problem,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(JSON.stringify(problem));
  const ofBody = { 'content-type': PROBLEM_TYPE, 'content-length': String(body.length) };
  response.writeHead(problem.status, { ...NO_CACHE, ...headers, ...ofBody });
  response.end(body);
}
