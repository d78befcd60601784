import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { MemoryAccount } from '../core/memory-account.js';
import { Uncollected } from '../core/uncollected.js';

/**
 * Bytes of the objects of one connection in this process, measured with a thousand that have sent half a request, or
 * waited after one.
 */
const CONNECTION_BYTES = 9216;

/**
 * The open connections of the HTTP server, within a bound. Past it, the connection that has been without a request for
 * longest is closed for the new one, so clients that open connections and send nothing keep no other out. When a
 * request runs on every connection, the new one is closed.
 */
export class HttpConnections {
  /** Connections that were closed because there were too many: idle ones, and new ones. */
  closedForOthers = 0;
  refused = 0;
  readonly #limit: () => number;
  readonly #open = new Set<Socket>();
  /** Connections on which no request runs, those idle for longest first. */
  readonly #idle = new Set<Socket>();
  readonly #onRefused: () => void;
  readonly #dropped = new Uncollected();

  /**
   * @param limit most connections now
   * @param onRefused called when a connection had to be closed
   */
  constructor(limit: () => number, onRefused: () => void) {
    this.#limit = limit;
    this.#onRefused = onRefused;
  }

  /** Open connections. */
  get size(): number {
    return this.#open.size;
  }

  /** Registers open connections, and closed ones that are still there, on the memory account. */
  joinAccount(account: MemoryAccount): void {
    account.register('connections', () => this.#open.size * CONNECTION_BYTES);
    account.register('connections_dropped', () => this.#dropped.bytes);
  }

  /** Holds the connections of `server` within the bound. Several servers share it. */
  watch(server: Server): void {
    server.on('connection', (socket) => this.#accept(socket));
    server.on('request', (request, response) => {
      const { socket } = request;
      this.#idle.delete(socket);
      response.on('close', () => {
        if (this.#open.has(socket)) this.#idle.add(socket);
      });
    });
  }

  #accept(socket: Socket): void {
    if (this.#open.size >= this.#limit() && !this.#makeRoom()) {
      this.refused++;
      this.#onRefused();
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    this.#idle.add(socket);
    socket.on('close', () => {
      this.#open.delete(socket);
      this.#idle.delete(socket);
      this.#dropped.letGo(socket, CONNECTION_BYTES);
    });
  }

  #makeRoom(): boolean {
    const [longest] = this.#idle;
    if (longest === undefined) return false;
    this.closedForOthers++;
    this.#onRefused();
    this.#open.delete(longest);
    this.#idle.delete(longest);
    longest.destroy();
    return this.#open.size < this.#limit();
  }
}
