import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** A payload and an HMAC-SHA256 of it, both in base64url. */
const SEALED = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/;

/** Writes JSON as text that nobody without its secret can write, and that fits into a URL, and reads it. */
export class SealedText {
  readonly #key: KeyObject;
  readonly #mostCharacters: number;

  /**
   * @param secret for this use alone
   * @param mostCharacters of a text that is read
   */
  constructor(secret: Uint8Array, mostCharacters: number) {
    this.#key = createSecretKey(secret);
    this.#mostCharacters = mostCharacters;
  }

  /** `<payload>.<HMAC-SHA256 of it>`. The same value has the same text. It is a secret. */
  write(value: object): string {
    const payload = Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${payload}.${this.#signature(payload)}`;
  }

  /** The value of a text. @returns undefined when nobody with this secret has written the text exactly so */
  read(text: string): unknown {
    if (text.length > this.#mostCharacters) return undefined;
    const [, payload, signature] = SEALED.exec(text) ?? [];
    if (payload === undefined || signature === undefined) return undefined;
    if (!timingSafeEqual(Buffer.from(signature), Buffer.from(this.#signature(payload)))) return undefined;
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  }

  #signature(payload: string): string {
    return createHmac('sha256', this.#key).update(payload).digest('base64url');
  }
}
