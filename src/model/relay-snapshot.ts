/** A name that a node fetches from another one, or that players there wait for. */
export interface RelaySnapshot {
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
