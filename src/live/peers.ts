/** Where another node is reached. */
export interface PeerAddress {
  /** An IP address that may be connected to: it was resolved and checked. */
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** As the node tells it, a name or an address: what its certificate is for. */
  readonly serverName: string;
}

/** Finds other nodes. */
export interface Peers {
  /**
   * Where a node is reached. It does not reject.
   *
   * @returns `gone`: this process runs no more, or is taken for lost; `unknown`: that cannot be found out now, or it
   *   tells no address that may be connected to
   */
  addressOf(nodeId: string, bootId: string): Promise<PeerAddress | 'gone' | 'unknown'>;
}
