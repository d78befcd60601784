import type { ErrorCode } from '../../core/errors.js';
import type { NodeEntry } from '../../model/node-link.js';
import type {
  ConnectRefusal,
  PlayEndStatus,
  PlayRefusal,
  PublishEndStatus,
  PublishRefusal,
} from '../../model/refusals.js';

/** A refusal. The description is shown to the client's user. */
interface Refused<Status> {
  readonly accept: false;
  readonly code: Status;
  readonly description: string;
  /** URL of the server to which the client is sent. */
  readonly redirectUrl?: string;
}

/** The owner's answer to `connectRequested`. `node`: the client is a node of the same cluster. */
export type ConnectAnswer = { readonly accept: true; readonly node?: NodeEntry | undefined } | Refused<ConnectRefusal>;

/** The owner's answer to `publishRequested`. */
export type PublishAnswer = { readonly accept: true } | Refused<PublishRefusal>;

/**
 * The owner's answer to `playRequested`. `waiting`: there is no publisher yet; `publisherCame` follows when there is.
 * `isRecorded`: it plays a file; `playCompleted` follows at its end.
 */
export type PlayAnswer =
  | { readonly accept: true; readonly waiting?: boolean; readonly isRecorded?: boolean }
  | Refused<PlayRefusal>;

/** What the client is told when the owner ends a publish or a play that runs. */
export interface EndAnswer {
  readonly status: PublishEndStatus | PlayEndStatus;
  /** Code with which the connection is closed. */
  readonly code: ErrorCode;
  /** Shown to the client's user; free of secrets. */
  readonly description: string;
}
