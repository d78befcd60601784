import { escapeToken } from '../../core/escape.js';

/** Which streams a consumer wants, as a NATS filter and an exact test. */
export interface StreamPattern {
  /** NATS subject filter: as narrow as the pattern allows. */
  readonly filter: string;
  /** Whether a stream is meant. */
  matches(app: string, name: string): boolean;
}

/**
 * Reads a pattern `APP/NAME`. `*` stands for any run of characters, in either part; `*` alone means every stream.
 *
 * @param prefix subject prefix, `sluice.v1` by default in the server
 */
export function streamPattern(pattern: string, prefix: string): StreamPattern {
  const slash = pattern.indexOf('/');
  const [app, name] = slash < 0 ? [pattern, '*'] : [pattern.slice(0, slash), pattern.slice(slash + 1)];
  const [appTest, nameTest] = [wildcard(app), wildcard(name)];
  const token = (part: string): string => (part.includes('*') ? '*' : escapeToken(part));
  return {
    filter: `${prefix}.evt.${token(app)}.${token(name)}.>`,
    matches: (a, n) => appTest.test(a) && nameTest.test(n),
  };
}

function wildcard(part: string): RegExp {
  const parts = part.split('*').map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
