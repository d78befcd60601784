import type { ClientCall, ConnectionFacts, RpcReply } from './access.js';

/** A call of a client, for a program that answers it. */
export interface RpcCall extends ClientCall {
  readonly facts: ConnectionFacts;
  /** Who publishes on the connection; undefined when nobody does. */
  readonly principal: string | undefined;
}

/** Passes calls of clients on to programs. */
export interface RpcBridge {
  /** It never rejects but for a defect, and always answers, be it that nobody did. */
  call(call: RpcCall): Promise<RpcReply>;
}

/** What a client is told whose call could not be answered. */
export function callFailed(message: string): RpcReply {
  return { kind: 'error', code: 'NetConnection.Call.Failed', message };
}

/** Most bytes of the arguments of a call, of its answer, and of what is sent to a client, as JSON text. */
export const MAX_CALL_BYTES = 65_536;

/** Most levels of lists and objects in them. */
export const MAX_CALL_DEPTH = 32;
