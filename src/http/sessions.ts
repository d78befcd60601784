import { randomBytes } from 'node:crypto';

/** Name of the cookie. */
const SESSION_COOKIE = 'sluice_session';
/** How long a session lasts, in ms. */
export const SESSION_MS = 12 * 3_600_000;
/** Most sessions; past it the oldest is over. */
const MOST_SESSIONS = 1000;
/** Most sessions of one token; past it the oldest of them is over, and none of another's. */
const MOST_OF_TOKEN = 100;

interface Session {
  readonly digest: Buffer;
  readonly untilMs: number;
}

/** The pages that are signed in. A session stands for the token that it was begun with. */
export class Sessions {
  readonly #nowMs: () => number;
  readonly #open = new Map<string, Session>();

  /** @param nowMs monotonic milliseconds */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Begins a session. @param sha256 of the token, in hex @returns the value of its cookie */
  begin(sha256: string): string {
    const id = randomBytes(32).toString('base64url');
    const digest = Buffer.from(sha256, 'hex');
    const own = [...this.#open].filter(([, session]) => session.digest.equals(digest));
    if (own.length >= MOST_OF_TOKEN) this.#open.delete(own[0]![0]);
    this.#open.set(id, { digest, untilMs: this.#nowMs() + SESSION_MS });
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= MOST_SESSIONS) break;
      this.#open.delete(oldest);
    }
    return id;
  }

  /** The hash of the token that a session was begun with. */
  digestOf(id: string): Buffer | undefined {
    const session = this.#open.get(id);
    if (session === undefined) return undefined;
    if (session.untilMs > this.#nowMs()) return session.digest;
    this.#open.delete(id);
    return undefined;
  }

  end(id: string): void {
    this.#open.delete(id);
  }
}

/** The session in a Cookie header. */
export function sessionIn(header: string | undefined): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === SESSION_COOKIE) return value;
  }
  return undefined;
}

/**
 * The value of a Set-Cookie header.
 *
 * @param value `''` ends it
 * @param isSecure whether the page came over TLS
 */
export function sessionCookie(value: string, isSecure: boolean): string {
  const age = value === '' ? 0 : SESSION_MS / 1000;
  return `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}
