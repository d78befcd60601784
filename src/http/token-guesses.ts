import { clientBlock } from '../core/cidr.js';
import type { Clock } from '../core/clock.js';
import { ExpiringMap } from '../core/expiring-map.js';
import { FailureWatch } from '../core/failure-watch.js';
import type { Logger } from '../core/log.js';
import { isLoopback } from '../core/loopback.js';

/** How long no unknown token of an address is looked at, in ms. */
const HOLD_MS = 60_000;
/** How long an address may go on with a token that was accepted from it, in ms. */
const TRUST_MS = 24 * 3_600_000;
/** Most addresses that are watched, and most that are held; past it the oldest is forgotten. About 3 MB in all. */
const MOST_ADDRESSES = 4096;
/** Most pairs of an address and a token that are remembered as good. */
const MOST_GOOD = 4096;

/** Bounds of wrong tokens. */
export interface GuessLimits {
  /** `http.failuresPerMinutePerIp`: different wrong tokens; 0: no limit. */
  readonly failuresPerMinutePerIp: number;
  /** `limits.limitLoopback`. */
  readonly limitLoopback: boolean;
}

/**
 * Bounds the guessing of bearer tokens. An address that has sent too many different wrong ones is held for a minute:
 * what it sends then is refused whether it is right or not, because an answer that tells would be another guess. Tokens
 * that were accepted from that address before go on, so that whoever guesses behind a proxy locks nobody out who is
 * there already. The addresses of an IPv6 /64 are one.
 */
export class TokenGuesses {
  /** Requests with a wrong token, and those that were refused unread; for `/metrics`. */
  readonly refused = { wrong: 0, held: 0 };
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #log: Logger;
  readonly #watch = new FailureWatch(MOST_ADDRESSES);
  readonly #held = new ExpiringMap<number>(MOST_ADDRESSES);
  readonly #good = new ExpiringMap<true>(MOST_GOOD);
  #limits: GuessLimits;

  /** @param log bounded: it gets a line about each address that is held */
  constructor(limits: GuessLimits, clock: Pick<Clock, 'monotonicMs'>, log: Logger) {
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
  }

  /** Other bounds hold from now on. Whoever is held stays so for the rest of the minute, but without any bound. */
  change(limits: GuessLimits): void {
    this.#limits = limits;
    if (limits.failuresPerMinutePerIp === 0) this.#held.clear();
  }

  /**
   * For how many seconds the token of an address is not answered; 0: it is.
   *
   * @param digest hex SHA-256 of the token where it is right; undefined: it is wrong
   */
  heldFor(address: string, digest: string | undefined): number {
    const nowMs = this.#clock.monotonicMs();
    const untilMs = this.#held.size === 0 ? undefined : this.#held.get(clientBlock(address), nowMs);
    if (untilMs === undefined) return 0;
    if (digest !== undefined && this.#good.get(`${clientBlock(address)} ${digest}`, nowMs) === true) return 0;
    this.refused.held++;
    return Math.ceil((untilMs - nowMs) / 1000);
  }

  /** A token was right. @param digest hex SHA-256 of it */
  accepted(address: string, digest: string): void {
    if (this.#isFree(address)) return;
    this.#good.set(`${clientBlock(address)} ${digest}`, true, this.#clock.monotonicMs() + TRUST_MS);
  }

  /** A token was wrong. @param fingerprint tells it apart from others; undefined: what was sent is no token */
  failed(address: string, fingerprint: string | undefined): void {
    this.refused.wrong++;
    if (this.#isFree(address)) return;
    const nowMs = this.#clock.monotonicMs();
    const block = clientBlock(address);
    const most = this.#limits.failuresPerMinutePerIp;
    if (!this.#watch.failed(block, fingerprint, nowMs, most)) return;
    this.#held.set(block, nowMs + HOLD_MS, nowMs + HOLD_MS);
    const facts = { code: 'ERR_HTTP_TOKEN_GUESSES', peer: block, wrong: most, heldMs: HOLD_MS };
    this.#log.warn(facts, 'an address sends one wrong token after the other: unknown ones are refused for a minute');
  }

  #isFree(address: string): boolean {
    const { failuresPerMinutePerIp, limitLoopback } = this.#limits;
    return failuresPerMinutePerIp === 0 || (!limitLoopback && isLoopback(address));
  }
}
