import { type ErrorCode, SluiceError } from '../../core/errors.js';
import type { AmfValue } from '../../wasm/amf-value.js';

/**
 * One message that is no media, as the chunk codec hands it out. Everything in it is borrowed until `message` returns.
 */
export interface InboundMessage {
  readonly type: number;
  /** Milliseconds, u32. */
  readonly timestamp: number;
  readonly messageStreamId: number;
  readonly payload: Uint8Array;
  /** All AMF values of the payload; throws when they break the codec's limits or rules. */
  readAmf0(): AmfValue[];
}

/**
 * The message's AMF values, or the code with which the codec refuses them. Bad bytes of a peer are no exception here.
 */
export function valuesOrCode(message: InboundMessage): AmfValue[] | ErrorCode {
  try {
    return message.readAmf0();
  } catch (error) {
    if (error instanceof SluiceError) return error.code;
    throw error;
  }
}

/** As {@link valuesOrCode}, `undefined` instead of the code. */
export function readValues(message: InboundMessage): AmfValue[] | undefined {
  const values = valuesOrCode(message);
  return typeof values === 'string' ? undefined : values;
}
