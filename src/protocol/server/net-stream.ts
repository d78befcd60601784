import type { ErrorCode } from '../../core/errors.js';
import type { AmfValue } from '../../wasm/amf-value.js';
import type { PlayRefusal, PublishRefusal, StatusCode } from '../messages/status.js';
import type { PublishType } from './actions.js';
import type { NetStreamState } from './transitions.js';

/** One NetStream of a connection. Its state changes through the transition table only. */
export class NetStream {
  readonly id: number;
  state: NetStreamState = 'idle';
  /** Of the publish or play that waits for its answer; 0 when none does. */
  requestId = 0;
  /** The name as the client sent it, cut at `?`; deleteStream from gst names the stream instead of its id. */
  requestedName = '';
  /** Whether Play.Reset belongs before Play.Start. */
  isReset = true;
  receivesAudio = true;
  receivesVideo = true;

  constructor(id: number) {
    this.id = id;
  }
}

/** What comes with a NetStream input; which fields are there follows from the input. */
export interface InputDetails {
  readonly publish?: {
    readonly requestedName: string;
    readonly app: string;
    readonly name: string;
    readonly query: string;
    readonly publishType: PublishType;
  };
  readonly play?: {
    readonly requestedName: string;
    readonly app: string;
    readonly name: string;
    readonly query: string;
    readonly start: number;
    readonly duration: number;
    readonly reset: boolean;
  };
  readonly refusal?: { readonly code: PublishRefusal | PlayRefusal; readonly description: string };
  readonly receive?: { readonly audio?: boolean; readonly video?: boolean };
  readonly data?: {
    readonly timestamp: number;
    readonly name: string;
    readonly type: number;
    readonly payload: Buffer;
    readonly values: readonly AmfValue[] | undefined;
    readonly isMended?: true;
  };
  readonly kick?: {
    readonly code: ErrorCode;
    readonly publishStatus: StatusCode;
    readonly playStatus: StatusCode;
    readonly description: string;
  };
}
