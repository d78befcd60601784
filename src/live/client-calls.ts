import { isWithinDepth, type PlainValue } from '../core/plain.js';
import type { ByteSide, CallAnswer, ClientOf, ConnectionFacts } from './access.js';
import type { Done } from './live-control.js';
import { MAX_CALL_BYTES, MAX_CALL_DEPTH } from './rpc-bridge.js';

/** The bit of `capsEx` for clients that understand a request to connect again (Enhanced RTMP v2). */
const CAPS_RECONNECT = 1;

/** Handlers of data messages that say what the stream is; players would take what the operator sends for it. */
const OF_THE_STREAM: ReadonlySet<string> = new Set([
  'onMetaData',
  '@setDataFrame',
  'setDataFrame',
  '@clearDataFrame',
  '|RtmpSampleAccess',
]);

/** The parts of the fact side that these commands need. */
interface ClientCallsParts {
  readonly bytes: ByteSide;
  /** Streams that have not ended, by id. */
  readonly streams: {
    get(streamId: string): { readonly facts: ConnectionFacts; readonly suspended: boolean } | undefined;
  };
  readonly plays: { play(playId: string): object | undefined };
}

/** What is sent to the clients of running streams and plays: data messages, calls, requests to connect again. */
export class ClientCalls {
  readonly #parts: ClientCallsParts;
  /** Those that wait for the answer of a client, by the id of the order. */
  readonly #waiting = new Map<number, (answer: CallAnswer) => void>();
  #lastId = 0;

  constructor(parts: ClientCallsParts) {
    this.#parts = parts;
  }

  /** Asks the publisher of a stream to connect again: see `LiveControl`. */
  reconnect(streamId: string, tcUrl: string | undefined, reason: string): Done | 'unsupported' {
    const stream = this.#parts.streams.get(streamId);
    if (stream === undefined) return 'unknown';
    // Nobody is there to be asked, and who comes back has connected again.
    if (stream.suspended) return 'already';
    if (((stream.facts.info?.capsEx ?? 0) & CAPS_RECONNECT) === 0) return 'unsupported';
    this.#parts.bytes.order({ kind: 'requestReconnect', of: { streamId }, tcUrl, description: reason });
    return 'done';
  }

  /**
   * Sends a data message to the players of a stream: see `LiveControl`.
   *
   * @returns `refused` when the handler is one that says what the stream is, or the values are too many
   */
  send(streamId: string, handler: string, values: readonly PlainValue[]): Done | 'refused' {
    if (this.#parts.streams.get(streamId) === undefined) return 'unknown';
    if (OF_THE_STREAM.has(handler) || !areSendable(values)) return 'refused';
    this.#parts.bytes.order({ kind: 'sendData', streamId, handler, values });
    return 'done';
  }

  /** Calls a method of a client: see `LiveControl`. Values that are too many are answered with an error. */
  async call(
    of: ClientOf,
    method: string,
    values: readonly PlainValue[],
    timeoutMs: number,
  ): Promise<CallAnswer | 'unknown'> {
    const { streams, plays, bytes } = this.#parts;
    const found = 'streamId' in of ? streams.get(of.streamId) : plays.play(of.playId);
    if (found === undefined) return 'unknown';
    if (!areSendable(values)) {
      const problem = `the values take more than ${MAX_CALL_BYTES} bytes as JSON, or are nested too deep`;
      return { kind: 'error', values: [problem] };
    }
    const callId = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(callId, resolve);
      bytes.order({ kind: 'callClient', callId, of, method, values, timeoutMs });
    });
  }

  /** The byte side reports the answer to a call. */
  answered(callId: number, answer: CallAnswer): void {
    this.#waiting.get(callId)?.(answer);
    this.#waiting.delete(callId);
  }
}

/** Whether values may be sent to a client: as JSON at most 64 KiB, each nested at most 32 deep. */
function areSendable(values: readonly PlainValue[]): boolean {
  return isWithinDepth(values, MAX_CALL_DEPTH + 1) && Buffer.byteLength(JSON.stringify(values)) <= MAX_CALL_BYTES;
}
