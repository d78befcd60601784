/**
 * Checks app and stream names. A name that does not fit is refused, never rewritten: names become NATS subjects, KV keys and
 * paths of URLs, and two names must never become one.
 */
export class NameRule {
  readonly #pattern: RegExp;
  readonly #maxBytes: number;

  /**
   * @param pattern regular expression that a whole name must match (`names.allow`)
   * @param maxBytes longest name, in bytes of UTF-8 (`names.maxBytes`)
   */
  constructor(pattern: string, maxBytes: number) {
    this.#pattern = new RegExp(`^(?:${pattern})$`);
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
