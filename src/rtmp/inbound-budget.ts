import type { ErrorCode } from '../core/errors.js';

/** Bounds on what a connection that does not publish may send, in bytes. */
interface InboundLimits {
  /** In total, after the handshake, while it neither publishes nor plays, and uses no shared object. */
  readonly preAuthBytes: number;
  /** A second, on average, while it plays or uses a shared object. */
  readonly inboundBytesPerSecond: number;
}

/** The rate is averaged over this long. */
const WINDOW_MS = 10_000;

/**
 * Bounds the bytes of a connection that does not publish: it has to send only acknowledgements, pongs and a few
 * commands.
 */
export class InboundBudget {
  readonly #limits: InboundLimits;
  /** Counted, and not spent yet. */
  #unspent = 0;
  #idleBytes = 0;
  #windowFromMs = 0;
  #windowBytes = 0;

  constructor(limits: InboundLimits) {
    this.#limits = limits;
  }

  /** The connection publishes: bytes before that no longer count. */
  settle(): void {
    this.#unspent = 0;
    this.#idleBytes = 0;
  }

  /** Counts bytes of chunk stream just read from a connection that does not publish. */
  count(bytes: number): void {
    this.#unspent += bytes;
  }

  /**
   * Spends `more` bytes and what was counted before.
   *
   * @returns the code of the bound that is passed, or undefined
   */
  spend(more: number, inUse: boolean, nowMs: number): ErrorCode | undefined {
    const { preAuthBytes, inboundBytesPerSecond } = this.#limits;
    const bytes = more + this.#unspent;
    this.#unspent = 0;
    if (!inUse) {
      this.#idleBytes += bytes;
      return this.#idleBytes > preAuthBytes ? 'ERR_LIMIT_PREAUTH_BYTES' : undefined;
    }
    this.#idleBytes = 0;
    if (nowMs - this.#windowFromMs > WINDOW_MS) {
      this.#windowFromMs = nowMs;
      this.#windowBytes = 0;
    }
    this.#windowBytes += bytes;
    return this.#windowBytes > (inboundBytesPerSecond * WINDOW_MS) / 1000 ? 'ERR_LIMIT_INBOUND_RATE' : undefined;
  }
}
