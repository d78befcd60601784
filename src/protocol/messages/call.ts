import type { AmfObject, AmfValue } from '../../wasm/amf-value.js';
import type { SessionCore } from '../server/session-core.js';
import type { AmfInput } from './amf0-writer.js';
import { readScalars } from './amf3-scalars.js';
import { MessageType } from './message-types.js';
import { command, type StatusCode, statusInfo } from './status.js';

/** The parts of a command message. */
export interface Call {
  readonly name: string;
  /** 0 means that no reply is wanted. A value that is no finite number counts as 0. */
  readonly transactionId: number;
  readonly messageStreamId: number;
  /** The command object, `undefined` when it is null, missing or no object. */
  readonly object: AmfObject | undefined;
  /** What follows the command object. */
  readonly args: readonly AmfValue[];
}

/** Handles a command. Replies and actions go into the core. */
export type CommandHandler = (core: SessionCore, call: Call) => void;

const MAX_SALVAGED_NAME_BYTES = 64;

/** Whether a value is a key-value object; arrays and dates are not. */
export function isAmfObject(value: AmfValue): value is AmfObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Takes the values of a command message apart; `undefined` when the first is not a string. */
export function readCall(values: readonly AmfValue[], messageStreamId: number): Call | undefined {
  const [name, transactionId, object, ...args] = values;
  if (typeof name !== 'string') return undefined;
  return {
    name,
    transactionId: typeof transactionId === 'number' && Number.isFinite(transactionId) ? transactionId : 0,
    messageStreamId,
    object: isAmfObject(object) ? object : undefined,
    args,
  };
}

/**
 * Reads a command whose AMF0 as a whole is refused. All of it is read when it consists of simple values, AMF3 ones
 * included; else its name and transaction id, so that its caller gets an answer.
 *
 * @param type 20, or 17 with its leading zero byte
 * @param payload borrowed until return
 * @returns the call, and whether it is complete; undefined when not even the name can be read
 */
export function salvageCall(
  type: number,
  payload: Uint8Array,
  messageStreamId: number,
): { readonly call: Call; readonly complete: boolean } | undefined {
  const { values, complete } = readScalars(payload, type === MessageType.CommandAmf3 ? 1 : 0);
  const call = readCall(values, messageStreamId);
  if (call === undefined || Buffer.byteLength(call.name) > MAX_SALVAGED_NAME_BYTES) return undefined;
  return { call, complete };
}

/** Answers with `_result` and these values after the transaction id; nothing when no reply is wanted. */
export function replyResult(core: SessionCore, call: Call, ...values: readonly AmfInput[]): void {
  if (call.transactionId !== 0) {
    core.send(command(call.messageStreamId, '_result', call.transactionId, ...values));
  }
}

/** Answers with `_error` and a status; nothing when no reply is wanted. @returns whether it was answered */
export function replyError(
  core: SessionCore,
  call: Call,
  description: string,
  code: StatusCode = 'NetConnection.Call.Failed',
): boolean {
  if (call.transactionId === 0) return false;
  core.send(command(call.messageStreamId, '_error', call.transactionId, null, { ...statusInfo(code, description) }));
  return true;
}

/** A string argument: `''` when missing, null or undefined, `undefined` when of another type. */
export function stringArgument(value: AmfValue): string | undefined {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : undefined;
}
