import type { ErrorCode } from '../../core/errors.js';
import type { AmfValue } from '../../wasm/amf-value.js';
import type { DropCause } from './drop-causes.js';

/** How a publisher wants its stream kept; only `live` means something without a recorder. */
export type PublishType = 'live' | 'record' | 'append';

/** What a server session knows of its client after connect. Nothing in it is secret. */
export interface ConnectionInfo {
  /** Normalised app, query cut off. */
  readonly app: string;
  /** Query and credentials cut off; `''` when the client sent none. */
  readonly tcUrl: string;
  readonly flashVer: string;
  readonly swfUrl: string;
  readonly pageUrl: string;
  /** 0 or 3, echoed to the client. */
  readonly objectEncoding: number;
  /** Whether the client announced Enhanced RTMP in any form. */
  readonly isEnhanced: boolean;
  /** The client's `capsEx` bits; 0 when it sent none. */
  readonly capsEx: number;
}

/**
 * What the owner of a server session has to do, in order. Byte buffers are transferred with the action.
 * After `close` nothing follows.
 */
export type Action =
  /** Write to the socket. */
  | { readonly kind: 'send'; readonly bytes: Buffer }
  /** connect succeeded and is answered. `query` is the secret part of the app. */
  | ({ readonly kind: 'connected'; readonly query: string } & ConnectionInfo)
  /** Hold reading, decide, call `answerPublish`. `query` is secret. */
  | {
      readonly kind: 'publishRequested';
      readonly requestId: number;
      readonly messageStreamId: number;
      readonly app: string;
      readonly name: string;
      readonly query: string;
      readonly publishType: PublishType;
    }
  /** Decide, call `answerPlay`. `start`: -2 live or recorded, -1 live only, else seconds. `query` is secret. */
  | {
      readonly kind: 'playRequested';
      readonly requestId: number;
      readonly messageStreamId: number;
      readonly app: string;
      readonly name: string;
      readonly query: string;
      readonly start: number;
      readonly duration: number;
      readonly reset: boolean;
    }
  /** A publish that was running, or one still waiting for its answer, was ended by the client. */
  | { readonly kind: 'publishStopped'; readonly messageStreamId: number; readonly reason: 'client_unpublish' }
  /** A play that was running, or one still waiting for its answer, was ended by the client. */
  | { readonly kind: 'playStopped'; readonly messageStreamId: number }
  | { readonly kind: 'pauseChanged'; readonly messageStreamId: number; readonly paused: boolean }
  | {
      readonly kind: 'receiveChanged';
      readonly messageStreamId: number;
      readonly audio?: boolean;
      readonly video?: boolean;
    }
  /**
   * A data message of a publishing stream. `payload`: as players get it, in a message of type `type` (18, or 15 for AMF3); `values`: what
   * follows the name, undefined when it is AMF3, which is passed on as it came.
   */
  | {
      readonly kind: 'data';
      readonly messageStreamId: number;
      readonly timestamp: number;
      readonly name: string;
      readonly type: number;
      readonly payload: Buffer;
      readonly values: readonly AmfValue[] | undefined;
      /** It came in an odd form and was put in order. */
      readonly isMended?: true;
    }
  /** A data message of a publishing stream that cannot be read within the limits: nobody gets it. */
  | { readonly kind: 'dataRefused'; readonly messageStreamId: number; readonly code: ErrorCode }
  /** A message that nobody gets and nobody answers. */
  | { readonly kind: 'dropped'; readonly cause: DropCause }
  /** `@clearDataFrame`: forget the cached data message `name`. */
  | { readonly kind: 'dataCleared'; readonly messageStreamId: number; readonly name: string }
  /** Flush what was sent, then close the connection. `reason` is for logs and free of secrets. */
  | { readonly kind: 'close'; readonly code: ErrorCode; readonly reason: string };
