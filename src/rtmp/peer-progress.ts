import type { ByteChannel } from '../transport/byte-channel.js';

/**
 * The slowest reading for which the server waits, in bytes per ms: 64 kbit/s. Receivers open their window in steps of
 * up to a few hundred KB.
 */
const SLOWEST_BYTES_PER_MS = 8;

/**
 * Whether the peer of one socket takes what is sent to it, whatever play or reply the bytes belong to. A peer that
 * reads slowly makes progress, one that does not read makes none. Three things show progress: the kernel takes bytes,
 * the peer acknowledges bytes (RTMP 1.0 §5.4.3), or the peer's kernel acknowledges bytes (TCP). The first alone is not
 * enough: the kernel takes nothing more until a third of its send buffer is free, which at 100 kbit/s is every 30
 * seconds and more.
 */
export class PeerProgress {
  #takenBytes = -1;
  #acknowledged = 0;
  #acknowledgedByKernel = Number.POSITIVE_INFINITY;
  #waiting = false;
  #sinceMs = 0;
  /** Bytes that the peer acknowledged in its last step of the present wait. */
  #stepBytes = 0;

  /**
   * Checks the socket. Call it about once a second.
   *
   * @param unsentBytes what the kernel has not taken yet
   * @param takenBytes what it has taken since the connection began
   */
  look(unsentBytes: number, takenBytes: number, nowMs: number): void {
    // A wait counts from the check that sees it: at most one check late, never early.
    if (unsentBytes === 0 || !this.#waiting || takenBytes > this.#takenBytes) {
      this.#sinceMs = nowMs;
      this.#acknowledgedByKernel = Number.POSITIVE_INFINITY;
      this.#stepBytes = 0;
    }
    this.#waiting = unsentBytes > 0;
    this.#takenBytes = takenBytes;
  }

  /**
   * The peer says how much it has received in all.
   *
   * @param total the 32-bit counter of the Acknowledgement message; it wraps
   */
  acknowledged(total: number, nowMs: number): void {
    const step = (total - this.#acknowledged) >>> 0;
    if (step === 0) return;
    this.#acknowledged = total;
    // Serial arithmetic: a step of less than half the range is forward, a larger one is backward.
    if (step < 2 ** 31) this.#stepped(step, nowMs);
  }

  /**
   * The kernel says how many of the bytes it has taken were acknowledged by the peer's kernel. Later answers of a wait
   * are compared with its first.
   */
  acknowledgedByKernel(total: number, nowMs: number): void {
    if (total > this.#acknowledgedByKernel) this.#stepped(total - this.#acknowledgedByKernel, nowMs);
    this.#acknowledgedByKernel = total;
  }

  /** How long a peer that reads slowly may need for a step as long as its last one, in ms. */
  get stepMs(): number {
    return this.#stepBytes / SLOWEST_BYTES_PER_MS;
  }

  #stepped(bytes: number, nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#stepBytes = bytes;
  }

  /** Whether the kernel has answered since the present wait began. */
  get isKernelAsked(): boolean {
    return this.#acknowledgedByKernel !== Number.POSITIVE_INFINITY;
  }

  /** For how long bytes have waited without any progress, in ms; 0 while nothing waits. */
  stalledMs(nowMs: number): number {
    return this.#waiting ? nowMs - this.#sinceMs : 0;
  }
}

/**
 * A peer that has acknowledged many bytes at once and reads slowly is silent for long after that. Its time-out is at
 * most this many times as long.
 */
const MOST_PATIENCE = 5;
/** Acknowledgement window of a player that may be slow, in bytes. ffmpeg acknowledges half of it at a time. */
const NARROW_WINDOW_BYTES = 65_536;
/** A player for which nothing has waited for this long keeps up, in ms. */
const KEEPS_UP_AFTER_MS = 10_000;

/** The part of a channel that is watched. */
type WatchedChannel = Pick<
  ByteChannel,
  | 'transport'
  | 'localAddress'
  | 'localPort'
  | 'remoteAddress'
  | 'remotePort'
  | 'unsentBytes'
  | 'takenBytes'
  | 'pendingBytes'
>;

/** The {@link PeerProgress} of one socket, compared with `play.stallTimeoutMs`. */
export class StallWatch {
  channel: WatchedChannel;
  readonly #timeoutMs: number;
  readonly #progress = new PeerProgress();
  /** Since when no check has found bytes waiting. */
  #easySinceMs: number | undefined;
  #window: number | undefined;

  constructor(channel: WatchedChannel, timeoutMs: number) {
    this.channel = channel;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Checks the socket; call it about once a second.
   *
   * @returns whether its peer has taken nothing for the whole time-out, or for as long as a slow one needs for a step
   *   like its last
   */
  isStalled(nowMs: number): boolean {
    this.#progress.look(this.channel.unsentBytes, this.channel.takenBytes, nowMs);
    const stepMs = Math.min(this.#progress.stepMs, this.#timeoutMs * MOST_PATIENCE);
    return this.#progress.stalledMs(nowMs) >= Math.max(this.#timeoutMs, stepMs);
  }

  /**
   * Whether the kernel should be asked what the peer has acknowledged: once as soon as there is no progress, as a value
   * to compare with, and repeatedly when a part of the time-out has passed.
   */
  isSuspect(nowMs: number): boolean {
    const stalledMs = this.#progress.stalledMs(nowMs);
    return stalledMs >= this.#timeoutMs / 4 || (stalledMs > 0 && !this.#progress.isKernelAsked);
  }

  /**
   * The acknowledgement window that the peer should have, in bytes. A wide one costs least while the peer keeps up; a
   * narrow one shows progress soon enough when it is slow: at 100 kbit/s a window of 64 KiB is acknowledged about every
   * 5 seconds.
   *
   * @param wide the window of other peers
   * @returns the size to announce now; undefined when it has been announced
   */
  windowToAnnounce(wide: number, nowMs: number): number | undefined {
    if (this.channel.unsentBytes > 0 || this.#easySinceMs === undefined) this.#easySinceMs = nowMs;
    const keepsUp = nowMs - this.#easySinceMs >= KEEPS_UP_AFTER_MS;
    const wanted = keepsUp ? wide : Math.min(wide, NARROW_WINDOW_BYTES);
    if (wanted === (this.#window ?? wide)) return undefined;
    this.#window = wanted;
    return wanted;
  }

  /** The peer's Acknowledgement message came. */
  acknowledged(total: number, nowMs: number): void {
    this.#progress.acknowledged(total, nowMs);
  }

  /** The kernel's answer: bytes that it has taken and the peer's kernel has not acknowledged. */
  unacknowledged(bytes: number, nowMs: number): void {
    this.#progress.acknowledgedByKernel(this.channel.takenBytes - bytes, nowMs);
  }
}
