import { SluiceError } from '../../core/errors.js';
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
  /** All AMF values of the payload, AMF0 or AMF3; throws when they break the codec's limits or rules. */
  readAmf0(): AmfValue[];
}

/** The message's AMF values, or why the codec refuses them. Bad bytes of a peer are no exception here. */
export function valuesOrRefusal(message: InboundMessage): AmfValue[] | SluiceError {
  try {
    return message.readAmf0();
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
}

/** As {@link valuesOrRefusal}, `undefined` instead of the refusal. */
export function readValues(message: InboundMessage): AmfValue[] | undefined {
  const values = valuesOrRefusal(message);
  return Array.isArray(values) ? values : undefined;
}
