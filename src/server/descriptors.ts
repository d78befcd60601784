import { readdirSync, readFileSync, statSync } from 'node:fs';

/** The file descriptors of this process, as the system reports them. */
export interface DescriptorFacts {
  /** Soft limit of open descriptors (RLIMIT_NOFILE). */
  readonly limit: number;
  /** Descriptors open now; `undefined` when that could not be found out this time. */
  readonly open: number | undefined;
}

/** Descriptors in use by connections, as the server counts them. */
interface DescriptorUsers {
  rtmp(): number;
  http(): number;
}

/**
 * Descriptors that are reserved: the journal, NATS and look-ups of names open files and sockets while the server runs.
 */
export const KEPT_FOR_EVENTS = 16;
/**
 * Descriptors that RTMP connections may not use, so that `/readyz` and `/metrics` answer when there is no room for
 * another one.
 */
export const KEPT_FOR_HTTP = 8;
/** HTTP connections may use at most one in so many of the descriptors for connections. */
const HTTP_PART = 4;
/** The system is asked at most once in this time, in ms: connections come in bursts. */
const ASK_MS = 50;
/**
 * Before a connection is refused the system is asked again, at most once in this time: sockets that were being closed
 * at the last count may be gone now.
 */
const ASK_AGAIN_MS = 5;
/** How often descriptors are counted where that is a walk through a folder with an entry for each, in ms. */
const WALK_MS = 5000;

/**
 * The descriptors of this process and how they are divided. Node closes a socket for which it has no descriptor without
 * any notice, and a journal without one cannot write. So new connections are refused while some descriptors are left,
 * and the refusal is counted and logged.
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
   * @param users counts the connections
   * @param nowMs monotonic milliseconds
   * @param ask reads what the system reports; `undefined` where it reports nothing (no /proc): then there is no bound
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

  /**
   * Descriptors open now: those counted when the system was last asked, corrected by the present number of connections.
   */
  get open(): number {
    this.#refresh();
    return this.#others + this.#users.rtmp() + this.#users.http();
  }

  /** Most RTMP connections for which there are descriptors now. */
  get rtmpShare(): number {
    return this.rtmpShareAt(0);
  }

  /** {@link rtmpShare} when so many accepted sockets are not counted yet. */
  rtmpShareAt(uncounted: number): number {
    this.#refresh(uncounted);
    if (this.#users.rtmp() >= this.#rtmpShare) this.#refresh(uncounted, ASK_AGAIN_MS);
    return this.#rtmpShare;
  }

  get #rtmpShare(): number {
    return Math.max(0, this.#forConnections - Math.max(KEPT_FOR_HTTP, this.#users.http()));
  }

  /**
   * Most HTTP connections for which there are descriptors now, likewise. At least one, so that an operator can ask why
   * there is no room.
   */
  httpShareAt(uncounted: number): number {
    this.#refresh(uncounted);
    const most = Math.max(KEPT_FOR_HTTP, Math.floor(this.#forConnections / HTTP_PART));
    return Math.max(1, Math.min(most, this.#forConnections - this.#users.rtmp()));
  }

  /** Why no RTMP connection is accepted now, in words; `undefined` while there is room for one. */
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

/** The soft limit in the text of /proc/self/limits; infinite when it is unlimited, `undefined` when it is missing. */
export function softLimit(limits: string, name: string): number | undefined {
  const value = new RegExp(`^${name} +(\\d+|unlimited) `, 'm').exec(limits)?.[1];
  if (value === undefined) return undefined;
  return value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value);
}

/** Reads the figures of Linux in /proc. */
function askSystem(): (nowMs: number) => DescriptorFacts | undefined {
  let walkedAtMs = Number.NEGATIVE_INFINITY;
  let limit: number | undefined;
  return (nowMs) => {
    try {
      // Reading needs a descriptor. Without one the last known limit is used, and the count below needs none.
      limit = softLimit(readFileSync('/proc/self/limits', 'latin1'), 'Max open files') ?? limit;
    } catch {}
    if (limit === undefined) return undefined;
    let open: number | undefined;
    try {
      // Linux 6.2 and later report the count as the size of the folder.
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
