import type { Clock } from '../../core/clock.js';
import { readBody } from '../../core/json-body.js';
import { type Problem, problemOf } from '../../core/problem.js';
import { MAX_HEADER_BYTES, MAX_HEADERS, UNREADABLE_HEADERS } from '../../nats/message-guard.js';
import { refusalHeaders } from '../../nats/micro-service.js';
import type { NatsMessage } from '../../nats/requests.js';
import { type Dispatcher, isRequestId, type Outcome } from '../dispatcher.js';
import type { Level, Operation } from '../operation.js';
import { isVerb, OPERATIONS } from '../operations.js';
import type { Facts, RequestContext } from '../ports.js';
import { HEADERS } from './subjects.js';

/** Who asked, where nobody said: what a client may do is decided by the permissions of its NATS user. */
const NO_ACTOR = 'nats';
/** What an actor may be called; anything else is told as {@link NO_ACTOR}. */
const ACTOR = /^[\p{L}\p{N} ._:@/+-]{1,128}$/u;

/** What carries operations out. */
export type Dispatch = Pick<Dispatcher, 'run'>;

/** What a request over NATS came to. */
interface Answered {
  readonly tookMs: number;
  /** The refusal; undefined: it was carried out. */
  readonly problem: Problem | undefined;
}

/** Turns messages into operations, and what becomes of them into answers. */
export class ControlDoor {
  readonly #dispatch: Dispatch;
  readonly #clock: Clock;
  readonly #nodeId: string;

  constructor(dispatch: Dispatch, clock: Clock, nodeId: string) {
    this.#dispatch = dispatch;
    this.#clock = clock;
    this.#nodeId = nodeId;
  }

  /**
   * Carries out what a message asks for and answers it. It never rejects.
   *
   * @param level of the subject. An operation is carried out only where it belongs, because the permissions of a NATS
   *   user are subjects: who may ask all nodes for lists may not drain all of them
   * @param named members of the input that the subject says
   */
  async take(message: NatsMessage, level: Level, verb: string, named: Facts): Promise<Answered> {
    const beganMs = this.#clock.monotonicMs();
    const read = readRequest(message, level, verb, named);
    let outcome: Outcome;
    if ('problem' in read) {
      outcome = { ok: false, problem: read.problem };
      this.#reply(message, outcome);
    } else {
      outcome = await this.#carryOut(message, verb, read);
    }
    return { tookMs: this.#clock.monotonicMs() - beganMs, problem: outcome.ok ? undefined : outcome.problem };
  }

  /** A list for which the server has no room in one message is made again with half of its items, and a cursor. */
  async #carryOut(message: NatsMessage, verb: string, { input, context }: Request): Promise<Outcome> {
    let outcome = await this.#dispatch.run(verb, input, context);
    let limit = isList(verb) ? pageSizeOf(outcome) : 0;
    while (!this.#reply(message, outcome) && message.wantsReply && limit > 1) {
      limit = Math.ceil(limit / 2);
      outcome = await this.#dispatch.run(verb, { ...input, limit }, context);
    }
    return outcome;
  }

  #reply(message: NatsMessage, outcome: Outcome): boolean {
    const body = Buffer.from(JSON.stringify(outcome.ok ? outcome.answer : outcome.problem));
    const headers = { [HEADERS.nodeId]: this.#nodeId };
    if (outcome.ok) return message.reply(body, headers);
    return message.reply(body, { ...headers, ...refusalHeaders(outcome.problem) });
  }
}

/** A request as it was read. */
interface Request {
  readonly input: Facts;
  readonly context: RequestContext;
}

function readRequest(
  message: NatsMessage,
  level: Level,
  verb: string,
  named: Facts,
): Request | { readonly problem: Problem } {
  const header = headersOf(message);
  const requestId = header(HEADERS.requestId);
  const refuse = (pointer: string, expected: string, got: string): { readonly problem: Problem } => {
    const detail = `${pointer === '' ? '' : `${pointer}: `}${expected} was expected, not ${got}`;
    const instance = requestId === undefined || !isRequestId(requestId) ? {} : { instance: requestId };
    return { problem: problemOf('ERR_CTL_BAD_REQUEST', detail, { errors: [{ pointer, expected, got }], ...instance }) };
  };
  // Without its headers a request would be carried out twice, or too late.
  if (header(UNREADABLE_HEADERS) !== undefined)
    return refuse('', `at most ${MAX_HEADERS} headers in ${MAX_HEADER_BYTES} bytes`, 'headers that cannot be read');
  const verbs = verbsAt(level);
  if (!verbs.includes(verb)) return refuse('', `one of ${verbs.join(', ')}`, 'another operation');
  const deadline = header(HEADERS.deadline);
  if (deadline !== undefined && !/^\d{1,15}$/.test(deadline))
    return refuse('/deadline', 'a Unix time in ms', 'another text');
  const body = readBody(message.body);
  if ('error' in body) return refuse('', body.error.expected, body.error.got);
  for (const [key, value] of Object.entries(named)) {
    if (Object.hasOwn(body.value, key) && body.value[key] !== value)
      return refuse(`/${key}`, 'what the subject says', 'another value');
  }
  const actor = header(HEADERS.actor);
  const context: RequestContext = {
    ...(requestId === undefined ? {} : { requestId }),
    isFromBus: true,
    ...(level === 'all' ? { isForAll: true } : {}),
    actor: actor !== undefined && ACTOR.test(actor) ? actor : NO_ACTOR,
    ...(deadline === undefined ? {} : { deadlineMs: Number(deadline) }),
  };
  return { input: { ...body.value, ...named }, context };
}

/** The operations that are asked for on subjects of a level. */
function verbsAt(level: Level): string[] {
  const operations: [string, Operation][] = Object.entries(OPERATIONS);
  return operations.filter(([, { levels }]) => levels.includes(level)).map(([verb]) => verb);
}

function headersOf({ headers }: NatsMessage): (name: string) => string | undefined {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()]));
  return (name) => lower.get(name.toLowerCase());
}

function isList(verb: string): boolean {
  return isVerb(verb) && Object.hasOwn(OPERATIONS[verb].body, 'limit');
}

/** How many items a page has; 0: it is none. */
function pageSizeOf(outcome: Outcome): number {
  if (!outcome.ok) return 0;
  return Object.values(outcome.answer).reduce<number>(
    (most, value) => (Array.isArray(value) ? Math.max(most, value.length) : most),
    0,
  );
}
