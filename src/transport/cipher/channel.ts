import type { TransportName } from '../../model/peer.js';
import type { Drainable, OpenChannel } from '../byte-channel.js';

/** Encrypts what is sent, in order. */
interface Cipher {
  /** Most bytes of one {@link encrypt}. */
  readonly pieceBytes: number;
  /**
   * @param bytes at least one; borrowed until return
   * @returns the same number of bytes, which stay as they are until the next call
   */
  encrypt(bytes: Uint8Array): Buffer;
}

/** Bytes that wait, not yet encrypted. */
interface Waiting {
  readonly bytes: Buffer;
  /** So many of them are encrypted and on their way. */
  at: number;
  /** Undefined for a control message. */
  readonly waiter: Drainable | undefined;
}

/** So many bytes of control messages that wait are too many, as with the Writable of a socket. */
const HIGH_WATER_BYTES = 65_536;

/**
 * The sending half of an encrypted connection (RTMPE) around the channel that carries it, TCP or another. Shared bytes
 * are encrypted for this peer a piece at a time, in one place that belongs to the connection: while a piece of them is
 * being sent, the rest waits as it came, shared with all other players, so a peer that reads slowly costs one piece of
 * memory and not a copy of all that it has not read. Its reader is the inner channel's, and decrypts for itself; it
 * tells this channel when that is closed.
 */
export class CipherChannel implements OpenChannel, Drainable {
  readonly #inner: OpenChannel;
  readonly #cipher: Cipher;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #waitingControlBytes = 0;
  /** Whether the cipher's place is being sent from. */
  #busy = false;
  /** Who waits for the piece under way, when it is the last of a write. */
  #lastWaiter: Drainable | undefined;
  #senders: Drainable[] = [];
  /** Set by {@link finish}. */
  #graceTimer: NodeJS.Timeout | undefined;
  #graceMs = 0;
  #over = false;

  /**
   * @param inner opened
   * @param cipher this channel's alone from here on
   */
  constructor(inner: OpenChannel, cipher: Cipher) {
    this.#inner = inner;
    this.#cipher = cipher;
  }

  /** Encryption inside of TLS does not show. */
  get transport(): TransportName {
    const { transport } = this.#inner;
    if (transport === 'rtmp') return 'rtmpe';
    return transport === 'rtmpt' ? 'rtmpte' : transport;
  }
  get localAddress(): string {
    return this.#inner.localAddress;
  }
  get localPort(): number {
    return this.#inner.localPort;
  }
  get remoteAddress(): string {
    return this.#inner.remoteAddress;
  }
  get remotePort(): number {
    return this.#inner.remotePort;
  }
  get pendingBytes(): number {
    return this.#inner.pendingBytes + this.#waitingControlBytes;
  }
  get unsentBytes(): number {
    return this.#inner.unsentBytes + this.#waitingBytes;
  }
  get takenBytes(): number {
    return this.#inner.takenBytes;
  }
  get writtenBytes(): number {
    return this.#inner.writtenBytes + this.#waitingBytes;
  }

  pauseReads(): void {
    this.#inner.pauseReads();
  }

  resumeReads(): void {
    this.#inner.resumeReads();
  }

  send(bytes: Buffer): boolean {
    if (this.#over) return true;
    if (this.#idle) return this.#sendNow(bytes);
    this.#wait({ bytes, at: 0, waiter: undefined });
    return this.#waitingControlBytes < HIGH_WATER_BYTES;
  }

  whenSent(waiter: Drainable): boolean {
    if (this.#idle) return this.#inner.whenSent(waiter);
    this.#senders.push(waiter);
    return false;
  }

  write(bytes: Buffer, waiter: Drainable): boolean {
    if (this.#over) return true;
    const write = { bytes, at: 0, waiter };
    if (this.#idle && this.#writeNow(write)) return true;
    if (write.at < bytes.length) this.#wait(write);
    return false;
  }

  isBehind(bytes: number): boolean {
    return this.#idle ? this.#inner.isBehind(bytes) : this.unsentBytes > bytes;
  }

  finish(graceMs: number): void {
    if (this.#idle) {
      this.#inner.finish(graceMs);
      return;
    }
    this.#graceMs = graceMs;
    this.#graceTimer = setTimeout(() => this.destroy(), graceMs);
    this.#inner.resumeReads();
  }

  destroy(): void {
    this.#over = true;
    clearTimeout(this.#graceTimer);
    this.#inner.destroy();
  }

  /** The inner channel is closed: all that wait for their bytes to go are told. */
  closed(): void {
    this.#over = true;
    clearTimeout(this.#graceTimer);
    this.#waitingBytes = 0;
    this.#waitingControlBytes = 0;
    for (const { waiter } of this.#waiting.splice(0)) waiter?.drained();
  }

  /** The piece under way has gone. Called by the inner channel. */
  drained(): void {
    this.#busy = false;
    const waiter = this.#lastWaiter;
    this.#lastWaiter = undefined;
    if (!this.#over) this.#goOn();
    waiter?.drained();
  }

  /** Whether nothing waits, so that bytes may be encrypted at once. */
  get #idle(): boolean {
    return !this.#busy && this.#waiting.length === 0;
  }

  #wait(entry: Waiting): void {
    const bytes = entry.bytes.length - entry.at;
    this.#waiting.push(entry);
    this.#waitingBytes += bytes;
    if (entry.waiter === undefined) this.#waitingControlBytes += bytes;
  }

  /** Encrypts a control message where it is: it was transferred. */
  #sendNow(bytes: Buffer): boolean {
    const { pieceBytes } = this.#cipher;
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      bytes.set(this.#cipher.encrypt(bytes.subarray(at, at + pieceBytes)), at);
    }
    return this.#inner.send(bytes);
  }

  /**
   * Writes piece by piece until one does not go at once; `at` says how far it came.
   *
   * @returns whether all of it has gone
   */
  #writeNow(write: Waiting): boolean {
    const { bytes, waiter } = write;
    const { pieceBytes } = this.#cipher;
    while (write.at < bytes.length) {
      const piece = this.#cipher.encrypt(bytes.subarray(write.at, write.at + pieceBytes));
      write.at += piece.length;
      if (this.#inner.write(piece, this)) continue;
      this.#busy = true;
      if (write.at === bytes.length) this.#lastWaiter = waiter;
      return false;
    }
    return true;
  }

  /** Sends what waits, in order, until a piece does not go at once. */
  #goOn(): void {
    while (!this.#busy && this.#waiting.length > 0) {
      const first = this.#waiting[0];
      const from = first.at;
      if (first.waiter === undefined) {
        this.#waiting.shift();
        this.#waitingBytes -= first.bytes.length;
        this.#waitingControlBytes -= first.bytes.length;
        this.#sendNow(first.bytes);
        continue;
      }
      const gone = this.#writeNow(first);
      this.#waitingBytes -= first.at - from;
      if (first.at === first.bytes.length) this.#waiting.shift();
      if (gone) first.waiter.drained();
    }
    if (!this.#idle) return;
    if (this.#graceTimer !== undefined) {
      clearTimeout(this.#graceTimer);
      this.#graceTimer = undefined;
      this.#inner.finish(this.#graceMs);
    }
    for (const sender of this.#senders.splice(0)) if (this.whenSent(sender)) sender.drained();
  }
}
