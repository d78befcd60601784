import { createServer, type Server } from 'node:net';
import { TcpChannel, type TcpChannelOptions } from './channel.js';

/** Connections that the kernel keeps until they are accepted: in a burst of a thousand none must be refused. */
const BACKLOG = 4096;
const KEEP_ALIVE_MS = 15_000;

/** Where to listen. */
interface ListenAddress {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** Accepts TCP connections, each as a channel that is not opened yet. */
export class TcpAcceptor {
  readonly #server: Server;

  /** @param accepted gets each connection. To refuse one, destroy it. Must not throw */
  constructor(options: TcpChannelOptions, accepted: (channel: TcpChannel) => void) {
    this.#server = createServer(
      { pauseOnConnect: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
      (socket) => accepted(new TcpChannel(socket, options)),
    );
  }

  /**
   * Begins to accept.
   *
   * @param failed called when the listening socket fails later
   * @returns the address in use; the port is a real one also when 0 was asked for
   * @throws the system's error, such as one with code EADDRINUSE
   */
  async listen({ host, port }: ListenAddress, failed: (error: Error) => void): Promise<ListenAddress> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: BACKLOG }, resolve);
    });
    this.#server.removeAllListeners('error');
    this.#server.on('error', failed);
    const address = this.#server.address();
    return typeof address === 'object' && address !== null
      ? { host: address.address, port: address.port }
      : { host, port };
  }

  /** Stops accepting; channels go on. */
  close(): void {
    this.#server.close();
  }
}
