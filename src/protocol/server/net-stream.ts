import type { PublishType } from '../../model/recording.js';
import type { PlayRefusal, PublishRefusal } from '../../model/refusals.js';
import type { AmfValue } from '../../wasm/amf-value.js';
import type { StatusCode } from '../messages/status.js';
import type { NetStreamInput, NetStreamState } from './transitions.js';

/** One NetStream of a connection. Its state changes through the transition table only. */
export class NetStream {
  readonly id: number;
  state: NetStreamState = 'idle';
  /** Id of the publish or play that waits for its answer; 0 when none does. */
  requestId = 0;
  /**
   * The name as the client sent it, cut at `?`. deleteStream from gst gives the name of the stream instead of its id.
   */
  requestedName = '';
  /** Whether Play.Reset is sent before Play.Start. */
  isReset = true;
  /** Whether what plays is a file, which can seek and has an end. */
  isRecorded = false;
  /** How much the client wants to have in advance, in ms (SetBufferLength); undefined: it has not said. */
  bufferMs: number | undefined;
  receivesAudio = true;
  receivesVideo = true;

  constructor(id: number) {
    this.id = id;
  }
}

interface Refusal<Status> {
  readonly code: Status;
  readonly description: string;
  readonly redirectUrl?: string;
}

/** An input of a NetStream with its details. Inputs without details are in the last line. */
export type InputDetails =
  | {
      readonly input: 'publish';
      readonly requestedName: string;
      readonly app: string;
      readonly name: string;
      readonly query: string;
      readonly publishType: PublishType;
    }
  | {
      readonly input: 'play';
      readonly requestedName: string;
      readonly app: string;
      readonly name: string;
      readonly query: string;
      readonly start: number;
      readonly duration: number;
      readonly reset: boolean;
      readonly container?: 'mp4' | 'flv';
    }
  | { readonly input: 'play_accepted'; readonly isRecorded: boolean }
  | { readonly input: 'seek'; readonly positionMs: number }
  | { readonly input: 'play_completed'; readonly seconds: number; readonly bytes: number }
  | ({ readonly input: 'publish_rejected' } & Refusal<PublishRefusal>)
  | ({ readonly input: 'play_rejected' } & Refusal<PlayRefusal>)
  | { readonly input: 'receive'; readonly audio?: boolean; readonly video?: boolean }
  | {
      readonly input: 'data';
      readonly timestamp: number;
      readonly name: string;
      readonly type: number;
      readonly payload: Buffer;
      readonly values: readonly AmfValue[];
      readonly isMended?: true;
    }
  | { readonly input: 'kick'; readonly status: StatusCode; readonly description: string }
  | { readonly input: PlainInput };

/** Inputs that nothing comes with. */
export type PlainInput = Exclude<
  NetStreamInput,
  | 'publish'
  | 'play'
  | 'play_accepted'
  | 'seek'
  | 'play_completed'
  | 'publish_rejected'
  | 'play_rejected'
  | 'receive'
  | 'data'
  | 'kick'
>;
