import { isIP } from 'node:net';

/**
 * Decides which Host headers are answered. A page of a hostile site can make its own name point at 127.0.0.1 (DNS
 * rebinding) and then read what is served here. Its requests carry that name, so only addresses, `localhost` and names
 * on a list are answered.
 */
export class HostGuard {
  readonly #any: boolean;
  readonly #names: ReadonlySet<string>;

  /** @param allowed host names, separated by commas; `*` allows every name */
  constructor(allowed: string) {
    const names = allowed
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== '');
    this.#any = names.includes('*');
    this.#names = new Set(['localhost', ...names]);
  }

  /** Whether a request with this Host header is answered. Only HTTP/1.0 clients send none; browsers always do. */
  allows(header: string | undefined): boolean {
    if (this.#any || header === undefined) return true;
    const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(header);
    if (bracketed !== null) return isIP(bracketed[1] ?? '') === 6;
    const name = header.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
    return isIP(name) === 4 || this.#names.has(name);
  }

  /**
   * Whether a page of this origin may change something: one that this server has served itself, or of a name on the
   * list.
   *
   * @param origin the Origin header
   * @param host the Host header of the same request
   */
  allowsOrigin(origin: string, host: string | undefined): boolean {
    const url = URL.canParse(origin) ? new URL(origin) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) return false;
    const own = `${url.protocol}//${host}`;
    // A Host header may name a port that no URL can have.
    if (host !== undefined && URL.canParse(own) && url.host === new URL(own).host) return true;
    return this.#any || (url.hostname !== 'localhost' && this.#names.has(url.hostname));
  }
}

/**
 * Whether a browser sends the request on behalf of a page of another origin, by its `Sec-Fetch-Site` header. Such a
 * page could not read the answer, but it could make this server work for it. Other programs send no such header.
 */
export function isCrossOrigin(header: string | string[] | undefined): boolean {
  return header === 'cross-site' || header === 'same-site';
}
