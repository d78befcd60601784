import type { AdmissionAction } from '../live/admission.js';

/** How often something was decided, with whom. */
interface DecisionCount {
  readonly action: AdmissionAction;
  readonly decision: string;
  /** `chain` for what no responder decided, such as overload and bans. */
  readonly responder: string;
  count: number;
}

/** How often a responder could not be asked, for one reason. */
interface UnavailableCount {
  readonly responder: string;
  readonly kind: string;
  count: number;
}

/** Counters of admission; for `/metrics`. */
export class ChainStats {
  /** By action, decision and responder. */
  readonly decisions = new Map<string, DecisionCount>();
  /** Answers that came when nobody waited any more, by responder. */
  readonly late = new Map<string, number>();
  /** Answers to questions that had one already, by responder. */
  readonly second = new Map<string, number>();
  /** Questions that a responder could not answer, by responder and kind of failure. */
  readonly unavailable = new Map<string, UnavailableCount>();
  /** Replies that could not be used, by responder. */
  readonly invalid = new Map<string, number>();
  /** Members of replies that nobody knows. */
  unknownMembers = 0;
  /** Requests allowed since nobody could be asked. */
  unauthenticated = 0;
  /** Questions answered from memory, by what was remembered. */
  readonly cacheHits = { allow: 0, deny: 0 };
  /** Addresses that were banned for guessing keys. */
  guessingBans = 0;
  /** Questions that wait for an answer now. */
  pending = 0;

  decided(action: AdmissionAction, decision: string, responder: string): void {
    const key = `${action} ${decision} ${responder}`;
    const known = this.decisions.get(key);
    if (known === undefined) this.decisions.set(key, { action, decision, responder, count: 1 });
    else known.count += 1;
  }

  /** @param kind the reason in one word, such as `timeout` */
  wasUnavailable(responder: string, kind: string): void {
    const key = `${responder} ${kind}`;
    const known = this.unavailable.get(key);
    if (known === undefined) this.unavailable.set(key, { responder, kind, count: 1 });
    else known.count += 1;
  }
}

/** Adds one to a counter. */
export function countOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
