import { eventFilter } from '../subjects.js';

/** The streams that a consumer wants, as a NATS filter and an exact test. */
export interface StreamPattern {
  /** The pattern as it was given. */
  readonly text: string;
  /** NATS subject filter: as narrow as the pattern allows. */
  readonly filter: string;
  /** Whether a stream matches. */
  matches(app: string, name: string): boolean;
}

/**
 * Reads a pattern of `APP/NAME`, which is the `subject` of a stream's events. `*` matches any run of characters,
 * slashes included: `live/*` matches the streams of the app `live` and of apps such as `live/studio`. A pattern without
 * a slash is an app: `live` is `live/*`, and `*` is every stream.
 *
 * @param prefix subject prefix, `sluice.v1` by default in the server
 */
export function streamPattern(pattern: string, prefix: string): StreamPattern {
  const whole = pattern.includes('/') ? pattern : `${pattern}/*`;
  const test = pattern === '*' ? /^/ : wildcard(whole);
  const parts = whole.split('/');
  // Which of several slashes separates app and name is unknown, and a `*` may match one. A subject token is matched as
  // a whole or not at all.
  const only = parts.length === 2 && !whole.includes('*');
  const filter = eventFilter(prefix, only ? { app: parts[0], name: parts[1] } : {});
  return { text: pattern, filter, matches: (app, name) => test.test(`${app}/${name}`) };
}

function wildcard(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
