import { clientBlock } from '../core/cidr.js';
import type { ErrorCode } from '../core/errors.js';
import { ExpiringMap } from '../core/expiring-map.js';
import { isLoopback } from '../core/loopback.js';
import { KeyedBuckets, type Rate } from '../core/token-bucket.js';

/** Limits on the number of connections and on how fast they may come. */
export interface ConnectionLimitOptions {
  /** How often one address may connect, a second; 0: no limit. */
  readonly acceptsPerSecondPerIp: number;
  /** How often one address may connect at once. */
  readonly acceptBurstPerIp: number;
  readonly maxConnections: number;
  /** 0: no limit. */
  readonly maxConnectionsPerIp: number;
  /** Whether the limits per address hold for addresses of this machine too. */
  readonly limitLoopback: boolean;
}

/** How long after a node of the cluster has come from an address that one is taken for a node's, in ms. */
const NODE_MS = 600_000;
/** Most addresses of nodes that are remembered: far more than are in one cluster. */
const MOST_NODES = 4096;

/** Counts connections, in all and by peer address. */
export class ConnectionLimits {
  #options: ConnectionLimitOptions;
  readonly #perAddress = new Map<string, number>();
  readonly #rate: KeyedBuckets;
  /** Until when which address is taken for that of a node. */
  readonly #nodes = new ExpiringMap<true>(MOST_NODES);
  #total = 0;

  constructor(options: ConnectionLimitOptions) {
    this.#options = options;
    this.#rate = new KeyedBuckets(rateOf(options));
  }

  /** Other limits hold from now on. Connections that were admitted stay. */
  change(options: ConnectionLimitOptions): void {
    this.#options = options;
    this.#rate.change(rateOf(options));
  }

  /** Addresses that hold connections. */
  get addresses(): number {
    return this.#perAddress.size;
  }

  /**
   * Admits a connection from `peerAddress`, or returns the code of the limit that it would pass.
   *
   * @param nowMs monotonic
   * @param descriptorShare most connections for which there are file descriptors now
   * @param makeRoom asked when all places are taken: closes a connection (see {@link left}), or returns false. The
   *   limits per address come first, so that a peer that they refuse costs no other peer its place
   */
  admit(
    peerAddress: string,
    nowMs: number,
    descriptorShare = Number.POSITIVE_INFINITY,
    makeRoom: () => boolean = () => false,
  ): ErrorCode | undefined {
    const { maxConnections, maxConnectionsPerIp, limitLoopback } = this.#options;
    const bound = (limitLoopback || !isLoopback(peerAddress)) && this.#nodes.get(peerAddress, nowMs) === undefined;
    const address = clientBlock(peerAddress);
    if (bound && !this.#rate.take(address, nowMs)) return 'ERR_LIMIT_ACCEPT_RATE';
    const count = this.#perAddress.get(address) ?? 0;
    if (bound && maxConnectionsPerIp > 0 && count >= maxConnectionsPerIp) return 'ERR_LIMIT_CONNECTIONS_PER_IP';
    if (this.#total >= Math.min(maxConnections, descriptorShare) && !makeRoom())
      return this.#total >= maxConnections ? 'ERR_LIMIT_CONNECTIONS' : 'ERR_DESCRIPTORS';
    this.#total++;
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
    return undefined;
  }

  /**
   * A node of the cluster has proved on an admitted connection that it is one. It has a connection for each stream that
   * it fetches: they do not count for its address, and what else comes from there is not bound for a while.
   */
  nodeAt(peerAddress: string, nowMs: number): void {
    this.#nodes.set(peerAddress, true, nowMs + NODE_MS);
    this.#uncount(peerAddress);
  }

  /** An admitted connection is gone. @param peerAddress its address; undefined: it was a node's */
  left(peerAddress: string | undefined): void {
    this.#total--;
    if (peerAddress !== undefined) this.#uncount(peerAddress);
  }

  #uncount(peerAddress: string): void {
    const address = clientBlock(peerAddress);
    const count = (this.#perAddress.get(address) ?? 1) - 1;
    if (count === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, count);
  }
}

function rateOf({ acceptBurstPerIp, acceptsPerSecondPerIp }: ConnectionLimitOptions): Rate {
  return { burst: acceptBurstPerIp, perSecond: acceptsPerSecondPerIp };
}
