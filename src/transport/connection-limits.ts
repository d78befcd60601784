import type { ErrorCode } from '../core/errors.js';

/** How many connections there may be. */
export interface ConnectionLimitOptions {
  readonly maxConnections: number;
  /** 0: no limit. Loopback addresses are not counted. */
  readonly maxConnectionsPerIp: number;
}

/** Counts connections, in all and by peer address. */
export class ConnectionLimits {
  readonly #options: ConnectionLimitOptions;
  readonly #perAddress = new Map<string, number>();
  #total = 0;

  constructor(options: ConnectionLimitOptions) {
    this.#options = options;
  }

  /** Addresses that hold connections. */
  get addresses(): number {
    return this.#perAddress.size;
  }

  /** Takes a connection from `address` in, or returns the code of the limit that it would pass. */
  admit(address: string): ErrorCode | undefined {
    const { maxConnections, maxConnectionsPerIp } = this.#options;
    const count = this.#perAddress.get(address) ?? 0;
    if (this.#total >= maxConnections) return 'ERR_LIMIT_CONNECTIONS';
    if (maxConnectionsPerIp > 0 && count >= maxConnectionsPerIp && !isLoopback(address)) {
      return 'ERR_LIMIT_CONNECTIONS_PER_IP';
    }
    this.#total++;
    this.#perAddress.set(address, count + 1);
    return undefined;
  }

  /** An admitted connection from `address` is gone. */
  left(address: string): void {
    this.#total--;
    const count = (this.#perAddress.get(address) ?? 1) - 1;
    if (count === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, count);
  }
}

/** Whether an address is of this machine itself. */
function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}
