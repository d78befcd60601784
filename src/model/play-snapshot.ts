import type { JobRun } from './job.js';
import type { Peer } from './peer.js';

/** A running play as `/v1/plays` shows it. */
export interface PlaySnapshot {
  readonly playId: string;
  readonly connectionId: string;
  readonly app: string;
  readonly name: string;
  /** Of the stream that it is attached to; missing while it waits for a publisher. */
  readonly streamId?: string;
  readonly peer: Peer;
  readonly client?: string;
  readonly principal?: string;
  /** Of a play with a ticket. */
  readonly job?: JobRun;
  /** The node that plays it for its own players. */
  readonly relay?: { readonly nodeId: string };
  /** ISO 8601. */
  readonly startedAt: string;
}
