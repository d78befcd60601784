import type { OutboundMessage } from './chunk-writer.js';
import { acknowledgement } from './control.js';

/** Acknowledgements are sent at most once for this many bytes, unless the peer's window is smaller. */
const MIN_INTERVAL_BYTES = 1024;

/**
 * Counts received bytes against the window that a peer asked for with type 5, and says when an Acknowledgement is due.
 * That is after half a window: Flash and FMLE stop sending when a whole one is not acknowledged.
 */
export class AckWindow {
  #intervalBytes: number | undefined;
  #acknowledged = 0;

  /** Takes the peer's Window Acknowledgement Size in bytes; 0 is ignored. */
  setWindow(bytes: number): void {
    if (bytes > 0) this.#intervalBytes = Math.max(Math.floor(bytes / 2), Math.min(bytes, MIN_INTERVAL_BYTES));
  }

  /**
   * The count of received bytes at which the next Acknowledgement is due; undefined while the peer has not asked for
   * any.
   */
  get dueBytes(): number | undefined {
    return this.#intervalBytes === undefined ? undefined : this.#acknowledged + this.#intervalBytes;
  }

  /**
   * @param totalBytes received since the connection began; a plain count that never wraps
   * @returns the Acknowledgement to send now (its counter wraps at 2^32), or `undefined`
   */
  received(totalBytes: number): OutboundMessage | undefined {
    const { dueBytes } = this;
    if (dueBytes === undefined || totalBytes < dueBytes) return undefined;
    this.#acknowledged = totalBytes;
    return acknowledgement(totalBytes);
  }
}
