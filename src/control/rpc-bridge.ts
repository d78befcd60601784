import { escapeToken } from '../core/escape.js';
import { newId } from '../core/ids.js';
import type { Logger } from '../core/log.js';
import { cleanText } from '../core/log-fields.js';
import { isWithinDepth, type JsonValue } from '../core/plain.js';

import type { RpcReply } from '../live/access.js';
import { callFailed, MAX_CALL_BYTES, MAX_CALL_DEPTH, type RpcBridge, type RpcCall } from '../live/rpc-bridge.js';
import type { NatsOutcome, NatsReply, NatsRequests } from '../nats/requests.js';

/** Settings of the bridge. */
interface RpcOptions {
  /** `events.prefix`. */
  readonly prefix: string;
  readonly nodeId: string;
  /** `rpc.timeoutMs`. */
  readonly timeoutMs: number;
  /** `rpc.maxPending`. */
  readonly maxPending: number;
}

/** Longest message that a client is told, in UTF-16 units. */
const MAX_MESSAGE = 256;
/** A code that a program may give; the client gets it as the code of a status. */
const CODE = /^[A-Za-z0-9_.-]{1,128}$/;

/** What a client is told when nobody has answered. */
const UNANSWERED: Readonly<Record<Exclude<NatsOutcome['kind'], 'reply'>, string>> = {
  no_responders: 'There is no such method: nobody answers it.',
  timeout: 'The method was not answered in time.',
  away: 'The method cannot be asked for now: NATS cannot be reached.',
  refused: 'The method cannot be asked for: NATS does not permit it.',
};

/**
 * What becomes of a call: its program answers with a result, with an error or with something that is neither
 * (`invalid`); nobody answers; or `overload`: too many wait, so that nobody is asked.
 */
type CallOutcome = RpcReply['kind'] | Exclude<NatsOutcome['kind'], 'reply'> | 'invalid' | 'overload';

/** Has calls of clients answered by whoever subscribes to `<prefix>.rpc.<app>.<method>`; docs/rpc.md has the format. */
export class NatsRpc implements RpcBridge {
  /** Calls so far, by what became of them; for `/metrics`. */
  readonly calls = new Map<CallOutcome, number>();
  readonly #options: RpcOptions;
  readonly #requests: NatsRequests;
  readonly #log: Logger;
  #pending = 0;

  constructor(options: RpcOptions, requests: NatsRequests, log: Logger) {
    this.#options = options;
    this.#requests = requests;
    this.#log = log;
  }

  /** Calls that wait for an answer. */
  get pending(): number {
    return this.#pending;
  }

  async call(call: RpcCall): Promise<RpcReply> {
    const { maxPending } = this.#options;
    if (this.#pending >= maxPending) {
      this.#count('overload');
      return callFailed('Too many calls wait for an answer.');
    }
    this.#pending++;
    try {
      return await this.#ask(call);
    } finally {
      this.#pending--;
    }
  }

  async #ask({ facts, principal, ...call }: RpcCall): Promise<RpcReply> {
    const { prefix, nodeId, timeoutMs } = this.#options;
    const { app, method } = call;
    const requestId = newId();
    const { connectionId, peer } = facts;
    const who = principal === undefined ? {} : { principal };
    const body = { v: 1, requestId, nodeId, connectionId, ...call, peer, ...who };
    const subject = [prefix, 'rpc', escapeToken(app), escapeToken(method)].join('.');
    const outcome = await this.#requests.request(subject, Buffer.from(JSON.stringify(body)), timeoutMs);
    if (outcome.kind !== 'reply') {
      this.#count(outcome.kind);
      return callFailed(UNANSWERED[outcome.kind]);
    }
    const reply = readReply(outcome.reply);
    this.#count(reply?.kind ?? 'invalid');
    if (reply !== undefined) return reply;
    this.#log.warn({ requestId, subject, bytes: outcome.reply.body.length }, 'the answer to a call cannot be used');
    return callFailed('The method was answered with something that cannot be used.');
  }

  #count(how: CallOutcome): void {
    this.calls.set(how, (this.calls.get(how) ?? 0) + 1);
  }
}

/** Reads `{"result": …}` or `{"error": {"code": …, "message": …}}`; undefined for anything else. */
function readReply({ body }: NatsReply): RpcReply | undefined {
  if (body.length > MAX_CALL_BYTES) return undefined;
  let answer: unknown;
  try {
    answer = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
  if (!isObject(answer)) return undefined;
  const { error } = answer;
  if (error === undefined) {
    const value = answer['result'] as JsonValue | undefined;
    return value !== undefined && isWithinDepth(value, MAX_CALL_DEPTH) ? { kind: 'result', value } : undefined;
  }
  if (!isObject(error)) return undefined;
  const { code = 'NetConnection.Call.Failed', message = '' } = error;
  if (typeof code !== 'string' || !CODE.test(code) || typeof message !== 'string') return undefined;
  return { kind: 'error', code, message: cleanText(message).slice(0, MAX_MESSAGE) };
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
