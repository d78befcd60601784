import type { Msg } from '../../nats/connection.js';

/** One stored message as a consumer delivers it. */
export interface Delivery {
  /** Subject that it is stored under. */
  readonly subject: string;
  /** The message's bytes; immutable shared. */
  readonly data: Uint8Array;
  /** Its position in the stream: 1, 2, 3 … for the life of the stream. */
  readonly position: number;
  /** 1, 2, 3 … for each consumer. A number that is left out is a message that was lost on its way. */
  readonly ordinal: number;
  /** Messages of the consumer that were still to come when it was sent. */
  readonly pending: number;
  /** Where acknowledgements go. */
  readonly reply: string;
}

/** Tokens of `$JS.ACK.<stream>.<consumer>.<times>.<position>.<ordinal>.<time>.<pending>`. */
const SHORT_REPLY_TOKENS = 9;
/** Newer servers put domain and account hash behind `$JS.ACK`, and may add tokens at the end. */
const LONG_REPLY_TOKENS = 11;

/**
 * Reads the facts in the reply subject of a consumer's message.
 *
 * @returns `undefined` when it is no delivery of a consumer
 */
export function deliveryOf(message: Msg): Delivery | undefined {
  const reply = message.reply ?? '';
  const tokens = reply.split('.');
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return undefined;
  const at = tokens.length >= LONG_REPLY_TOKENS ? 7 : tokens.length === SHORT_REPLY_TOKENS ? 5 : -1;
  if (at < 0) return undefined;
  const [position, ordinal, , pending] = tokens.slice(at, at + 4).map(Number);
  if (!Number.isSafeInteger(position) || !Number.isSafeInteger(ordinal)) return undefined;
  return { subject: message.subject, data: message.data, position, ordinal, pending: pending || 0, reply };
}

const decoder = new TextDecoder();

/** The text of a message. */
export function textOf(delivery: Delivery): string {
  return decoder.decode(delivery.data);
}
