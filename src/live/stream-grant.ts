import { newId } from '../core/ids.js';
import type { Grant, Labels, StreamLimits } from '../model/grant.js';
import type { ConnectionFacts, NameRequest } from './access.js';
import type { Admission, AdmissionAction, Question } from './admission.js';
import { type GrantEnd, Renewal } from './renewal.js';

/** What decides again about something that runs. */
export interface GrantDeps {
  readonly admission: Admission;
  readonly clock: { monotonicMs(): number; wallMs(): number };
  /** `auth.renewGraceMs`, now. */
  readonly renewGraceMs: () => number;
}

/** Something that runs with a grant: a publish or a play. */
export interface GrantHolder {
  readonly action: Exclude<AdmissionAction, 'connect'>;
  /** Its stream id or play id. */
  readonly id: string;
  readonly principal: string;
  /** As its present client asked, secrets included. */
  readonly request: () => NameRequest;
  readonly facts: () => ConnectionFacts;
  /** Its labels are others now. */
  readonly labelled: (before: Labels, after: Labels) => void;
  /** Its limits are others now. */
  readonly limited: (limits: StreamLimits) => void;
  readonly end: (why: GrantEnd) => void;
}

/** The grant of something that runs: its labels and limits, and when admission is asked again. */
export class RunningGrant {
  #labels: Labels;
  #limits: StreamLimits;
  readonly #holder: GrantHolder;
  readonly #deps: GrantDeps;
  readonly #renewal: Renewal;
  #decidedAtMs: number;

  constructor(grant: Grant, holder: GrantHolder, deps: GrantDeps) {
    this.#labels = grant.labels;
    this.#limits = grant.limits;
    this.#holder = holder;
    this.#deps = deps;
    this.#decidedAtMs = deps.clock.wallMs();
    this.#renewal = new Renewal({
      ask: () => deps.admission.decide(this.#question()),
      renewed: (next) => this.#take(next),
      end: (why) => holder.end(why),
      nowMs: () => deps.clock.monotonicMs(),
      graceMs: deps.renewGraceMs,
      random: Math.random,
    });
    this.#renewal.granted(grant.ttlMs);
  }

  get labels(): Labels {
    return this.#labels;
  }

  get limits(): StreamLimits {
    return this.#limits;
  }

  /** Its client was decided about again, as when it came back on another connection. */
  replace(grant: Grant): void {
    this.#renewal.granted(grant.ttlMs);
    this.#take(grant);
  }

  tick(nowMs: number): void {
    this.#renewal.tick(nowMs);
  }

  /** Asks admission again now. */
  askNow(): Promise<void> {
    return this.#renewal.askAnew();
  }

  close(): void {
    this.#renewal.close();
  }

  /** Other labels and limits, which hold until it is decided again. */
  set(labels: Labels, limits: StreamLimits): void {
    const [labelsBefore, limitsBefore] = [this.#labels, this.#limits];
    this.#labels = labels;
    this.#limits = limits;
    if (JSON.stringify(labelsBefore) !== JSON.stringify(labels)) this.#holder.labelled(labelsBefore, labels);
    if (JSON.stringify(limitsBefore) !== JSON.stringify(limits)) this.#holder.limited(limits);
  }

  #take(grant: Grant): void {
    this.#decidedAtMs = this.#deps.clock.wallMs();
    // Where nobody could be asked, nobody has lifted what was granted before.
    if (grant.isUnauthenticated === true) this.set({ ...this.#labels, ...grant.labels }, this.#limits);
    else this.set(grant.labels, grant.limits);
  }

  #question(): Question {
    const { action, id, principal, request, facts } = this.#holder;
    return {
      requestId: newId(),
      action,
      reason: 'renew',
      facts: facts(),
      ...request(),
      ...(action === 'publish' ? { streamId: id } : { playId: id }),
      previous: { principal, decidedAtMs: this.#decidedAtMs },
      isWanted: () => true,
    };
  }
}
