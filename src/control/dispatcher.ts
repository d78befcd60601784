import { createHash } from 'node:crypto';
import { describe } from '../core/check-input.js';
import { type ErrorCode, SluiceError } from '../core/errors.js';
import { type Problem, problemOf, statusOf } from '../core/problem.js';
import { within } from '../core/within.js';
import { targetOf } from './audit.js';
import { gatherList } from './cluster-lists.js';
import { HANDLERS } from './handlers.js';
import { Idempotency } from './idempotency.js';
import { isVerb, OPERATIONS, type Verb } from './operations.js';
import { type Facts, type Ports, RefusedElsewhere, type RequestContext } from './ports.js';
import { checkInput } from './validate.js';

/** Most requests at once. */
const MOST_IN_FLIGHT = 64;
/** Most requests at once that were sent again and wait for what the first one began. */
const MOST_WAITING = 4096;
/** Longest time that a request without a deadline is waited for, in ms. */
const LONGEST_MS = 30_000;

/** What became of a request. */
export type Outcome = { readonly ok: true; readonly answer: Facts } | { readonly ok: false; readonly problem: Problem };

/** A request that has an id, of the caller or made here. */
type Identified = RequestContext & { readonly requestId: string };

/** An operation with its input, defaults filled in. */
interface Valid {
  readonly verb: Verb;
  readonly input: Facts;
}

type Checked = { readonly problem: Problem } | Valid;

type Handler = (ports: Ports, input: Facts, context: RequestContext) => Promise<Facts>;

/** Carries out operations: the one place behind HTTP, NATS and the command line. */
export class Dispatcher {
  readonly #ports: Ports;
  readonly #idempotency: Idempotency<Outcome>;
  #inFlight = 0;
  /** Requests that wait for what another one has begun. */
  #waiting = 0;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#idempotency = new Idempotency(() => ports.clock.monotonicMs());
  }

  /** Bytes of answers that are kept for requests that are sent again, about. */
  get heldBytes(): number {
    return this.#idempotency.heldBytes;
  }

  /**
   * Carries out one operation. It never rejects. A mutation that the caller has given an id is done once: the same
   * request under the same id gets the same answer for 10 minutes. Whoever sends it again after a time-out waits for
   * what the first one began.
   *
   * @param verb a key of `OPERATIONS`; any other text is a problem
   * @param input the parameters of path or subject and the members of query or body, as they came; undefined: none
   */
  async run(verb: string, input: unknown, context: RequestContext): Promise<Outcome> {
    const requestId = context.requestId ?? this.#ports.newId();
    const checked = this.#check(verb, input, { ...context, requestId });
    if ('problem' in checked) return { ok: false, problem: checked.problem };
    const told = { ...context, requestId };
    const { mutates } = OPERATIONS[checked.verb];
    const beganMs = this.#ports.clock.monotonicMs();
    let isOurs = false;
    const begin = (): Promise<Outcome> => {
      isOurs = true;
      return this.#carryOut(checked.verb, checked.input, told, beganMs);
    };
    const work = mutates && context.requestId !== undefined ? this.#once(checked, requestId, begin) : begin();
    if (work === undefined) return refusal('ERR_CTL_REQUEST_REUSED', requestId);
    const outcome = await this.#inTime(told, work, isOurs);
    // What became of it is told at its end, too.
    if (outcome === undefined && isOurs) this.#tell(checked.verb, checked.input, told, 'ERR_CTL_TIMEOUT', beganMs);
    return outcome ?? refusal('ERR_CTL_TIMEOUT', requestId);
  }

  /** As {@link run}, for a list of all nodes: `items`, `partial`, `missing`. */
  async gather(verb: string, input: unknown, context: RequestContext): Promise<Outcome> {
    const told = { ...context, requestId: context.requestId ?? this.#ports.newId() };
    const checked = this.#check(verb, input, told);
    if ('problem' in checked) return { ok: false, problem: checked.problem };
    const { verb: list, input: valid } = checked;
    const work = this.#settled(list, told, () => gatherList(this.#ports.cluster, list, valid, told));
    return (await this.#inTime(told, work, true)) ?? refusal('ERR_CTL_TIMEOUT', told.requestId);
  }

  /** Whether a request can be carried out now, and its input with defaults filled in. */
  #check(verb: string, input: unknown, context: Identified): Checked {
    const refuse = (code: ErrorCode, detail = '', members: Readonly<Record<string, unknown>> = {}): Checked => ({
      problem: problemOf(code, detail, { ...members, instance: context.requestId.slice(0, 128) }),
    });
    if (!isRequestId(context.requestId)) {
      const expected = '1 to 128 visible ASCII characters';
      const errors = [{ pointer: '', expected, got: describe(context.requestId) }];
      return { problem: problemOf('ERR_CTL_BAD_REQUEST', `the id of a request is ${expected}`, { errors }) };
    }
    if (!isVerb(verb)) {
      const expected = `one of ${Object.keys(OPERATIONS).join(', ')}`;
      return refuse('ERR_CTL_BAD_REQUEST', 'there is no such operation', {
        errors: [{ pointer: '', expected, got: describe(verb) }],
      });
    }
    if (context.deadlineMs !== undefined && context.deadlineMs <= this.#ports.clock.wallMs()) {
      return refuse('ERR_CTL_EXPIRED');
    }
    if (this.#isBusy(context)) return refuse('ERR_CTL_BUSY', '', { retryAfterS: 1 });
    const checked = checkInput(verb, input === undefined ? {} : input);
    if ('input' in checked) return { verb, input: checked.input as Facts };
    const { errors } = checked;
    const { pointer = '', expected, got } = errors[0] ?? {};
    const where = pointer === '' ? '' : `${pointer}: `;
    return refuse('ERR_CTL_BAD_REQUEST', `${where}${expected} was expected, not ${got}`, { errors });
  }

  /** Begins the work of a request id, or finds it. @returns undefined when the id was used for something else */
  #once({ verb, input }: Valid, requestId: string, begin: () => Promise<Outcome>): Promise<Outcome> | undefined {
    const fingerprint = createHash('sha256')
      .update(`${verb} ${canonical(input)}`)
      .digest('base64');
    return this.#idempotency.once(requestId, fingerprint, begin, bytesToKeep);
  }

  /** Does the work, however long it takes. */
  async #carryOut(verb: Verb, input: Facts, context: Identified, beganMs: number): Promise<Outcome> {
    // The input was checked against the schema of this very verb.
    const handler = HANDLERS[verb] as Handler;
    const outcome = await this.#settled(verb, context, () => handler(this.#ports, input, context));
    this.#tell(verb, input, context, resultOf(outcome), beganMs);
    return outcome;
  }

  /** What becomes of work. It never rejects. */
  async #settled(verb: Verb, { requestId }: Identified, work: () => Promise<Facts>): Promise<Outcome> {
    try {
      return { ok: true, answer: { ok: true, ...(await work()) } };
    } catch (error) {
      return { ok: false, problem: this.#problemOf(error, verb, requestId) };
    }
  }

  /**
   * Waits for work until the deadline of a request.
   *
   * @param isOurs whether the request has begun it; else it waits for what another one began
   * @returns undefined when it is not done by then; it goes on
   */
  async #inTime({ deadlineMs }: Identified, work: Promise<Outcome>, isOurs: boolean): Promise<Outcome | undefined> {
    const leftMs = deadlineMs === undefined ? LONGEST_MS : deadlineMs - this.#ports.clock.wallMs();
    let outcome: Outcome | undefined;
    const done = work.then((settled) => {
      outcome = settled;
    });
    if (isOurs) this.#inFlight++;
    else this.#waiting++;
    await within(done, Math.max(1, Math.min(leftMs, LONGEST_MS)));
    // Work that was begun counts until it is done: short deadlines must not begin more than the bound.
    if (!isOurs) this.#waiting--;
    else if (outcome !== undefined) this.#inFlight--;
    else void done.then(() => this.#inFlight--);
    return outcome;
  }

  /** Requests that are sent again wait for what was begun, which costs next to nothing, so many more of them may. */
  #isBusy({ requestId }: Identified): boolean {
    return this.#idempotency.has(requestId) ? this.#waiting >= MOST_WAITING : this.#inFlight >= MOST_IN_FLIGHT;
  }

  #problemOf(error: unknown, verb: Verb, instance: string): Problem {
    if (error instanceof RefusedElsewhere) return { ...error.problem, instance };
    if (error instanceof SluiceError && statusOf(error.code) !== 500) {
      return problemOf(error.code, error.detail, { ...error.details, instance });
    }
    this.#ports.log.error({ err: error, code: 'ERR_INTERNAL', verb, requestId: instance }, 'an operation failed');
    return problemOf('ERR_INTERNAL', '', { instance });
  }

  /** Tells of a mutation. */
  #tell(verb: Verb, input: Facts, { actor, requestId }: Identified, result: string, beganMs: number): void {
    if (!OPERATIONS[verb].mutates || input['dryRun'] === true) return;
    const { audit, clock } = this.#ports;
    const target = targetOf(input, result === 'done');
    audit.command({ verb, actor, requestId, target, result, latencyMs: Math.round(clock.monotonicMs() - beganMs) });
  }
}

/** Whether a text can be the id of a request. Any other is refused, and never repeated. */
export function isRequestId(text: string): boolean {
  return /^[\x21-\x7e]{1,128}$/.test(text);
}

function refusal(code: ErrorCode, instance: string): Outcome {
  return { ok: false, problem: problemOf(code, '', { instance }) };
}

/** What the audit says of an outcome. */
function resultOf(outcome: Outcome): string {
  if (!outcome.ok) return outcome.problem.code;
  return outcome.answer['already'] === true ? 'already' : 'done';
}

/** About how many bytes an outcome takes; undefined for one that did nothing, or may come out differently at once. */
function bytesToKeep(outcome: Outcome): number | undefined {
  if (!outcome.ok && outcome.problem.status >= 500) return undefined;
  return JSON.stringify(outcome).length * 2;
}

/** JSON with the members of objects in order, so that the same input has one text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
