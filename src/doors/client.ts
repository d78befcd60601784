import type { PlainValue } from '../core/plain.js';
import type { CallAnswer, Told } from '../live/access.js';
import type { EndReason, PlayEndReason } from '../model/reasons.js';
import type { RecordStatus } from '../model/recording.js';
import type { PlayEndStatus, PublishEndStatus } from '../model/refusals.js';

/** A call of a method of a client. `answered` is called exactly once, in this turn or in a later one. */
export interface CallOfClient {
  readonly method: string;
  readonly values: readonly PlainValue[];
  readonly timeoutMs: number;
  readonly answered: (answer: CallAnswer) => void;
}

/** The way from what runs on a connection back to its client. None of it throws. */
export interface Client<Reason, Status> {
  /** Tells the client why its publish or play ends, and closes the connection unless something else runs on it. */
  readonly end: (reason: Reason, told: Told<Status>) => void;
  /** Asks the client to connect again, if it understands this. @param tcUrl undefined: to the same server */
  readonly requestReconnect: (tcUrl: string | undefined, description: string) => void;
  /** Calls a method of the client. */
  readonly call: (call: CallOfClient) => void;
}

/** The way from a stream to the client that publishes it. */
export interface Publisher extends Client<EndReason, PublishEndStatus> {
  /** Tells the client what becomes of the recording that it has asked for. */
  readonly record: (status: RecordStatus, description: string) => void;
  /** Reads the connection before its turn. Resolves when its end has been seen, if the kernel knows of one. */
  readonly readNow: () => Promise<void>;
}

/** The way from a play to its client. */
export type Viewer = Client<PlayEndReason, PlayEndStatus>;
