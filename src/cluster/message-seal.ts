import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { z } from '../core/zod.js';

const SEALED = z.object({ text: z.string().max(1 << 20), mac: z.string().max(64) });

/** Seals JSON that nodes of a cluster send each other, by HMAC-SHA256 with a key for one use alone. */
export class MessageSeal {
  readonly #key: KeyObject;

  /**
   * @param secret `cluster.secret`
   * @param use what the key is for
   */
  constructor(secret: string, use: string) {
    this.#key = createSecretKey(createHmac('sha256', secret).update(use).digest());
  }

  /** A body that only {@link open} with the same purpose takes. */
  seal(purpose: string, value: object): Buffer {
    const text = JSON.stringify(value);
    return Buffer.from(JSON.stringify({ text, mac: this.#mac(purpose, text) }), 'utf8');
  }

  /** What was sealed; undefined: no node of this cluster has sealed it for this purpose. */
  open(purpose: string, body: Uint8Array): unknown {
    try {
      const sealed = SEALED.safeParse(JSON.parse(Buffer.from(body).toString('utf8')));
      if (!sealed.success) return undefined;
      const { text, mac } = sealed.data;
      const [given, right] = [Buffer.from(mac, 'utf8'), Buffer.from(this.#mac(purpose, text), 'utf8')];
      if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  #mac(purpose: string, text: string): string {
    return createHmac('sha256', this.#key).update(`${purpose}\n${text}`).digest('base64url');
  }
}
