import type { AmfObject, AmfValue } from '../../../src/wasm/amf-value.js';
import { readAmf } from '../amf.js';
import { type WireMessage, WireReader } from '../rtmp-wire.js';

const CONTROL_NAMES: Readonly<Record<number, string>> = {
  1: 'Set Chunk Size',
  2: 'Abort',
  3: 'Acknowledgement',
  5: 'Window Ack Size',
  6: 'Set Peer Bandwidth',
};
const EVENT_NAMES: Readonly<Record<number, string>> = {
  0: 'StreamBegin',
  1: 'StreamEOF',
  3: 'SetBufferLength',
  4: 'StreamIsRecorded',
  6: 'Ping',
  7: 'Pong',
};

interface AnyAction {
  readonly kind: string;
}

/** Turns actions into one line each; what is sent becomes a line a message, with the message stream id after `@`. */
export class Transcript {
  readonly #decoder = new WireReader();

  lines(actions: readonly AnyAction[]): string[] {
    return actions.flatMap((action) => this.#describe(action));
  }

  /** The messages in `actions`, decoded. */
  messages(actions: readonly AnyAction[]): WireMessage[] {
    return actions.flatMap((action) => (isSend(action) ? this.#decoder.read(action.bytes) : []));
  }

  #describe(action: AnyAction): string[] {
    if (isSend(action)) return this.#decoder.read(action.bytes).map(describeMessage);
    const { kind, ...rest } = action as { kind: string; [key: string]: unknown };
    // ServerPeer.dropped tells of these.
    if (kind === 'dropped') return [];
    if (kind === 'connected') return [`! connected ${rest['app']}`];
    if (kind === 'close') return [`! close ${rest['code']}`];
    const values = Object.entries(rest)
      .filter(([key]) => !['payload', 'values', 'type', 'object'].includes(key))
      .map(([key, value]) => `${key}=${value}`);
    return [`! ${kind} ${values.join(' ')}`.trimEnd()];
  }
}

function isSend(action: AnyAction): action is { kind: 'send'; bytes: Buffer } {
  return action.kind === 'send';
}

function describeMessage(message: WireMessage): string {
  const { type, payload, messageStreamId } = message;
  if (type === 4) return `${EVENT_NAMES[payload.readUInt16BE(0)]} ${payload.readUInt32BE(2)}`;
  if (type <= 6) return `${CONTROL_NAMES[type]} ${payload.readUInt32BE(0)}`;
  if (type === 18) return `data@${messageStreamId} ${readAmf(payload).map(describeValue).join(' ')}`;
  const [name, transactionId, object, ...args] = readAmf(payload);
  const shown = [object, ...args].map(describeValue).filter((text) => text !== 'null');
  return `${name}(${transactionId})@${messageStreamId} ${shown.join(' ')}`.trimEnd();
}

function describeValue(value: AmfValue): string {
  if (value === null || typeof value !== 'object') return String(value);
  const object = value as AmfObject;
  if (object['level'] !== undefined) return `${object['level']} ${object['code']}`;
  return `{${Object.keys(object).join(',')}}`;
}
