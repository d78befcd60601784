import type { IncomingMessage } from 'node:http';
import type { NameRequest } from '../live/access.js';

const SUFFIX = '.flv';
/** Recordings, which are files of the same ending, are the API's. */
const FILES = '/v1/recordings/';

/**
 * What a path asks for: `/live/cam1.flv` is stream `cam1` of app `live`, and all segments but the last are the app. A
 * slash in a name is written as `%2F`, since the app would end behind it: `/live/a%2Fb.flv` is stream `a/b`. The query
 * is passed on as it is, as RTMP clients have it in their names.
 *
 * @param url path and query, as they were sent
 * @returns undefined when it is no path of a stream
 */
export function streamOf(url: string): NameRequest | undefined {
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  if (!path.startsWith('/') || !path.endsWith(SUFFIX) || path.startsWith(FILES)) return undefined;
  const segments: string[] = [];
  for (const segment of path.slice(1, -SUFFIX.length).split('/')) {
    const plain = decoded(segment);
    if (plain === undefined) return undefined;
    segments.push(plain);
  }
  const name = segments.pop() ?? '';
  // A slash that was escaped would make two segments of one. In a name it is one of the name.
  if (segments.some((segment) => segment.includes('/'))) return undefined;
  return { app: segments.join('/'), name, query: at < 0 ? '' : url.slice(at + 1) };
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** What a page of another origin may do. */
export class Origins {
  readonly #any: boolean;
  readonly #listed: ReadonlySet<string>;

  /** @param list origins such as `https://example.org`, separated by commas; `*`: every one */
  constructor(list: string) {
    const origins = list
      .split(',')
      .map((origin) => origin.trim().toLowerCase().replace(/\/$/, ''))
      .filter((origin) => origin !== '');
    this.#any = origins.includes('*');
    this.#listed = new Set(origins);
  }

  /**
   * Whether a request may be answered: it comes from no page, from a page of this very server, or from one on the list.
   * Browsers hold WebSockets to no such rule themselves.
   */
  allows({ headers: { origin, host } }: IncomingMessage): boolean {
    if (origin === undefined || this.#any || this.#listed.has(origin.toLowerCase())) return true;
    return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
  }

  /** The headers that let a page of another origin read the answer; none for other clients. */
  headers({ headers: { origin } }: IncomingMessage): Record<string, string> {
    if (origin === undefined || !(this.#any || this.#listed.has(origin.toLowerCase()))) return {};
    return this.#any
      ? { 'access-control-allow-origin': '*' }
      : { 'access-control-allow-origin': origin, vary: 'origin' };
  }
}
