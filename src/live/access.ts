import type { ErrorCode } from '../core/errors.js';
import type { JsonValue, Plain, PlainValue } from '../core/plain.js';
import type { ConnectionInfo } from '../model/connection-info.js';
import type { CopyOf } from '../model/copy-of.js';
import type { DropCause } from '../model/drop-causes.js';
import type { NodeEntry, NodeHello } from '../model/node-link.js';
import type { Peer, TransportName } from '../model/peer.js';
import type { EndReason, PlayEndReason } from '../model/reasons.js';
import type {
  ConnectRefusal,
  PlayEndStatus,
  PlayRefusal,
  PublishEndStatus,
  PublishRefusal,
} from '../model/refusals.js';
import type { SharedObjectNews } from '../model/shared-object-news.js';
import type { PlayRequest } from './recorded-names.js';
import type { PlayCounters } from './stream-counters.js';
import type { StreamReport } from './stream-reports.js';

export type { PlayCounters, StreamCounters } from './stream-counters.js';
export type { ShownFacts, StreamReport, StreamSample } from './stream-reports.js';

// Everything that crosses the border between the byte side (connections, publications, players: src/doors) and the fact
// side (names, live streams, events: this folder). Every message is plain data that can be cloned. Neither side holds
// an object of the other.

/** The peer of a connection, and what it has told. */
export interface ConnectionFacts {
  readonly connectionId: string;
  readonly peer: Peer;
  readonly transport: TransportName;
  /** The facts from connect; undefined before it. */
  readonly info: ConnectionInfo | undefined;
}

/** A name that a client wants to publish or play. `query` is secret. */
export interface NameRequest {
  readonly app: string;
  readonly name: string;
  readonly query: string;
}

/** What a client is told. */
export interface Told<Status> {
  readonly status: Status;
  readonly code: ErrorCode;
  /** For the client and the log; free of secrets. */
  readonly description: string;
}

/** Why a request is refused, and what the client is told. */
export interface Refusal<Status> extends Told<Status> {
  /** Where the client is sent. */
  readonly redirectUrl?: string;
}

/** The client that publishes a stream, or the one that plays a play. */
export type ClientOf = { readonly streamId: string } | { readonly playId: string };

/** A client wants to connect. `query` is the secret part of the app; everything else that it said is in `facts`. */
export interface ConnectAsk {
  readonly kind: 'connect';
  readonly id: number;
  readonly facts: ConnectionFacts;
  readonly query: string;
  /** It says that it is a node of this cluster, which fetches a stream. Its ticket is secret. */
  readonly hello?: NodeHello | undefined;
}

/** A client wants to publish. */
export interface PublishAsk {
  readonly kind: 'publish';
  readonly id: number;
  readonly facts: ConnectionFacts;
  readonly request: NameRequest;
  /** Whether the server itself publishes, as a relay does: the settings have let it in, and nobody is asked. */
  readonly isOwn?: boolean;
  /** Which stream of another node it is a copy of. */
  readonly copy?: CopyOf;
}

/** A client wants to play, or to know the length of what it could play. */
export interface PlayAsk {
  readonly kind: 'play' | 'length';
  readonly id: number;
  readonly facts: ConnectionFacts;
  readonly request: PlayRequest;
}

/** A call of a client of a method that Sluice does not have. Values are JSON, as docs/rpc.md has it. */
export interface ClientCall {
  readonly app: string;
  /** The stream that its connection publishes, and the play that it plays, where it is one. */
  readonly streamId?: string;
  readonly playId?: string;
  readonly method: string;
  readonly args: readonly JsonValue[];
  /** The command object, where it is one. */
  readonly object?: JsonValue;
}

/** The answer to a {@link ClientCall}. */
export type RpcReply =
  | { readonly kind: 'result'; readonly value: JsonValue }
  | { readonly kind: 'error'; readonly code: string; readonly message: string };

/** The answer of a client to a call. `gone`: its connection ended, or it has too many calls to answer. */
export type CallAnswer =
  | { readonly kind: 'result' | 'error'; readonly values: readonly JsonValue[] }
  | { readonly kind: 'timeout' | 'gone' };

/** A client calls a method that Sluice does not have. Its connection is read on meanwhile. */
export interface CallAsk {
  readonly kind: 'call';
  readonly id: number;
  readonly facts: ConnectionFacts;
  readonly call: ClientCall;
}

/** What the byte side asks. Each ask has an id and gets exactly one {@link Answer} with that id, now or later. */
export type Ask = Plain<ConnectAsk | PublishAsk | PlayAsk | CallAsk>;

/** The answer to an {@link Ask}. */
export type Answer = Plain<
  /** `node`: the client is a node of this cluster. */
  | { readonly kind: 'connectAccepted'; readonly id: number; readonly node?: NodeEntry }
  | { readonly kind: 'connectRefused'; readonly id: number; readonly refusal: Refusal<ConnectRefusal> }
  /**
   * The name is won and `stream.started` is on disk. When the stream exists already, its publisher is back. `heldFor`:
   * the reasons for which its publisher may go and come back; for all others the stream ends.
   */
  | {
      readonly kind: 'publishAccepted';
      readonly id: number;
      readonly streamId: string;
      readonly heldFor: readonly EndReason[];
    }
  | { readonly kind: 'publishRefused'; readonly id: number; readonly refusal: Refusal<PublishRefusal> }
  /**
   * `name`: of the stream that it plays, which may be another one than was asked for. `endsWithStream`: it plays this
   * stream and no later one of that name. `file`: it plays this file, below `media.root`.
   */
  | {
      readonly kind: 'playAccepted';
      readonly id: number;
      readonly playId: string;
      readonly name: string;
      readonly endsWithStream: boolean;
      readonly file?: string;
    }
  /** 0 for what is live, and for what is not there or not allowed. */
  | { readonly kind: 'lengthAnswered'; readonly id: number; readonly seconds: number }
  | { readonly kind: 'playRefused'; readonly id: number; readonly refusal: Refusal<PlayRefusal> }
  | { readonly kind: 'callAnswered'; readonly id: number; readonly reply: RpcReply }
  /** A defect of Sluice, which the fact side has logged. */
  | { readonly kind: 'askFailed'; readonly id: number; readonly description: string }
>;

/** What the byte side reports. */
export type Report = Plain<
  | StreamReport
  | { readonly kind: 'connectionOpened'; readonly facts: ConnectionFacts }
  /** A socket was refused before it became a connection. */
  | { readonly kind: 'connectionRefused'; readonly address: string; readonly code: ErrorCode }
  /** The connection is closed and everything on it has ended; so many of its data messages were refused. */
  | {
      readonly kind: 'connectionClosed';
      readonly facts: ConnectionFacts;
      readonly code: ErrorCode;
      readonly detail: string;
      readonly refusedData: number;
    }
  /** The client is gone, so no answer is wanted. The answer comes all the same. */
  | { readonly kind: 'askWithdrawn'; readonly id: number; readonly reason: EndReason }
  /** A play is over. `counters`: since it began, or since the present stream did. */
  | { readonly kind: 'playEnded'; readonly reason: PlayEndReason; readonly counters: PlayCounters }
  /** The node that plays this play has so many players behind it. */
  | { readonly kind: 'audienceTold'; readonly playId: string; readonly players: number }
  /** The answer to a `callClient`; there is exactly one. */
  | { readonly kind: 'clientAnswered'; readonly callId: number; readonly answer: CallAnswer }
  /** A `readPublisher` is done, and a known end was reported. `silentMs`: how long the publisher has sent no media. */
  | { readonly kind: 'publisherRead'; readonly id: number; readonly silentMs: number }
  /** Messages of a connection were dropped, for a cause that is new on this connection. */
  | {
      readonly kind: 'messagesDropped';
      readonly facts: ConnectionFacts;
      readonly cause: DropCause;
      readonly messages: number;
    }
  /** Something has happened to a shared object. Changes of one object are reported together, once a second at most. */
  | { readonly kind: 'sharedObjectNews'; readonly news: SharedObjectNews }
  /** Counts since the last report, over all connections. */
  | {
      readonly kind: 'messagesCounted';
      readonly dropped: Readonly<Partial<Record<DropCause, number>>>;
      /** Data messages that could not be read within the limits, by code. */
      readonly dataRefused: Readonly<Partial<Record<ErrorCode, number>>>;
      /** Data messages that came in an odd form and were normalised. */
      readonly dataMended: number;
    }
>;

/** What the fact side orders from the byte side. */
export type Order = Plain<
  /** A publish has won the name and is being decided: players that stayed from the stream before go on waiting. */
  | {
      readonly kind: 'nameWon';
      readonly streamId: string;
      readonly app: string;
      readonly name: string;
      /** How long players stay after its publisher has gone, in ms; undefined: as the setting says. */
      readonly lingerMs?: number | undefined;
      /** Prefixes of the codecs that it may have; undefined: any. */
      readonly codecs?: readonly string[] | undefined;
      /** Whether rates of it are limited, and it is to be sampled more often. */
      readonly isMetered?: boolean;
      /** Its timeline goes on from here, in ms: what players of another node have got. */
      readonly resumeTimestamp?: number;
    }
  /** Other limits hold from now on. */
  | {
      readonly kind: 'limitStream';
      readonly streamId: string;
      readonly codecs: readonly string[] | undefined;
      readonly isMetered: boolean;
    }
  /** That publish failed: the name is free. */
  | { readonly kind: 'nameReleased'; readonly streamId: string }
  /**
   * Ends a stream. Its publisher, if there is one, is told why, and its connection is closed unless something else runs
   * on it. Answered with `streamEnded`, which has the code as its detail. Without status and code the publisher is told
   * that the server stops, and that it may come back.
   */
  | {
      readonly kind: 'endStream';
      readonly streamId: string;
      readonly reason: EndReason;
      readonly description: string;
      readonly status?: PublishEndStatus;
      readonly code?: ErrorCode;
    }
  /**
   * The stream is about to go on at another node: nothing of its publisher is taken any more, who is told as one that
   * was replaced. The stream and its players stay. Answered with `streamYielded`, or with `streamEnded`.
   */
  | { readonly kind: 'yieldStream'; readonly streamId: string }
  /** Finds out whether the publisher of a stream is still there. Answered with `publisherRead`. */
  | { readonly kind: 'readPublisher'; readonly id: number; readonly streamId: string }
  /** The stream that it plays ended before it began, and it may not wait for another publisher: its client is told. */
  | { readonly kind: 'endPlay'; readonly playId: string }
  /**
   * Ends a play for good, whether it is live or waits. Its client is told why, and its connection is closed unless
   * something else runs on it. Answered with `playEnded`.
   */
  | {
      readonly kind: 'stopPlay';
      readonly playId: string;
      readonly reason: PlayEndReason;
      readonly told: Told<PlayEndStatus>;
    }
  /**
   * Asks the client that publishes a stream or plays a play to connect again; without effect when it has not announced
   * that it understands this (bit 1 of `capsEx`).
   */
  | {
      readonly kind: 'requestReconnect';
      readonly of: ClientOf;
      /** Where to; undefined: to the same server. */
      readonly tcUrl: string | undefined;
      readonly description: string;
    }
  /** Sends a data message to the players of a stream, in order with its media. It is not reported as `streamData`. */
  | {
      readonly kind: 'sendData';
      readonly streamId: string;
      readonly handler: string;
      readonly values: readonly PlainValue[];
    }
  /** Calls a method of a client. Answered with `clientAnswered`. */
  | {
      readonly kind: 'callClient';
      readonly callId: number;
      readonly of: ClientOf;
      readonly method: string;
      readonly values: readonly PlainValue[];
      readonly timeoutMs: number;
    }
>;

/** The fact side, as the byte side sees it. Calls never throw. */
export interface FactSide {
  ask(message: Ask): void;
  report(message: Report): void;
}

/**
 * The byte side, as the fact side sees it. Calls never throw. Messages are handled in the order in which they are sent.
 */
export interface ByteSide {
  answer(message: Answer): void;
  order(message: Order): void;
}
