import { createHmac, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import { ExpiringMap } from '../core/expiring-map.js';

/** N = 2^14, r = 8, p = 1: about 50 ms and 16 MiB for each. */
const COST: ScryptOptions = { N: 16_384, r: 8, p: 1, maxmem: 32 * 1024 * 1024 };
const HASH_BYTES = 32;
const SALT_BYTES = 16;
/** How many are computed at once. libuv has four threads, and the journal's writes need one of them at any time. */
const AT_ONCE = 2;
/** Most that wait: 2.5 s of work. */
const MAX_WAITING = 100;
const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 10_000;

/** A hash of a password as it stands in the settings: `scrypt:<salt>:<hash>`, both in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt);
  return `scrypt:${salt.toString('base64url')}:${hash.toString('base64url')}`;
}

/**
 * Compares passwords with their scrypt hashes, off the event loop. Results are remembered for a minute under an HMAC
 * with a key of this process, so that an encoder which connects often costs one hash.
 */
export class ScryptKeys {
  readonly #clock: Clock;
  readonly #secret = randomBytes(32);
  readonly #known = new ExpiringMap<boolean>(MAX_REMEMBERED);
  readonly #running = new Map<string, Promise<boolean>>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Whether a password is the one of a hash. It is known at once when it was asked within the last minute.
   *
   * @param stored what {@link hashPassword} returned
   * @returns undefined when too many passwords wait
   */
  matches(password: string, stored: string): boolean | Promise<boolean> | undefined {
    const key = createHmac('sha256', this.#secret)
      .update(JSON.stringify([stored, password]))
      .digest('base64');
    const known = this.#known.get(key, this.#clock.monotonicMs());
    if (known !== undefined) return known;
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    if (this.#waiting.length >= MAX_WAITING) return undefined;
    const result = this.#compare(password, stored)
      .then((isRight) => {
        this.#known.set(key, isRight, this.#clock.monotonicMs() + REMEMBERED_MS);
        return isRight;
      })
      .finally(() => this.#running.delete(key));
    this.#running.set(key, result);
    return result;
  }

  async #compare(password: string, stored: string): Promise<boolean> {
    const [, salt = '', hash = ''] = stored.split(':');
    await this.#turn();
    try {
      return timingSafeEqual(await derive(password, Buffer.from(salt, 'base64url')), Buffer.from(hash, 'base64url'));
    } finally {
      this.#busy -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    while (this.#busy >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy += 1;
  }
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, COST, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}
