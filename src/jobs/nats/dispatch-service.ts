import { checkWith } from '../../core/check-input.js';
import type { Clock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import { readBody } from '../../core/json-body.js';
import type { Logger } from '../../core/log.js';
import { type Problem, problemOf } from '../../core/problem.js';
import { MicroService, refusalHeaders } from '../../nats/micro-service.js';
import type { NatsMessage, NatsRequests, NatsSubscription } from '../../nats/requests.js';
import { DISPATCH_INPUT, type DispatchVerb } from '../dispatch/dispatch-input.js';
import type { BeatAnswer, Dispatcher, DoneAnswer, LeaseAnswer } from '../dispatch/dispatcher.js';

/** What the service is made with. */
interface DispatchServiceDeps {
  readonly dispatcher: Pick<Dispatcher, DispatchVerb | 'drain'>;
  readonly requests: NatsRequests;
  /** `events.prefix`. */
  readonly prefix: string;
  readonly runnerId: string;
  /** Unique for each process. */
  readonly bootId: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
}

const VERBS = ['lease', 'beat', 'done'] as const satisfies readonly DispatchVerb[];
/** Of all dispatchers: one of them answers. */
const QUEUE = 'sluice-jobs';
/** Most values of a body, at all depths. */
const MOST_VALUES = 128;
/** Most requests that are answered at a time, those that wait for a job not counted. */
const MOST_AT_ONCE = 512;

/** The subject on which workers ask. @param prefix `events.prefix` */
export function dispatchSubject(prefix: string, verb: DispatchVerb): string {
  return `${prefix}.ctl.jobs.${verb}`;
}

/** The NATS service `sluice-jobs`, which workers outside ask for jobs. */
export class DispatchService {
  readonly #deps: DispatchServiceDeps;
  readonly #service: MicroService;
  readonly #subscriptions: Readonly<Record<DispatchVerb, NatsSubscription>>;
  #atOnce = 0;

  constructor(deps: DispatchServiceDeps) {
    const { requests, prefix, runnerId, bootId, version, clock } = deps;
    this.#deps = deps;
    const facts = {
      ...{ name: QUEUE, id: bootId, version, description: 'Sluice: jobs for workers' },
      metadata: { runnerId, bootId },
    };
    const endpoints = VERBS.map((verb) => ({
      ...{ name: verb, subject: dispatchSubject(prefix, verb), queueGroup: QUEUE, metadata: {} },
    }));
    this.#service = new MicroService(facts, endpoints, requests, clock.wallMs());
    const subscribe = (verb: DispatchVerb): NatsSubscription =>
      requests.subscribe(dispatchSubject(prefix, verb), QUEUE, (message) => void this.#take(verb, message));
    this.#subscriptions = { lease: subscribe('lease'), beat: subscribe('beat'), done: subscribe('done') };
  }

  /** Gives no more jobs; workers that have one are answered on. */
  drain(): void {
    this.#subscriptions.lease.close();
    this.#deps.dispatcher.drain();
  }

  /** Answers nothing more. Other dispatchers may. */
  close(): void {
    this.drain();
    for (const verb of VERBS) this.#subscriptions[verb].close();
    this.#service.close();
  }

  /** It never rejects. */
  async #take(verb: DispatchVerb, message: NatsMessage): Promise<void> {
    const { clock } = this.#deps;
    const beganMs = clock.monotonicMs();
    const said = await this.#answer(verb, message.body);
    const problem = 'problem' in said ? said.problem : undefined;
    const body = Buffer.from(JSON.stringify('problem' in said ? said.problem : said.answer));
    message.reply(body, problem === undefined ? {} : refusalHeaders(problem));
    this.#service.count(verb, clock.monotonicMs() - beganMs, problem);
  }

  async #answer(
    verb: DispatchVerb,
    bytes: Uint8Array,
  ): Promise<{ readonly answer: LeaseAnswer | BeatAnswer | DoneAnswer } | { readonly problem: Problem }> {
    const body = readBody(bytes);
    if ('error' in body) return badRequest([{ pointer: '', ...body.error }]);
    const isWaiting = verb === 'lease';
    if (!isWaiting && this.#atOnce >= MOST_AT_ONCE)
      return { problem: problemOf('ERR_JOB_BUSY', `${MOST_AT_ONCE} requests are being answered`) };
    if (!isWaiting) this.#atOnce++;
    try {
      return await this.#carryOut(verb, body.value);
    } catch (error) {
      return { problem: this.#problemOf(verb, error) };
    } finally {
      if (!isWaiting) this.#atOnce--;
    }
  }

  async #carryOut(
    verb: DispatchVerb,
    value: unknown,
  ): Promise<{ readonly answer: LeaseAnswer | BeatAnswer | DoneAnswer } | { readonly problem: Problem }> {
    const { dispatcher } = this.#deps;
    switch (verb) {
      case 'lease': {
        const checked = checkWith(DISPATCH_INPUT.lease, value, MOST_VALUES);
        return 'errors' in checked ? badRequest(checked.errors) : { answer: await dispatcher.lease(checked.input) };
      }
      case 'beat': {
        const checked = checkWith(DISPATCH_INPUT.beat, value, MOST_VALUES);
        return 'errors' in checked ? badRequest(checked.errors) : { answer: await dispatcher.beat(checked.input) };
      }
      case 'done': {
        const checked = checkWith(DISPATCH_INPUT.done, value, MOST_VALUES);
        return 'errors' in checked ? badRequest(checked.errors) : { answer: await dispatcher.done(checked.input) };
      }
    }
  }

  #problemOf(verb: DispatchVerb, error: unknown): Problem {
    if (error instanceof SluiceError) return problemOf(error.code, error.detail);
    this.#deps.log.error(
      { err: error as Error, code: 'ERR_INTERNAL', verb },
      'jobs: a defect of Sluice ended a request',
    );
    return problemOf('ERR_INTERNAL');
  }
}

/** What is wrong with a body, in words and by place. */
function badRequest(errors: readonly { readonly pointer: string; readonly expected: string; readonly got: string }[]): {
  readonly problem: Problem;
} {
  const [first] = errors;
  const place = first === undefined || first.pointer === '' ? '' : `${first.pointer}: `;
  const detail = first === undefined ? '' : `${place}${first.expected} was expected, not ${first.got}`;
  return { problem: problemOf('ERR_CTL_BAD_REQUEST', detail, { errors }) };
}
