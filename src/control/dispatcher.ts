import { createHash } from 'node:crypto';
import { type ErrorCode, SluiceError } from '../core/errors.js';
import { type Problem, problemOf, statusOf } from '../core/problem.js';
import { within } from '../core/within.js';
import { targetOf } from './audit.js';
import { gatherList } from './cluster-lists.js';
import { HANDLERS } from './handlers.js';
import { Idempotency } from './idempotency.js';
import { isVerb, OPERATIONS, type Verb } from './operations.js';
import { type Facts, type Ports, RefusedElsewhere, type RequestContext } from './ports.js';
import { checkInput, describe } from './validate.js';

/** Most requests at once. */
const MOST_IN_FLIGHT = 64;
/** Longest time that a request without a deadline is waited for, in ms. */
const LONGEST_MS = 30_000;

/** What became of a request. */
export type Outcome = { readonly ok: true; readonly answer: Facts } | { readonly ok: false; readonly problem: Problem };

/** A request that has an id, of the caller or made here. */
type Identified = RequestContext & { readonly requestId: string };

type Checked = { readonly problem: Problem } | { readonly verb: Verb; readonly input: Facts };

type Handler = (ports: Ports, input: Facts, context: RequestContext) => Promise<Facts>;

/** Carries out operations: the one place behind HTTP, NATS and the command line. */
export class Dispatcher {
  readonly #ports: Ports;
  readonly #idempotency: Idempotency<Outcome>;
  #inFlight = 0;

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
   * request under the same id gets the same answer for 10 minutes.
   *
   * @param verb a key of `OPERATIONS`; any other text is a problem
   * @param input the parameters of path or subject and the members of query or body, as they came; undefined: none
   */
  async run(verb: string, input: unknown, context: RequestContext): Promise<Outcome> {
    const requestId = context.requestId ?? this.#ports.newId();
    const checked = this.#check(verb, input, { ...context, requestId });
    if ('problem' in checked) return { ok: false, problem: checked.problem };
    const told = { ...context, requestId };
    const work = (): Promise<Outcome> => this.#carryOut(checked.verb, checked.input, told);
    if (!OPERATIONS[checked.verb].mutates || context.requestId === undefined) return work();
    const fingerprint = createHash('sha256')
      .update(`${verb} ${canonical(checked.input)}`)
      .digest('base64');
    const outcome = this.#idempotency.once(requestId, fingerprint, work, bytesToKeep);
    return outcome ?? { ok: false, problem: problemOf('ERR_CTL_REQUEST_REUSED', '', { instance: requestId }) };
  }

  /** As {@link run}, for a list of all nodes: `items`, `partial`, `missing`. */
  async gather(verb: string, input: unknown, context: RequestContext): Promise<Outcome> {
    const told = { ...context, requestId: context.requestId ?? this.#ports.newId() };
    const checked = this.#check(verb, input, told);
    if ('problem' in checked) return { ok: false, problem: checked.problem };
    return this.#inTime(checked.verb, told, gatherList(this.#ports.cluster, checked.verb, checked.input, told));
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
    if (this.#inFlight >= MOST_IN_FLIGHT) return refuse('ERR_CTL_BUSY', '', { retryAfterS: 1 });
    const checked = checkInput(verb, input === undefined ? {} : input);
    if ('input' in checked) return { verb, input: checked.input as Facts };
    const { errors } = checked;
    const { pointer = '', expected, got } = errors[0] ?? {};
    const where = pointer === '' ? '' : `${pointer}: `;
    return refuse('ERR_CTL_BAD_REQUEST', `${where}${expected} was expected, not ${got}`, { errors });
  }

  async #carryOut(verb: Verb, input: Facts, context: Identified): Promise<Outcome> {
    const { clock } = this.#ports;
    const beganMs = clock.monotonicMs();
    // The input was checked against the schema of this very verb.
    const handler = HANDLERS[verb] as Handler;
    const outcome = await this.#inTime(verb, context, handler(this.#ports, input, context));
    if (OPERATIONS[verb].mutates && input['dryRun'] !== true) {
      this.#tell(verb, input, context, outcome, clock.monotonicMs() - beganMs);
    }
    return outcome;
  }

  /** Waits for work until the deadline of its request. What it answers later is ignored. */
  async #inTime(verb: Verb, context: Identified, work: Promise<Facts>): Promise<Outcome> {
    const { deadlineMs, requestId } = context;
    const leftMs = deadlineMs === undefined ? LONGEST_MS : deadlineMs - this.#ports.clock.wallMs();
    let outcome: Outcome = { ok: false, problem: problemOf('ERR_CTL_TIMEOUT', '', { instance: requestId }) };
    this.#inFlight++;
    try {
      const done = work.then((answer) => {
        outcome = { ok: true, answer: { ok: true, ...answer } };
      });
      await within(done, Math.max(1, Math.min(leftMs, LONGEST_MS)));
    } catch (error) {
      outcome = { ok: false, problem: this.#problemOf(error, verb, requestId) };
    } finally {
      this.#inFlight--;
    }
    return outcome;
  }

  #problemOf(error: unknown, verb: Verb, instance: string): Problem {
    if (error instanceof RefusedElsewhere) return { ...error.problem, instance };
    if (error instanceof SluiceError && statusOf(error.code) !== 500) {
      return problemOf(error.code, error.detail, { ...error.details, instance });
    }
    this.#ports.log.error({ err: error, code: 'ERR_INTERNAL', verb, requestId: instance }, 'an operation failed');
    return problemOf('ERR_INTERNAL', '', { instance });
  }

  #tell(verb: Verb, input: Facts, { actor, requestId }: Identified, outcome: Outcome, latencyMs: number): void {
    const isFound = outcome.ok && outcome.answer['matched'] !== 0;
    let result: string = outcome.ok ? 'done' : outcome.problem.code;
    if (outcome.ok && outcome.answer['already'] === true) result = 'already';
    const target = targetOf(input, isFound);
    this.#ports.audit.command({ verb, actor, requestId, target, result, latencyMs: Math.round(latencyMs) });
  }
}

/** Whether a text can be the id of a request. Any other is refused, and never repeated. */
export function isRequestId(text: string): boolean {
  return /^[\x21-\x7e]{1,128}$/.test(text);
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
