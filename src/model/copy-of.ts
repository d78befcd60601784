import type { Epoch } from './epoch.js';

/** A stream that another node owns, and that the server publishes here for the players of this node. */
export interface CopyOf {
  /** Of the relay that fetches it. */
  readonly relayId: string;
  /** As its owner has given it. */
  readonly streamId: string;
  /** Its owner. */
  readonly nodeId: string;
  readonly epoch: Epoch;
  /** Where it is fetched; free of secrets. */
  readonly url: string;
  /** Connections tried since the relay began, this one included. */
  readonly attempts: number;
}
