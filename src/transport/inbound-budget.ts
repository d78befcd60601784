import type { ErrorCode } from '../core/errors.js';

/** Bounds on what a connection that does not publish may send, in bytes. */
export interface InboundLimits {
  /** In all, after the handshake, before it publishes or plays. */
  readonly preAuthBytes: number;
  /** A second, averaged, while it plays. */
  readonly inboundBytesPerSecond: number;
}

const HANDSHAKE_BYTES = 3073;
/** A player's rate is averaged over this long. */
const WINDOW_MS = 10_000;

/** Whoever does not publish has little to say: acknowledgements, pongs, a few commands. */
export class InboundBudget {
  readonly #limits: InboundLimits;
  #windowFromMs = 0;
  #windowBytes = 0;

  constructor(limits: InboundLimits) {
    this.#limits = limits;
  }

  /**
   * Counts `count` bytes just read of `totalBytes` so far.
   *
   * @returns the code of the bound that is passed, or undefined
   */
  spend(count: number, totalBytes: number, playing: boolean, nowMs: number): ErrorCode | undefined {
    const { preAuthBytes, inboundBytesPerSecond } = this.#limits;
    if (!playing) return totalBytes > preAuthBytes + HANDSHAKE_BYTES ? 'ERR_LIMIT_PREAUTH_BYTES' : undefined;
    if (nowMs - this.#windowFromMs > WINDOW_MS) {
      this.#windowFromMs = nowMs;
      this.#windowBytes = 0;
    }
    this.#windowBytes += count;
    return this.#windowBytes > (inboundBytesPerSecond * WINDOW_MS) / 1000 ? 'ERR_LIMIT_INBOUND_RATE' : undefined;
  }
}
