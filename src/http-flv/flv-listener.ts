import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { MemoryAccount } from '../core/memory-account.js';
import { problemOf } from '../core/problem.js';
import type { FlvDoor } from './flv-door.js';
import { answer } from './outlet.js';

/** Where players over HTTP are served, and the times of their requests. */
export interface FlvListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

/** How often connections are checked for a silence that is too long, in ms. */
const CHECK_MS = 1000;

/** Bytes of the objects of one connection: those of a connection of http.listen, and the player. */
const CONNECTION_BYTES = 12_288;

/** An HTTP server that serves players and nothing else, for an address that viewers can reach. */
export class FlvListener {
  readonly #server: Server;
  readonly #options: FlvListenerOptions;
  readonly #log: Logger;
  /** Open connections, also those that are WebSockets now. */
  readonly #sockets = new Set<Socket>();

  constructor(options: FlvListenerOptions, door: FlvDoor, log: Logger) {
    const { requestTimeoutMs, keepAliveTimeoutMs } = options;
    this.#options = options;
    this.#log = log;
    this.#server = createServer(
      {
        requestTimeout: requestTimeoutMs,
        headersTimeout: requestTimeoutMs,
        keepAliveTimeout: keepAliveTimeoutMs,
        connectionsCheckingInterval: Math.min(CHECK_MS, requestTimeoutMs),
      },
      (request, response) => {
        if (!door.handle(request, response)) answer(response, problemOf('ERR_HTTP_NOT_FOUND'));
      },
    );
    door.guard(this.#server);
    this.#server.on('connection', (socket) => this.#open(socket));
    door.watch(this.#server);
  }

  /** Open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Registers open connections on the memory account. */
  joinAccount(account: MemoryAccount): void {
    account.register('connections', () => this.#sockets.size * CONNECTION_BYTES);
  }

  #open(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /**
   * Begins to accept. The address is logged, with the port in use where 0 was asked for.
   *
   * @throws SluiceError `ERR_LISTEN`
   */
  listen(): Promise<void> {
    const { host, port } = this.#options;
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) =>
        reject(new SluiceError('ERR_LISTEN', `httpFlv ${host}:${port}: ${cause.code ?? cause.message}`, { cause })),
      );
      server.listen(port, host, () => {
        const inUse = { host, port: (server.address() as AddressInfo).port };
        this.#log.info(inUse, 'players over HTTP and WebSocket are served');
        server.on('error', (error) => this.#log.error({ err: error }, 'the listener of players over HTTP failed'));
        resolve();
      });
    });
  }

  /** Stops accepting, and closes what is open. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#server.listening) resolve();
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }
}
