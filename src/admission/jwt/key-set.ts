import { open } from 'node:fs/promises';
import type { Clock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { isLoopback } from '../../core/loopback.js';
import { BoundedHttp } from '../../http-client/bounded-http.js';
import { keysOfSet, type VerificationKey } from './verification-key.js';

/** How long keys are used before they are read again. */
const FRESH_MS = 600_000;
/** Least time between two attempts to read, when there are keys, and when there are none yet. */
const LEAST_PAUSE_MS = { withKeys: 30_000, without: 1000 };
/** How long one attempt may take. */
const LOAD_TIMEOUT_MS = 2000;
/** Most bytes of a key set. */
const MAX_BYTES = 65_536;

type Keys = readonly VerificationKey[];
/** The text of a key set, or why it cannot be read, in words without secrets. */
type Loaded = { readonly text: string } | { readonly why: string };

/** What a key set is read with. */
interface KeySetDeps {
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The keys of a JSON Web Key Set in a file or at a URL. They are read when they are needed: at first, when they are 10
 * min old, and for a `kid` that is not among them, every 30 s at most. When that fails, the keys of before stay.
 */
export class KeySet {
  readonly #place: string;
  readonly #deps: KeySetDeps;
  readonly #http = new BoundedHttp();
  readonly #url: URL | undefined;
  #keys: Keys | undefined;
  /** Monotonic ms of the newest success and the newest attempt. */
  #readMs = Number.NEGATIVE_INFINITY;
  #triedMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  /**
   * @param place path, or https URL; http only on this machine
   * @throws ERR_CONFIG_INVALID_VALUE for another URL
   */
  constructor(place: string, deps: KeySetDeps) {
    this.#place = place;
    this.#deps = deps;
    this.#url = /^[a-z]+:\/\//i.test(place) ? keySetUrl(place) : undefined;
  }

  /** The keys; undefined when they could never be read. */
  async current(): Promise<Keys | undefined> {
    if (this.#deps.clock.monotonicMs() - this.#readMs >= FRESH_MS) await this.#refresh();
    return this.#keys;
  }

  /** The keys after a `kid` was not among them. */
  async newer(): Promise<Keys | undefined> {
    await this.#refresh();
    return this.#keys;
  }

  close(): void {
    this.#http.close();
  }

  #refresh(): Promise<void> {
    if (this.#reading !== undefined) return this.#reading;
    const nowMs = this.#deps.clock.monotonicMs();
    const pauseMs = this.#keys === undefined ? LEAST_PAUSE_MS.without : LEAST_PAUSE_MS.withKeys;
    if (nowMs - this.#triedMs < pauseMs) return Promise.resolve();
    this.#triedMs = nowMs;
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const loaded = await (this.#url === undefined ? loadFile(this.#place) : this.#loadUrl(this.#url));
    const keys = 'text' in loaded ? keysOfSet(loaded.text) : undefined;
    if (keys === undefined) {
      const cause = 'why' in loaded ? loaded.why : 'no JSON Web Key Set with a key for RS256 or EdDSA';
      this.#deps.log.warn({ cause, keys: this.#keys?.length ?? 0 }, 'jwt: the key set cannot be read; older keys stay');
      return;
    }
    this.#keys = keys;
    this.#readMs = this.#deps.clock.monotonicMs();
  }

  async #loadUrl(url: URL): Promise<Loaded> {
    const outcome = await this.#http.ask({
      ...{ method: 'GET', url, timeoutMs: LOAD_TIMEOUT_MS, maxBytes: MAX_BYTES, isFresh: true },
      headers: { accept: 'application/jwk-set+json, application/json', 'user-agent': 'sluice' },
    });
    if (outcome.kind !== 'answer') return { why: outcome.why };
    return outcome.status === 200 ? { text: outcome.body.toString('utf8') } : { why: `status ${outcome.status}` };
  }
}

async function loadFile(path: string): Promise<Loaded> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES + 1), 0, MAX_BYTES + 1, 0);
      if (bytesRead > MAX_BYTES) return { why: `the file has more than ${MAX_BYTES} bytes` };
      return { text: buffer.toString('utf8', 0, bytesRead) };
    } finally {
      await file.close();
    }
  } catch (error) {
    return { why: (error as NodeJS.ErrnoException).code ?? 'the file cannot be read' };
  }
}

/** Keys that come in the clear could be anybody's, but for those of this machine. */
function keySetUrl(text: string): URL {
  let url: URL | undefined;
  try {
    url = new URL(text);
  } catch {
    // Told below, without the text: a URL may hold a password.
  }
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, '')))) {
    return url;
  }
  throw new SluiceError('ERR_CONFIG_INVALID_VALUE', 'auth.jwt.jwks is no path and no https URL');
}
