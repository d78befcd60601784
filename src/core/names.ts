/** Longest app or stream name accepted, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 128;

/** What names may be made of unless `names.allow` says otherwise. */
export const DEFAULT_NAME_CHARACTERS = 'A-Za-z0-9_\\-.~=+@/';

/**
 * Checks app and stream names. A name that does not fit is refused, never rewritten: names become NATS subjects, KV keys and
 * paths of URLs, and two names must never become one.
 */
export class NameRule {
  readonly #pattern: RegExp;
  readonly #maxBytes: number;

  /** @param characters the inside of a regular expression's character class */
  constructor(characters: string = DEFAULT_NAME_CHARACTERS, maxBytes: number = MAX_NAME_BYTES) {
    this.#pattern = new RegExp(`^[${characters}]*$`);
    this.#maxBytes = maxBytes;
  }

  /**
   * Says what is wrong with `name`, in words for a person, or undefined when it may be used. The empty name is allowed
   * (GoPro cameras publish with one).
   */
  problem(name: string): string | undefined {
    const bytes = Buffer.byteLength(name);
    if (bytes > this.#maxBytes) return `it is ${bytes} bytes long, ${this.#maxBytes} are allowed`;
    if (name === '') return undefined;
    if (!this.#pattern.test(name)) return 'it has a character that is not allowed';
    if (name.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')) {
      return 'it has an empty, "." or ".." segment';
    }
    return undefined;
  }
}
