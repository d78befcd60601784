/** A name that a node fetches from another one, or that players there wait for. */
export interface RelaySnapshot {
  readonly direction: 'copy';
  readonly app: string;
  readonly name: string;
  /** `lost`: its players are held, and no connection carries it. */
  readonly state: 'waiting' | 'connecting' | 'running' | 'lost';
  /** Players of this node. */
  readonly players: number;
  /** Media carried, as framed for players. */
  readonly bytes: number;
  /** ISO 8601: since when it is wanted. */
  readonly since: string;
  /** How long nothing of the stream has come, in ms. */
  readonly silentMs?: number;
  readonly relayId?: string;
  /** The node that has it. */
  readonly fromNode?: string;
  /** Of its owner's stream. */
  readonly streamId?: string;
}

/** A stream that is published to another server, or fetched from one, as the settings say; or a rule that waits. */
export interface OutsideRelay {
  readonly direction: 'push' | 'pull';
  /** Of the stream here; missing of a rule of `relay.push` that carries nothing. */
  readonly app?: string;
  readonly name?: string;
  /** The glob of a rule of `relay.push` that carries nothing, and which rule it is, from 0. */
  readonly match?: string;
  readonly rule?: number;
  /** The other server, without what may be a key: as events tell it. */
  readonly url: string;
  /**
   * `waiting`: there is nothing to carry, or nobody wants it; `retrying`: it was refused or cut off; `failed`: it could
   * not begin at all.
   */
  readonly state: 'waiting' | 'connecting' | 'running' | 'retrying' | 'failed';
  /** ISO 8601: since when it is wanted, or since when the rule holds. */
  readonly since: string;
  /** Media carried, over all connections. */
  readonly bytes: number;
  /** While it runs, over the last seconds. */
  readonly kbps?: number;
  /** How often frames were left out, because the other server was too slow. */
  readonly drops?: number;
  /** Connections that were tried. */
  readonly attempts?: number;
  /** Players of this node; of a pull. */
  readonly players?: number;
  /** Why the newest connection failed, or none could be begun; missing while it runs. */
  readonly code?: string;
  readonly detail?: string;
  /** ISO 8601. */
  readonly nextTryAt?: string;
  readonly relayId?: string;
  /** Missing of a pull whose stream has not begun here. */
  readonly streamId?: string;
}
