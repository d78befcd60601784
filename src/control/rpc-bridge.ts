import type { Clock } from '../core/clock.js';
import { escapeToken } from '../core/escape.js';
import { newId } from '../core/ids.js';
import type { Logger } from '../core/log.js';
import { cleanText } from '../core/log-fields.js';
import { isWithinDepth, type JsonValue } from '../core/plain.js';
import { KeyedBuckets, type Rate } from '../core/token-bucket.js';
import type { RpcReply } from '../live/access.js';
import { callFailed, MAX_CALL_BYTES, MAX_CALL_DEPTH, type RpcBridge, type RpcCall } from '../live/rpc-bridge.js';
import { toldEnd } from '../live/told-end.js';
import type { NatsOutcome, NatsReply, NatsRequests } from '../nats/requests.js';

/** Bounds of calls, which can change while the server runs. */
export interface RpcOptions {
  /** `rpc.timeoutMs`. */
  readonly timeoutMs: number;
  /** `rpc.maxPending`. */
  readonly maxPending: number;
  /** `rpc.callsPerSecond`: of one connection, beyond two seconds' worth at once; 0: no limit. */
  readonly callsPerSecond: number;
}

/** What the bridge is made with. */
interface RpcDeps {
  /** `events.prefix`. */
  readonly prefix: string;
  readonly nodeId: string;
  readonly requests: NatsRequests;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
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
 * (`invalid`); nobody answers; or nobody is asked, since the connection calls too often (`rate`) or too many calls wait
 * (`overload`).
 */
type CallOutcome = RpcReply['kind'] | Exclude<NatsOutcome['kind'], 'reply'> | 'invalid' | 'rate' | 'overload';

/** Has calls of clients answered by whoever subscribes to `<prefix>.rpc.<app>.<method>`; docs/rpc.md has the format. */
export class NatsRpc implements RpcBridge {
  /** Calls so far, by what became of them; for `/metrics`. */
  readonly calls = new Map<CallOutcome, number>();
  readonly #deps: RpcDeps;
  /** Of each connection, by its id. */
  readonly #rates: KeyedBuckets;
  #options: RpcOptions;
  #pending = 0;

  constructor(options: RpcOptions, deps: RpcDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#rates = new KeyedBuckets(rateOf(options));
  }

  /** Other bounds hold for calls that come. */
  change(options: RpcOptions): void {
    this.#options = options;
    this.#rates.change(rateOf(options));
  }

  /** Calls that wait for an answer. */
  get pending(): number {
    return this.#pending;
  }

  async call(call: RpcCall): Promise<RpcReply> {
    const { maxPending } = this.#options;
    if (!this.#rates.take(call.facts.connectionId, this.#deps.clock.monotonicMs())) {
      this.#count('rate');
      return callFailed(toldEnd('ERR_LIMIT_CALL_RATE'));
    }
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
    const { prefix, nodeId, requests, log } = this.#deps;
    const { app, method } = call;
    const requestId = newId();
    const { connectionId, peer } = facts;
    const who = principal === undefined ? {} : { principal };
    const body = { v: 1, requestId, nodeId, connectionId, ...call, peer, ...who };
    const subject = [prefix, 'rpc', escapeToken(app), escapeToken(method)].join('.');
    const outcome = await requests.request(subject, Buffer.from(JSON.stringify(body)), this.#options.timeoutMs);
    if (outcome.kind !== 'reply') {
      this.#count(outcome.kind);
      return callFailed(UNANSWERED[outcome.kind]);
    }
    const reply = readReply(outcome.reply);
    this.#count(reply?.kind ?? 'invalid');
    if (reply !== undefined) return reply;
    log.warn({ requestId, subject, bytes: outcome.reply.body.length }, 'the answer to a call cannot be used');
    return callFailed('The method was answered with something that cannot be used.');
  }

  #count(how: CallOutcome): void {
    this.calls.set(how, (this.calls.get(how) ?? 0) + 1);
  }
}

/** Two seconds' worth at once. */
function rateOf({ callsPerSecond }: RpcOptions): Rate {
  return { burst: 2 * callsPerSecond, perSecond: callsPerSecond };
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
