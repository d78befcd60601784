import type { ErrorCode } from '../../core/errors.js';
import type { ConnectionInfo } from '../../model/connection-info.js';
import type { DropCause } from '../../model/drop-causes.js';
import type { NodeHello } from '../../model/node-link.js';
import type { PublishType } from '../../model/recording.js';
import type { AmfObject, AmfValue } from '../../wasm/amf-value.js';
import type { SharedObjectMessage } from '../shared-objects/message.js';

/**
 * What the owner of a server session has to do, in order. Byte buffers are transferred with the action.
 * After `close` nothing follows.
 */
export type Action =
  /** Write to the socket. */
  | { readonly kind: 'send'; readonly bytes: Buffer }
  /**
   * The client wants to connect: hold reading, decide, call `answerConnect`. What it said is in the `info` of the
   * session; `query` is the secret part of the app. `hello`: it says that it is a node of the same cluster; secret.
   */
  | {
      readonly kind: 'connectRequested';
      readonly requestId: number;
      readonly query: string;
      readonly hello?: NodeHello | undefined;
    }
  /** connect succeeded and is answered. `query` is the secret part of the app. */
  | ({ readonly kind: 'connected'; readonly query: string } & ConnectionInfo)
  /** Stop reading, decide, call `answerPublish`. `query` is secret. */
  | {
      readonly kind: 'publishRequested';
      readonly requestId: number;
      readonly messageStreamId: number;
      readonly app: string;
      readonly name: string;
      readonly query: string;
      readonly publishType: PublishType;
    }
  /**
   * Decide, call `answerPlay`. `start`: -2 live or recorded, -1 live only, else ms of a recorded stream; `duration` in
   * ms, -1: all. `container`: of the prefix of the name. `query` is secret.
   */
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
      readonly container?: 'mp4' | 'flv';
    }
  /** The client asks how long a recorded stream is: find out, call `answerCall` with the seconds. `query` is secret. */
  | {
      readonly kind: 'lengthRequested';
      readonly requestId: number;
      readonly app: string;
      readonly name: string;
      readonly query: string;
      readonly container?: 'mp4' | 'flv';
    }
  /**
   * The client calls a method that Sluice does not have. Decide, call `answerCall`; reading goes on meanwhile.
   * `object`: the command object, when it is one. At most 16 of a connection wait for an answer.
   */
  | {
      readonly kind: 'callRequested';
      readonly requestId: number;
      readonly messageStreamId: number;
      readonly method: string;
      readonly args: readonly AmfValue[];
      readonly object?: AmfObject;
      readonly wantsAnswer: boolean;
    }
  /** The answer to a `callClient`; `timeout` when the client has given none. `values`: what follows its object. */
  | {
      readonly kind: 'clientAnswered';
      readonly callId: number;
      readonly answer:
        | { readonly kind: 'result' | 'error'; readonly values: readonly AmfValue[] }
        | { readonly kind: 'timeout' };
    }
  /** A publish that was running, or one still waiting for its answer, was ended by the client. */
  | { readonly kind: 'publishStopped'; readonly messageStreamId: number; readonly reason: 'client_unpublish' }
  /** A play that was running, or one still waiting for its answer, was ended by the client. */
  | { readonly kind: 'playStopped'; readonly messageStreamId: number }
  | { readonly kind: 'pauseChanged'; readonly messageStreamId: number; readonly paused: boolean }
  /** A recorded stream goes on at another position, and was announced so. */
  | { readonly kind: 'seekRequested'; readonly messageStreamId: number; readonly positionMs: number }
  /** How much of a recorded stream the client wants to have in advance. */
  | { readonly kind: 'bufferChanged'; readonly messageStreamId: number; readonly bufferMs: number }
  | {
      readonly kind: 'receiveChanged';
      readonly messageStreamId: number;
      readonly audio?: boolean;
      readonly video?: boolean;
    }
  /**
   * A data message of a publishing stream. `payload`: as players get it, in a message of type `type`. `values`: what
   * follows the name.
   */
  | {
      readonly kind: 'data';
      readonly messageStreamId: number;
      readonly timestamp: number;
      readonly name: string;
      readonly type: number;
      readonly payload: Buffer;
      readonly values: readonly AmfValue[];
      /** Whether it came in an odd form and was normalised. */
      readonly isMended?: true;
    }
  /** A data message of a publishing stream that cannot be read within the limits. It is not passed on. */
  | { readonly kind: 'dataRefused'; readonly messageStreamId: number; readonly code: ErrorCode }
  /** The client has sent something about a shared object. `isAmf3`: in a message of type 16. */
  | { readonly kind: 'sharedObject'; readonly isAmf3: boolean; readonly message: SharedObjectMessage }
  /** A message that is neither passed on nor answered. */
  | { readonly kind: 'dropped'; readonly cause: DropCause }
  /** `@clearDataFrame`: forget the cached data message `name`. */
  | { readonly kind: 'dataCleared'; readonly messageStreamId: number; readonly name: string }
  /** The node of the cluster that plays on this message stream has so many players behind it. */
  | { readonly kind: 'audienceTold'; readonly messageStreamId: number; readonly players: number }
  /** Flush what was sent, then close the connection. `reason` is for logs and free of secrets. */
  | { readonly kind: 'close'; readonly code: ErrorCode; readonly reason: string };
