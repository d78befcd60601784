import type { SluiceError } from '../../core/errors.js';
import { type AmfObject, type AmfValue, isAmfObject } from '../../wasm/amf-value.js';
import { AmfRefusal } from '../../wasm/errors.js';
import type { SessionCore } from '../server/session-core.js';
import type { AmfInput } from './amf0-writer.js';
import { command, type StatusCode, statusInfo } from './status.js';

export { isAmfObject } from '../../wasm/amf-value.js';

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
 * The name and the transaction id of a command whose values as a whole are refused, so that its caller gets an answer.
 *
 * @returns undefined when not even the name can be read
 */
export function salvageCall(refusal: SluiceError, messageStreamId: number): Call | undefined {
  const call = refusal instanceof AmfRefusal ? readCall(refusal.head, messageStreamId) : undefined;
  return call === undefined || Buffer.byteLength(call.name) > MAX_SALVAGED_NAME_BYTES ? undefined : call;
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
