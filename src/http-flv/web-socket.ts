import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { ERRORS, type ErrorCode } from '../core/errors.js';
import { PROBLEM_TYPE, type Problem } from '../core/problem.js';
import type { Drainable } from '../transport/byte-channel.js';
import { finishSocket, NO_CACHE, type Outlet } from './outlet.js';

// The one file that imports the package.

/** A viewer has nothing to say: longer messages end the connection. */
const MOST_MESSAGE_BYTES = 1024;
/** Messages of a client that are read and thrown away; past it the connection is closed. */
const MOST_MESSAGES = 1000;
/** Bytes of a file header with the first PreviousTagSize. */
const FILE_HEADER_BYTES = 13;
/** Close codes of RFC 6455 §7.4.1. */
const NORMAL = 1000;
const GOING_AWAY = 1001;
const POLICY = 1008;
const INTERNAL = 1011;

const SERVER = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MOST_MESSAGE_BYTES,
  skipUTF8Validation: true,
});

/** A stream of FLV in binary messages. The handshake is answered when the stream begins, or with a status. */
export class WebSocketOutlet implements Outlet {
  readonly transport = 'ws-flv';
  readonly socket: Socket;
  readonly #request: IncomingMessage;
  readonly #head: Buffer;
  #peer: WebSocket | undefined;
  #messages = 0;
  #unsent = 0;
  #taken = 0;
  /** The header of the file, when it came alone: browsers look into the first message for what follows it, too. */
  #fileHeader: Buffer | undefined;

  /** @param head what came behind the request */
  constructor(request: IncomingMessage, socket: Socket, head: Buffer) {
    this.#request = request;
    this.socket = socket;
    this.#head = head;
    // Until the handshake is answered nobody else listens, and an error without a listener ends the process.
    socket.on('error', () => undefined);
  }

  get unsentBytes(): number {
    return this.#unsent;
  }

  get takenBytes(): number {
    return this.#taken;
  }

  isBehind(bytes: number): boolean {
    return this.#unsent > bytes;
  }

  begin(): void {
    SERVER.handleUpgrade(this.#request, this.socket, this.#head, (peer) => {
      this.#peer = peer;
      peer.on('error', () => this.destroy());
      // Whatever a viewer says is not wanted, and does no harm within bounds.
      peer.on('message', () => {
        if (++this.#messages > MOST_MESSAGES) peer.close(POLICY, 'too many messages');
      });
    });
  }

  write(bytes: Buffer, waiter: Drainable): boolean {
    const peer = this.#peer;
    if (peer === undefined || peer.readyState !== peer.OPEN) return true;
    if (bytes.length === FILE_HEADER_BYTES && this.#taken + this.#unsent === 0) {
      this.#fileHeader = bytes;
      return true;
    }
    this.#unsent += bytes.length;
    const message = this.#fileHeader === undefined ? bytes : Buffer.concat([this.#fileHeader, bytes]);
    this.#fileHeader = undefined;
    peer.send(message, { binary: true }, () => {
      this.#unsent -= bytes.length;
      this.#taken += bytes.length;
      waiter.drained();
    });
    return false;
  }

  refuse(problem: Problem, headers: Readonly<Record<string, string>> = {}): void {
    const body = Buffer.from(JSON.stringify(problem));
    const lines = Object.entries({
      ...{ ...NO_CACHE, ...headers, 'content-type': PROBLEM_TYPE },
      'content-length': String(body.length),
      connection: 'close',
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    const { status } = problem;
    this.socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`);
    this.socket.write(body);
    finishSocket(this.socket);
  }

  finish(code: ErrorCode): void {
    if (this.#peer === undefined) {
      this.socket.destroy();
      return;
    }
    this.#peer.close(closeCode(code), code === 'ERR_PEER_CLOSED' ? '' : code);
    finishSocket(this.socket);
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** The close code of RFC 6455 for a code of ours. */
function closeCode(code: ErrorCode): number {
  if (code === 'ERR_PEER_CLOSED') return NORMAL;
  if (code === 'ERR_SESSION_SHUTDOWN') return GOING_AWAY;
  return ERRORS[code].blame === 'internal' ? INTERNAL : POLICY;
}
