import type { Logger } from '../core/log.js';
import type { CallOfClient } from '../doors/client.js';
import type { Door } from '../doors/door.js';
import type { OpenRequest } from '../doors/requests.js';
import type { CallAnswer, ClientCall, ConnectionFacts, RpcReply } from '../live/access.js';
import { callFailed, MAX_CALL_BYTES } from '../live/rpc-bridge.js';
import type { RecordStatus } from '../model/recording.js';
import { amfOfJson, jsonOfAmf } from '../protocol/messages/amf-json.js';
import type { Action } from '../protocol/server/actions.js';
import type { CallReply } from '../protocol/server/calls.js';
import type { ServerSession } from '../protocol/server/session.js';

/** What the calls of a connection need of it. */
interface CallsOwner {
  readonly door: Door;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly facts: () => ConnectionFacts;
  /** The session; undefined during the handshake. */
  readonly session: () => ServerSession | undefined;
  /** Carries actions of the session out. Never throws. */
  readonly run: (work: () => readonly Action[]) => void;
}

/**
 * The calls of one connection, in both directions, until they are answered. Values are turned to JSON and back here.
 */
export class ConnectionCalls {
  readonly #owner: CallsOwner;
  /** Requests for answers to calls of the client. */
  readonly #asked = new Set<OpenRequest>();
  /** Calls to the client, by the id that its session knows. */
  readonly #sent = new Map<number, (answer: CallAnswer) => void>();
  #lastId = 0;

  constructor(owner: CallsOwner) {
    this.#owner = owner;
  }

  /**
   * Has a call of the client answered.
   *
   * @param of the stream and the play of its connection
   */
  ask(action: Extract<Action, { kind: 'callRequested' }>, of: Pick<ClientCall, 'streamId' | 'playId'>): void {
    const { requestId, method, args, object } = action;
    const answer = (reply: RpcReply): void =>
      this.#owner.run(() => this.#owner.session()!.answerCall(requestId, toldReply(reply)));
    const values = jsonOfAmf(object === undefined ? args : [object, ...args], MAX_CALL_BYTES);
    if (values === undefined) {
      answer(callFailed(`the arguments take more than ${MAX_CALL_BYTES} bytes as JSON, or are nested too deep`));
      return;
    }
    const facts = this.#owner.facts();
    const call: ClientCall = {
      ...{ app: facts.info?.app ?? '', ...of, method },
      ...(object === undefined ? { args: values } : { object: values[0], args: values.slice(1) }),
    };
    let open: OpenRequest | undefined;
    let isAnswered = false;
    open = this.#owner.door.call(facts, call, (reply) => {
      isAnswered = true;
      if (open !== undefined) this.#asked.delete(open);
      answer(reply);
    });
    if (!isAnswered) this.#asked.add(open);
  }

  /** Calls a method of the client. */
  call({ method, values, timeoutMs, answered }: CallOfClient): void {
    const id = ++this.#lastId;
    const args = amfOfJson(values);
    const deadlineMs = this.#owner.nowMs() + timeoutMs;
    let isSent = false;
    this.#sent.set(id, answered);
    this.#owner.run(() => {
      const actions = args && this.#owner.session()?.callClient(id, method, args, deadlineMs);
      isSent = actions !== undefined;
      return actions ?? [];
    });
    if (!isSent) this.#answered(id, { kind: 'gone' });
  }

  /** Tells the client what becomes of the recording of a publish. */
  tellRecord(messageStreamId: number, status: RecordStatus, description: string): void {
    this.#owner.run(() => this.#owner.session()?.recordStatus(messageStreamId, status, description) ?? []);
  }

  /** The client has answered, or its time is over. */
  answered({ callId, answer }: Extract<Action, { kind: 'clientAnswered' }>): void {
    if (answer.kind === 'timeout') {
      this.#answered(callId, answer);
      return;
    }
    const values = jsonOfAmf(answer.values, MAX_CALL_BYTES);
    if (values !== undefined) this.#answered(callId, { kind: answer.kind, values });
    else this.#answered(callId, { kind: 'error', values: [`the answer takes more than ${MAX_CALL_BYTES} bytes`] });
  }

  /** The connection is over: no answer is needed, and none comes. */
  end(): void {
    for (const open of this.#asked) open.withdraw('client_closed', 'client_closed');
    this.#asked.clear();
    for (const id of [...this.#sent.keys()]) this.#answered(id, { kind: 'gone' });
  }

  #answered(id: number, answer: CallAnswer): void {
    const answered = this.#sent.get(id);
    this.#sent.delete(id);
    answered?.(answer);
  }
}

/** An answer as the session tells it to the client. */
function toldReply(reply: RpcReply): CallReply {
  if (reply.kind === 'error') return { kind: 'error', code: reply.code, description: reply.message };
  const value = amfOfJson([reply.value]);
  if (value !== undefined) return { kind: 'result', value: value[0] };
  return { kind: 'error', code: 'NetConnection.Call.Failed', description: 'the answer is nested too deep' };
}
