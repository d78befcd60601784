import { type AmfInput, writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';
import type { InboundMessage } from '../../../src/protocol/messages/inbound-message.js';
import { AmfScanner } from '../../../src/wasm/amf-scanner.js';
import type { AmfValue } from '../../../src/wasm/amf-value.js';
import { readAmf } from '../amf.js';

const scanner = new AmfScanner();

/** A message as the chunk codec would hand it out. */
export function inbound(type: number, messageStreamId: number, payload: Uint8Array, timestamp = 0): InboundMessage {
  const isAmf3 = type === 17 || type === 15;
  return {
    type,
    timestamp,
    messageStreamId,
    payload,
    readAmf0: () => valuesOf(isAmf3 ? payload.subarray(1) : payload),
  };
}

function valuesOf(bytes: Uint8Array): AmfValue[] {
  try {
    return readAmf(bytes);
  } catch (error) {
    // What the codec says of bytes that it refuses, too, and what it has read before.
    scanner.scan(bytes);
    throw error;
  }
}

/** A type 20 command. */
export function commandMessage(messageStreamId: number, ...values: AmfInput[]): InboundMessage {
  return inbound(20, messageStreamId, writeAmf0(...values));
}

/** A type 18 data message. */
export function dataMessage(messageStreamId: number, timestamp: number, ...values: AmfInput[]): InboundMessage {
  return inbound(18, messageStreamId, writeAmf0(...values), timestamp);
}

/** Bytes of annotated hex: blanks and `|` are there for the reader. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replace(/[\s|]/g, ''), 'hex');
}

/** A big-endian u32 payload, and more bytes behind it. */
export function u32(value: number, ...more: number[]): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return Buffer.concat([bytes, Buffer.from(more)]);
}

/** A user control payload of 6 bytes. */
export function userControl(event: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([0, event]), u32(value)]);
}
