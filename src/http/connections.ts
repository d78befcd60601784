import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The open connections of the HTTP server, within a bound. Past it, the connection that has waited longest without a request on it
 * is closed for the new one; so whoever opens connections and says nothing on them shuts nobody out. When a request runs on
 * every connection, the new one is closed.
 */
export class HttpConnections {
  /** Connections that were closed because there were too many: idle ones, and new ones. */
  closedForOthers = 0;
  refused = 0;
  readonly #limit: () => number;
  readonly #open = new Set<Socket>();
  /** Connections on which no request runs, longest first. */
  readonly #idle = new Set<Socket>();
  readonly #onRefused: () => void;

  /**
   * @param limit most connections now
   * @param onRefused told when a connection had to be closed
   */
  constructor(limit: () => number, onRefused: () => void) {
    this.#limit = limit;
    this.#onRefused = onRefused;
  }

  /** Connections now. */
  get size(): number {
    return this.#open.size;
  }

  /** Holds the connections of `server` to the bound; several servers share it. */
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
