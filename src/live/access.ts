import type { ErrorCode } from '../core/errors.js';
import type { Player, PlayerSink } from '../hub/player.js';
import type { Publication } from '../hub/publication.js';
import type { ConnectionInfo } from '../model/connection-info.js';
import type { DropCause } from '../model/drop-causes.js';
import type { Peer, TransportName } from '../model/peer.js';
import type { EndReason, PlayEndReason } from '../model/reasons.js';
import type { PlayRefusal, PublishRefusal } from '../model/refusals.js';
import type { AmfValue } from '../wasm/amf-value.js';

/** Who is on the other end. */
export interface ConnectionFacts {
  readonly connectionId: string;
  readonly peer: Peer;
  readonly transport: TransportName;
  /** What connect said; undefined before it. */
  readonly info: ConnectionInfo | undefined;
}

/** The way back from a stream to the connection that publishes it. */
export interface PublisherLine {
  /** Why it is over; undefined while it is open. */
  readonly endedBy: () => EndReason | undefined;
  /** Tells the publisher why, and closes its connection. */
  readonly close: (reason: EndReason, description: string) => void;
  /** Has the connection read without waiting for its turn; resolves when its end would be known if the kernel knows it. */
  readonly readNow: () => Promise<void>;
}

/** A name that a client wants to publish to or play from. `query` is secret. */
export interface NameRequest {
  readonly app: string;
  readonly name: string;
  readonly query: string;
}

/** A publish or play that was refused, with what to tell the client. */
export interface Refusal<Status> {
  readonly accept: false;
  readonly status: Status;
  readonly code: ErrorCode;
  /** For the client and the log; free of secrets. */
  readonly description: string;
}

/** A refusal as the session tells it to the client. */
export function refusalAnswer<Status>({ status, description }: Refusal<Status>): {
  readonly accept: false;
  readonly code: Status;
  readonly description: string;
} {
  return { accept: false, code: status, description };
}

/** A data message as players get it; `values` is undefined for AMF3. */
export interface DataFromPublisher {
  readonly name: string;
  readonly type: number;
  readonly payload: Buffer;
  readonly timestamp: number;
  readonly values: readonly AmfValue[] | undefined;
}

/** A publish that is running. */
export interface RunningPublish {
  readonly streamId: string;
  readonly publication: Publication;
  /** Where players that stayed stand, in ms: the publisher's timestamps are moved to go on from there. */
  readonly resumeTimestamp: number | undefined;
  data(message: DataFromPublisher): void;
  dataCleared(name: string): void;
  /** Ends it; calls after the first do nothing. */
  end(reason: EndReason, detail?: string): void;
}

/** A play that is running or waits for a publisher. */
export interface RunningPlay {
  readonly player: Player;
  /** Ends it; calls after the first do nothing. */
  end(reason: PlayEndReason): void;
}

/** What becomes of a play. `live`: whether a publication is there now. */
export type PlayDecision =
  | { readonly accept: true; readonly live: boolean; readonly run: RunningPlay }
  | Refusal<PlayRefusal>;

/** What connections ask of the rest of the server: policy, names, facts. */
export interface ConnectionHost {
  /**
   * Decides a publish. When it resolves with `accept`, the name is won and `stream.started` is on disk.
   *
   * @param line the publisher's end: asked after every wait, and closed when the stream is taken from it
   */
  publish(
    facts: ConnectionFacts,
    request: NameRequest,
    line: PublisherLine,
  ): Promise<{ readonly accept: true; readonly run: RunningPublish } | Refusal<PublishRefusal>>;
  /** Decides a play and attaches its player; resolves later when the client has to wait for its turn. */
  play(
    facts: ConnectionFacts,
    request: NameRequest,
    messageStreamId: number,
    sink: PlayerSink,
  ): PlayDecision | Promise<PlayDecision>;
  /** A connection was accepted. */
  opened(facts: ConnectionFacts): void;
  /** A data message of a publisher could not be read within the limits. */
  dataRefused(code: ErrorCode): void;
  /** A data message of a publisher came in an odd form and was put in order. */
  dataMended(): void;
  /** So many messages went nowhere; `isFirst`: the first of that cause on the connection. */
  dropped(facts: ConnectionFacts, cause: DropCause, messages: number, isFirst: boolean): void;
  /** The connection is closed and everything on it ended; so many of its data messages were refused. */
  closed(facts: ConnectionFacts, code: ErrorCode, detail: string, refusedData: number): void;
}
