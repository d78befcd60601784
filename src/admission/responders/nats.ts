import type { Clock } from '../../core/clock.js';
import type { AdmissionAction } from '../../live/admission.js';
import type { NatsOutcome, NatsRequests, SurplusReply } from '../../nats/requests.js';
import { attemptMs, mayRetry } from '../attempt-time.js';
import { readReply } from '../reply.js';
import type { AdmissionRequest } from '../request.js';
import type { Responder, ResponderAnswer } from '../responder.js';

/** The settings `auth.nats`, and where to ask. */
interface NatsResponderOptions {
  /** Prefix of all subjects: `sluice.v1`. */
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly actions: readonly string[];
}

/** Why there is no reply, in words. */
const REASONS: Readonly<Record<Exclude<NatsOutcome['kind'], 'reply'>, string>> = {
  no_responders: 'nobody subscribes to the subject',
  timeout: 'no reply in time',
  away: 'there is no connection to NATS',
  refused: 'this user may not publish to the subject, or get replies',
};

/** Asks whoever subscribes to `<prefix>.auth.<action>`. */
export class NatsResponder implements Responder {
  readonly name = 'nats';
  readonly #o: NatsResponderOptions;
  readonly #requests: NatsRequests | undefined;
  readonly #clock: Clock;

  /** @param requests undefined: NATS is not configured, and nobody can be asked */
  constructor(o: NatsResponderOptions, requests: NatsRequests | undefined, clock: Clock) {
    this.#o = o;
    this.#requests = requests;
    this.#clock = clock;
  }

  asks(action: AdmissionAction): boolean {
    return this.#o.actions.includes(action);
  }

  async answer(request: AdmissionRequest): Promise<ResponderAnswer> {
    const body = Buffer.from(request.json());
    let outcome = await this.#ask(request, body);
    // A responder that is restarted has no subscription for a moment.
    if (outcome.kind === 'no_responders' && (await mayRetry(request, this.#clock))) {
      outcome = await this.#ask(request, body);
    }
    if (outcome.kind === 'reply') return readReply(outcome.reply.body);
    return { decision: 'unavailable', kind: outcome.kind, why: REASONS[outcome.kind] };
  }

  #ask(request: AdmissionRequest, body: Uint8Array): Promise<NatsOutcome> | NatsOutcome {
    const { prefix, timeoutMs } = this.#o;
    const waitMs = attemptMs(request, timeoutMs, this.#clock);
    const subject = `${prefix}.auth.${request.action}`;
    const surplus = (kind: SurplusReply): void => request.surplus(this.name, kind);
    return this.#requests?.request(subject, body, waitMs, undefined, surplus) ?? { kind: 'away' };
  }
}
