import type { ErrorCode } from '../../core/errors.js';
import type { NodeHello, NodeWelcome } from '../../model/node-link.js';
import type { PublishType } from '../../model/recording.js';
import type { AmfObject, AmfValue } from '../../wasm/amf-value.js';
import type { AmfInput } from '../messages/amf0-writer.js';
import { isAmfObject } from '../messages/call.js';
import type { SharedObjectMessage } from '../shared-objects/message.js';

/** Settings of a client session. */
export interface ClientSessionOptions {
  /** `objects`: neither; once connected it exchanges messages about shared objects. */
  readonly mode: 'publish' | 'play' | 'objects';
  /** App as it is sent, query included if the server wants one. */
  readonly app: string;
  /** The URL up to the app, app included. */
  readonly tcUrl: string;
  /** Stream name, query included. Secret. */
  readonly name: string;
  readonly publishType?: PublishType;
  readonly flashVer?: string;
  /** Bytes per chunk we write after connect. */
  readonly chunkSize?: number;
  /** The acknowledgement window that the server is asked to use when playing. */
  readonly windowAckBytes?: number;
  /** From `start` until publishing or playing. */
  readonly timeoutMs?: number;
  /** Start argument of play; -2000, as ffmpeg and librtmp send it, means live or recorded. */
  readonly playStart?: number;
  /** Buffer announced when playing. */
  readonly bufferMs?: number;
  /** More properties for the connect object, such as `capsEx` and the FourCC maps of Enhanced RTMP. */
  readonly connectExtras?: { readonly [key: string]: AmfInput };
  /** A node of a cluster says so to another one, from which it fetches a stream. */
  readonly hello?: NodeHello | undefined;
}

/** What the owner of a client session has to do or may want to know, in order. */
export type ClientAction =
  | { readonly kind: 'send'; readonly bytes: Buffer }
  /** Connect was accepted by another node of the cluster. An ordinary server is not told of so. */
  | { readonly kind: 'welcomed'; readonly node: NodeWelcome }
  /** Publishing or playing has begun, or begun again after `ended`. */
  | { readonly kind: 'ready'; readonly messageStreamId: number }
  /** Any onStatus, before what follows from it. */
  | { readonly kind: 'status'; readonly level: string; readonly code: string; readonly description: string }
  /**
   * The server refused before it began. `redirect` is where it sends the client instead (`ex.redirect`). A `close`
   * follows.
   */
  | { readonly kind: 'rejected'; readonly code: string; readonly description: string; readonly redirect?: string }
  /** The server ended the stream. The connection stays until one side closes it. */
  | { readonly kind: 'ended'; readonly code: string; readonly description: string }
  /**
   * Enhanced RTMP: connect again, to `tcUrl` (may be relative) when there is one; the old connection goes on meanwhile.
   */
  | { readonly kind: 'reconnectRequested'; readonly tcUrl?: string }
  /** A data message of the played stream. `payload` is AMF0, transferred; `values` is what follows the name. */
  | {
      readonly kind: 'data';
      readonly timestamp: number;
      readonly name: string;
      readonly payload: Buffer;
      readonly values: readonly AmfValue[];
    }
  /** The server has sent something about a shared object. */
  | { readonly kind: 'sharedObject'; readonly message: SharedObjectMessage }
  /** Flush, then close. No code: it was asked for with `stop`. */
  | { readonly kind: 'close'; readonly code: ErrorCode | undefined; readonly reason: string };

const MAX_STATUS_CHARACTERS = 1024;

/** The information object of an onStatus, onPlayStatus or `_error`, as read. */
export interface ClientStatus {
  readonly level: string;
  readonly code: string;
  readonly description: string;
  readonly redirect?: string;
}

/** Reads an information object; what is missing or no string becomes level `status` and empty text. */
export function readStatus(object: AmfObject | undefined): ClientStatus {
  const ex = object?.['ex'];
  const redirect = isAmfObject(ex) ? ex['redirect'] : undefined;
  return {
    level: text(object?.['level'], 'status'),
    code: text(object?.['code'], ''),
    description: text(object?.['description'], ''),
    ...(typeof redirect === 'string' ? { redirect } : {}),
  };
}

function text(value: AmfValue, otherwise: string): string {
  return typeof value === 'string' ? value.slice(0, MAX_STATUS_CHARACTERS) : otherwise;
}
