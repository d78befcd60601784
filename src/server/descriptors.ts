import { readdirSync, readFileSync, statSync } from 'node:fs';

/** What the system says of the file descriptors of this process. */
export interface DescriptorFacts {
  /** Soft limit of open descriptors (RLIMIT_NOFILE). */
  readonly limit: number;
  /** Descriptors open now; `undefined` when that could not be found out this time. */
  readonly open: number | undefined;
}

/** Descriptors in use by connections, by our own count. */
interface DescriptorUsers {
  rtmp(): number;
  http(): number;
}

/** Descriptors that no connection gets: the journal, NATS and look-ups of names open files and sockets while the server runs. */
export const KEPT_FOR_EVENTS = 16;
/** Descriptors that no RTMP connection gets, so that `/readyz` and `/metrics` answer when there is no room for one. */
export const KEPT_FOR_HTTP = 8;
/** HTTP connections take at most one in so many of the descriptors that connections may have. */
const HTTP_PART = 4;
/** The system is not asked more often than this, in ms: connections come in bursts. */
const ASK_MS = 50;
/** Before a connection is refused it is asked again, though no more often than this: sockets that are being closed were counted, and are gone now. */
const ASK_AGAIN_MS = 5;
/** Where counting is a walk through a folder with an entry for each descriptor, it is done this often, in ms. */
const WALK_MS = 5000;

/**
 * The descriptors of this process and who may have them. Node closes a socket that it has no descriptor for unseen, and a journal
 * without one cannot write; so new connections are refused while some descriptors are left, and the refusal is counted and told.
 */
export class Descriptors {
  readonly #users: DescriptorUsers;
  readonly #ask: (nowMs: number) => DescriptorFacts | undefined;
  readonly #nowMs: () => number;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #limit = Number.POSITIVE_INFINITY;
  /** Descriptors that belong to no connection. */
  #others = 0;

  /**
   * @param users who counts the connections
   * @param nowMs monotonic milliseconds
   * @param ask reads what the system says; `undefined` where it does not say (no /proc): nothing is bounded then
   */
  constructor(users: DescriptorUsers, nowMs: () => number, ask = askSystem()) {
    this.#users = users;
    this.#nowMs = nowMs;
    this.#ask = ask;
  }

  /** The soft limit; infinite where it is not known. */
  get limit(): number {
    this.#refresh();
    return this.#limit;
  }

  /** Descriptors open now: those counted when the system was last asked, with the connections of this moment. */
  get open(): number {
    this.#refresh();
    return this.#others + this.#users.rtmp() + this.#users.http();
  }

  /** Most RTMP connections that there are descriptors for now. */
  get rtmpShare(): number {
    return this.rtmpShareAt(0);
  }

  /** {@link rtmpShare} while so many sockets have been accepted that are in nobody's count yet. */
  rtmpShareAt(uncounted: number): number {
    this.#refresh(uncounted);
    if (this.#users.rtmp() >= this.#rtmpShare) this.#refresh(uncounted, ASK_AGAIN_MS);
    return this.#rtmpShare;
  }

  get #rtmpShare(): number {
    return Math.max(0, this.#forConnections - Math.max(KEPT_FOR_HTTP, this.#users.http()));
  }

  /** Most HTTP connections that there are descriptors for now, likewise; at least one, so that somebody can ask why there is no room. */
  httpShareAt(uncounted: number): number {
    this.#refresh(uncounted);
    const most = Math.max(KEPT_FOR_HTTP, Math.floor(this.#forConnections / HTTP_PART));
    return Math.max(1, Math.min(most, this.#forConnections - this.#users.rtmp()));
  }

  /** Why no RTMP connection is taken now, in words; `undefined` while there is room for one. */
  get shortage(): string | undefined {
    if (this.#users.rtmp() < this.rtmpShare) return undefined;
    return `${this.open} of ${this.#limit} file descriptors are open, and the rest is kept for journal, NATS and HTTP; new connections are refused`;
  }

  get #forConnections(): number {
    return this.#limit - this.#others - KEPT_FOR_EVENTS;
  }

  #refresh(uncounted = 0, askMs = ASK_MS): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#askedAtMs < askMs) return;
    this.#askedAtMs = nowMs;
    const facts = this.#ask(nowMs);
    if (facts === undefined) return;
    this.#limit = facts.limit;
    if (facts.open !== undefined) {
      this.#others = Math.max(0, facts.open - this.#users.rtmp() - this.#users.http() - uncounted);
    }
  }
}

/** The soft limit in the text of /proc/self/limits; infinite when it is unlimited, `undefined` when it is not in there. */
export function softLimit(limits: string, name: string): number | undefined {
  const value = new RegExp(`^${name} +(\\d+|unlimited) `, 'm').exec(limits)?.[1];
  if (value === undefined) return undefined;
  return value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value);
}

/** Reads what Linux says in /proc. */
function askSystem(): (nowMs: number) => DescriptorFacts | undefined {
  let walkedAtMs = Number.NEGATIVE_INFINITY;
  let limit: number | undefined;
  return (nowMs) => {
    try {
      // Reading needs a descriptor. Without one the limit of before holds, and the count below needs none.
      limit = softLimit(readFileSync('/proc/self/limits', 'latin1'), 'Max open files') ?? limit;
    } catch {}
    if (limit === undefined) return undefined;
    let open: number | undefined;
    try {
      // Linux 6.2 and later tell the count as the size of the folder.
      open = statSync('/proc/self/fd').size;
      if (open === 0) {
        open = undefined;
        if (nowMs - walkedAtMs >= WALK_MS) {
          walkedAtMs = nowMs;
          open = readdirSync('/proc/self/fd').length - 1;
        }
      }
    } catch {}
    return { limit, open };
  };
}
