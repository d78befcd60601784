import { createHmac } from 'node:crypto';
import type { ConnectionFacts, NameRequest } from './access.js';

/** Identifies publishers as far as that matters for resuming a stream, without anything that reveals their key. */
export class Principals {
  readonly #salt: Uint8Array;

  /** @param salt secret of this installation */
  constructor(salt: Uint8Array) {
    this.#salt = salt;
  }

  /** Who may resume a stream: a client with the same key or, without keys, from the same address. */
  of(facts: ConnectionFacts, request: NameRequest): string {
    return request.query === '' ? `peer:${facts.peer.address}` : `key:${this.fingerprint(request.query)}`;
  }

  /** First 8 hex digits of HMAC-SHA256: they tell keys apart in events without revealing them. */
  fingerprint(secret: string): string {
    return createHmac('sha256', this.#salt).update(secret).digest('hex').slice(0, 8);
  }
}
