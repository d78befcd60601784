/** What is written as it is. */
const PLAIN = /^[A-Za-z0-9_-]+$/;

/**
 * Writes any string as one NATS subject token, KV key part or file name: every byte outside `A-Z a-z 0-9 _ -` becomes
 * `=HH` (upper-case hex of the UTF-8 byte), the empty string becomes `=`. Reversible with {@link unescapeToken}.
 *
 * `*`, `>`, `.` and blanks can therefore never reach a subject: JetStream stores a publish to `x.*` as a literal
 * subject.
 */
export function escapeToken(text: string): string {
  if (text === '') return '=';
  if (PLAIN.test(text)) return text;
  let out = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const plain =
      (byte >= 0x30 && byte <= 0x39) ||
      (byte >= 0x41 && byte <= 0x5a) ||
      (byte >= 0x61 && byte <= 0x7a) ||
      byte === 0x5f ||
      byte === 0x2d;
    out += plain ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/**
 * The inverse of {@link escapeToken}.
 *
 * @returns the original text, or `undefined` when `token` is not something that {@link escapeToken} writes
 */
export function unescapeToken(token: string): string | undefined {
  if (token === '=') return '';
  if (PLAIN.test(token)) return token;
  if (!/^(?:[A-Za-z0-9_-]|=[0-9A-F]{2})+$/.test(token)) return undefined;
  const bytes: number[] = [];
  for (let i = 0; i < token.length; i++) {
    if (token[i] === '=') {
      bytes.push(Number.parseInt(token.slice(i + 1, i + 3), 16));
      i += 2;
    } else {
      bytes.push(token.charCodeAt(i));
    }
  }
  const text = Buffer.from(bytes).toString('utf8');
  return escapeToken(text) === token ? text : undefined;
}
