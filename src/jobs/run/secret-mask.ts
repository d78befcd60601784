/** Shorter texts are no secrets, and masking them would hide half of every line. */
const MIN_CHARACTERS = 4;
/** The same for values of a query: `mode=live` is no secret, and `live` stands in every other line. */
const MIN_QUERY_CHARACTERS = 8;
const MASK = '***';

/**
 * Replaces secrets by `***`: exactly as given and percent-encoded. Of a secret that is a URL, the password and the
 * values of the query from 8 characters on are masked by themselves as well, because programs print the parts of a URL
 * apart. Of a secret with several lines each line is masked. Secrets of fewer than 4 characters are not.
 */
export class SecretMask {
  /** Bytes of the longest form of a secret; 0 when there is none. */
  readonly longestBytes: number;
  /** Compares bytes as characters of Latin-1, so that text of any encoding can be masked. */
  readonly #pattern: RegExp | undefined;

  constructor(secrets: readonly string[]) {
    const forms = new Set(secrets.flatMap(partsOf).flatMap(formsOf).map(toLatin1));
    // The longest come first: a part that is masked would keep the whole from being recognised.
    const sorted = [...forms].sort((a, b) => b.length - a.length);
    this.longestBytes = sorted[0]?.length ?? 0;
    this.#pattern = sorted.length === 0 ? undefined : new RegExp(sorted.map(escapePattern).join('|'), 'g');
  }

  /** Masks a text. */
  maskText(text: string): string {
    if (this.#pattern === undefined) return text;
    return Buffer.from(this.maskLatin1(toLatin1(text)), 'latin1').toString('utf8');
  }

  /** Masks text whose bytes stand as characters of Latin-1, and in which each secret is whole. */
  maskLatin1(text: string): string {
    return this.#pattern === undefined ? text : text.replace(this.#pattern, MASK);
  }
}

/**
 * What may be secret in the URLs of texts such as arguments: passwords, and values of the query from 8 characters on,
 * as keys of other servers are given. The rest of the URL may be shown.
 */
export function secretsInUrls(texts: readonly string[]): string[] {
  const urls = texts.flatMap((text) => text.match(/[a-z][a-z0-9+.-]*:\/\/[^\s"'|<>]+/gi) ?? []);
  return urls.flatMap((url) => {
    const password = /^[^:]+:\/\/[^/?#@:]*:([^/?#]+)@/.exec(url)?.[1] ?? '';
    const query = /\?([^#]*)/.exec(url)?.[1] ?? '';
    const values = query.split('&').map(queryValue);
    return [password, ...values.filter((value) => value.length >= MIN_QUERY_CHARACTERS)].filter((part) => part !== '');
  });
}

function partsOf(secret: string): string[] {
  const parts = secret.split(/[\r\n]+/);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(secret) && URL.canParse(secret)) {
    const { password, searchParams, search } = new URL(secret);
    // The query is taken apart by hand too: what a program prints is not decoded, and `+` is no space there.
    const values = [...searchParams.values(), ...search.slice(1).split('&').map(queryValue)];
    parts.push(password, ...values.filter((value) => value.length >= MIN_QUERY_CHARACTERS));
  }
  return parts.filter((part) => part.length >= MIN_CHARACTERS);
}

function queryValue(pair: string): string {
  return pair.slice(pair.indexOf('=') + 1);
}

function formsOf(secret: string): string[] {
  // Going through UTF-8 replaces halves of surrogate pairs, which cannot be encoded.
  const encoded = encodeURIComponent(Buffer.from(secret, 'utf8').toString('utf8'));
  return [secret, encoded, encoded.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase())];
}

function toLatin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
