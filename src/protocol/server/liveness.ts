/** What to do about a peer that sends nothing. */
type LivenessVerdict = 'fine' | 'ping' | 'dead';

/**
 * Finds peers that are gone. A ping is sent only after a whole interval without a byte, and only silence after the ping
 * means that the peer is dead: OBS and rtmpsink never answer pings while they publish, and they need not.
 */
export class Liveness {
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  #seenBytes = 0;
  #isPinged = false;
  #dueMs: number;

  /** @param intervalMs silence before a ping, 0 for never; @param timeoutMs silence after it */
  constructor(intervalMs: number, timeoutMs: number, nowMs: number) {
    this.#intervalMs = intervalMs;
    this.#timeoutMs = timeoutMs;
    this.#dueMs = intervalMs > 0 ? nowMs + intervalMs : Number.POSITIVE_INFINITY;
  }

  /** When {@link tick} has something to do next; `Infinity` when pings are off. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /**
   * To be called at {@link dueMs} or later; earlier calls do nothing.
   *
   * @param totalBytes received since the connection began
   */
  tick(nowMs: number, totalBytes: number): LivenessVerdict {
    if (nowMs < this.#dueMs) return 'fine';
    if (totalBytes !== this.#seenBytes) {
      this.#seenBytes = totalBytes;
      this.#isPinged = false;
      this.#dueMs = nowMs + this.#intervalMs;
      return 'fine';
    }
    if (this.#isPinged) return 'dead';
    this.#isPinged = true;
    this.#dueMs = nowMs + this.#timeoutMs;
    return 'ping';
  }
}
