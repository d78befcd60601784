import { createHmac } from 'node:crypto';
import type { ConnectionFacts, NameRequest } from './access.js';

/** Who a publisher is, as far as it matters for going on with a stream, without anything that tells its key. */
export class Principals {
  readonly #salt: Uint8Array;

  /** @param salt secret of this installation */
  constructor(salt: Uint8Array) {
    this.#salt = salt;
  }

  /** Who may resume a stream: whoever has the same key, or, without keys, comes from the same address. */
  of(facts: ConnectionFacts, request: NameRequest): string {
    return request.query === '' ? `peer:${facts.peer.address}` : `key:${this.fingerprint(request.query)}`;
  }

  /** First 8 hex digits of HMAC-SHA256: tells keys apart in events without telling them. */
  fingerprint(secret: string): string {
    return createHmac('sha256', this.#salt).update(secret).digest('hex').slice(0, 8);
  }
}
