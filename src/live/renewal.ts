import { ERRORS, type ErrorCode } from '../core/errors.js';
import type { Grant } from '../model/grant.js';
import type { EndReason } from '../model/reasons.js';
import type { Denial, Verdict } from './admission.js';

/** How long before the end of its time a grant is asked for again: this share of the time, at most so many ms. */
const [LEAD_SHARE, MAX_LEAD_MS] = [0.1, 30_000];
/** The moment is moved by this share at most, so that streams that began together do not all ask at once. */
const JITTER_SHARE = 0.05;
/** How often it is asked again while nobody can be asked, in ms. */
const RETRY_MS = 2000;

/** Codes of a verdict that says nothing about the client: nobody could decide. */
const UNDECIDED: readonly ErrorCode[] = ['ERR_AUTH_UNAVAILABLE', 'ERR_AUTH_OVERLOAD', 'ERR_AUTH_REPLY_INVALID'];

/** Why something that ran with a grant has to end. */
export interface GrantEnd {
  readonly reason: Extract<EndReason, 'auth_revoked' | 'auth_expired'>;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What a renewal needs. */
interface RenewalParts {
  /** Asks admission again. */
  readonly ask: () => Verdict | Promise<Verdict>;
  /** It was granted again, with these terms. */
  readonly renewed: (grant: Grant) => void;
  readonly end: (why: GrantEnd) => void;
  readonly nowMs: () => number;
  /** `auth.renewGraceMs`. */
  readonly graceMs: () => number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

/**
 * Asks admission again before the time of a grant is over. A denial ends what runs. While nobody can be asked it goes
 * on, for a time of grace after the end of the grant.
 */
export class Renewal {
  readonly #parts: RenewalParts;
  #dueMs = Number.POSITIVE_INFINITY;
  #expiresMs = Number.POSITIVE_INFINITY;
  #asking: Promise<void> | undefined;
  /** Which grant a question is about: an answer about the one before is not acted upon. */
  #round = 0;
  #over = false;

  constructor(parts: RenewalParts) {
    this.#parts = parts;
  }

  /**
   * A grant was given now to another request. A question that is under way is about the one before, and is forgotten.
   *
   * @param ttlMs its time; undefined: it has no end
   */
  granted(ttlMs: number | undefined): void {
    this.#round++;
    this.#asking = undefined;
    this.#wait(ttlMs);
  }

  #wait(ttlMs: number | undefined): void {
    if (ttlMs === undefined) {
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.#expiresMs = Number.POSITIVE_INFINITY;
      return;
    }
    const { nowMs, random } = this.#parts;
    const now = nowMs();
    const lead = Math.min(MAX_LEAD_MS, ttlMs * LEAD_SHARE);
    const moment = (ttlMs - lead) * (1 + JITTER_SHARE * (2 * random() - 1));
    this.#expiresMs = now + ttlMs;
    // The jitter never eats more than half of the time that is left for the answer.
    this.#dueMs = now + Math.min(moment, ttlMs - lead / 2);
  }

  /** Asks when it is time. Call it a few times a second. */
  tick(nowMs: number): void {
    if (nowMs >= this.#dueMs) void this.askNow();
  }

  /** Asks now, whatever time is left. Resolves when the answer was acted upon. */
  askNow(): Promise<void> {
    if (this.#over) return Promise.resolve();
    this.#asking ??= this.#ask(this.#round);
    return this.#asking;
  }

  /**
   * Asks anew: a question that is under way was asked with the settings of before, so another one follows it. Resolves
   * when the answer was acted upon.
   */
  async askAnew(): Promise<void> {
    await this.#asking;
    await this.askNow();
  }

  /** What had the grant is over: nothing more is asked or told. */
  close(): void {
    this.#over = true;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  async #ask(round: number): Promise<void> {
    this.#dueMs = Number.POSITIVE_INFINITY;
    const verdict = await this.#decided();
    if (round !== this.#round) return;
    this.#asking = undefined;
    if (this.#over) return;
    if (verdict.decision === 'allow') {
      this.#wait(verdict.grant.ttlMs);
      this.#parts.renewed(verdict.grant);
    } else if (verdict.decision === 'redirect') this.#end('auth_revoked', 'ERR_AUTH_REVOKED', 'served elsewhere now');
    else if (UNDECIDED.includes(verdict.code)) this.#undecided(verdict);
    else if (verdict.code === 'ERR_AUTH_EXPIRED') this.#end('auth_expired', 'ERR_AUTH_EXPIRED', verdict.message);
    else this.#end('auth_revoked', 'ERR_AUTH_REVOKED', verdict.message);
  }

  /** A defect of Sluice counts as nobody having decided. */
  async #decided(): Promise<Verdict> {
    try {
      return await this.#parts.ask();
    } catch {
      return { decision: 'deny', code: 'ERR_AUTH_UNAVAILABLE', message: '' };
    }
  }

  #undecided({ code }: Denial): void {
    const { nowMs, graceMs } = this.#parts;
    const now = nowMs();
    if (now >= this.#expiresMs + graceMs()) this.#end('auth_expired', 'ERR_AUTH_EXPIRED', ERRORS[code].says);
    else this.#dueMs = now + RETRY_MS;
  }

  #end(reason: GrantEnd['reason'], code: GrantEnd['code'], message: string): void {
    this.close();
    this.#parts.end({ reason, code, message: message === '' ? ERRORS[code].says : message });
  }
}
