import type { ByteChannel, ChannelOwner, Drainable } from '../byte-channel.js';
import { Outbox } from './outbox.js';

/** The two ends of the HTTP connection that opened a session. */
export interface TunnelEnds {
  readonly transport: 'rtmpt' | 'rtmpts';
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** What a channel tells the session that carries its bytes. None of these may throw. */
interface Carrier {
  /** There is something to answer with: bytes wait, or the channel is to end. */
  outgoing(): void;
  /** Everything that {@link TunnelChannel.receive} was given has been read. */
  taken(): void;
  /** The channel is closed. Called once. */
  channelClosed(): void;
}

/**
 * The bytes of one session of the HTTP tunnel. What is written waits until an answer carries it; what requests bring is
 * read as its owner allows.
 */
export class TunnelChannel implements ByteChannel {
  readonly transport: 'rtmpt' | 'rtmpts';
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  writtenBytes = 0;
  /** Bytes of answers that are written to HTTP connections and that the kernel has not taken yet. */
  inFlightBytes = 0;
  readonly #carrier: Carrier;
  readonly #outbox = new Outbox();
  #owner: ChannelOwner | undefined;
  #unread: Buffer | undefined;
  #reading = false;
  #pumping = false;
  #ending = false;
  #closed = false;
  #grace: NodeJS.Timeout | undefined;

  constructor(ends: TunnelEnds, carrier: Carrier) {
    this.transport = ends.transport;
    this.localAddress = ends.localAddress;
    this.localPort = ends.localPort;
    this.remoteAddress = ends.remoteAddress;
    this.remotePort = ends.remotePort;
    this.#carrier = carrier;
  }

  get pendingBytes(): number {
    return this.#outbox.controlBytes;
  }

  get unsentBytes(): number {
    return this.#outbox.bytes + this.inFlightBytes;
  }

  get takenBytes(): number {
    return this.#closed ? 0 : this.writtenBytes - this.unsentBytes;
  }

  /** Whether the next answer would carry bytes, or the news that the session is over. */
  get hasNews(): boolean {
    return this.#outbox.bytes > 0 || this.#ending;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Bytes that were received and not read yet. */
  get unreadBytes(): number {
    return this.#unread?.length ?? 0;
  }

  open(owner: ChannelOwner): void {
    this.#owner = owner;
    this.resumeReads();
  }

  pauseReads(): void {
    this.#reading = false;
  }

  resumeReads(): void {
    if (this.#reading || this.#closed) return;
    this.#reading = true;
    // In a turn of its own, as bytes of a socket come: the owner may be in the middle of the last ones.
    if (this.#unread !== undefined) setImmediate(() => this.#readOn());
  }

  send(bytes: Buffer): boolean {
    this.#put(bytes, undefined);
    return this.#outbox.hasRoom;
  }

  whenSent(waiter: Drainable): boolean {
    return this.#outbox.whenSent(waiter);
  }

  write(bytes: Buffer, waiter: Drainable): boolean {
    if (this.#closed || this.#ending || bytes.length === 0) return true;
    this.#put(bytes, waiter);
    return false;
  }

  isBehind(bytes: number): boolean {
    return this.unsentBytes > bytes;
  }

  finish(graceMs: number): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    this.#grace = setTimeout(() => this.destroy(), graceMs);
    this.resumeReads();
    this.#carrier.outgoing();
  }

  destroy(): void {
    this.close();
  }

  /**
   * Closes at once; what still waits is discarded.
   *
   * @param error why; undefined: in good order
   */
  close(error?: NodeJS.ErrnoException): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#grace);
    this.#unread = undefined;
    this.#carrier.channelClosed();
    setImmediate(() => {
      this.#outbox.clear();
      this.#owner?.closed(error);
    });
  }

  /**
   * Takes bytes of a request.
   *
   * @param bytes transferred. Nothing else may be given until they have been read
   * @returns whether all of them have been read; if not, the carrier is told when they are
   */
  receive(bytes: Buffer): boolean {
    this.#unread = bytes;
    return this.#pump();
  }

  /**
   * Takes bytes for an answer.
   *
   * @param most bytes
   * @returns copies, in order, and whether the channel is to be closed behind them
   */
  takeForAnswer(most: number): { readonly pieces: readonly Buffer[]; readonly isLast: boolean } {
    const pieces = this.#outbox.take(most);
    return { pieces, isLast: this.#ending && this.#outbox.bytes === 0 };
  }

  #put(bytes: Buffer, waiter: Drainable | undefined): void {
    if (this.#closed || this.#ending) return;
    this.writtenBytes += bytes.length;
    this.#outbox.put(bytes, waiter);
    this.#carrier.outgoing();
  }

  #readOn(): void {
    if (this.#unread !== undefined && this.#pump()) this.#carrier.taken();
  }

  /** Gives the owner what waits, for as long as it reads. @returns whether nothing waits any more */
  #pump(): boolean {
    if (this.#pumping) return false;
    this.#pumping = true;
    while (this.#unread !== undefined && this.#reading && this.#owner !== undefined) {
      const into = this.#owner.buffer();
      const count = this.#unread.copy(into);
      this.#unread = count < this.#unread.length ? this.#unread.subarray(count) : undefined;
      if (!this.#owner.read(count, into)) this.#reading = false;
    }
    this.#pumping = false;
    return this.#unread === undefined;
  }
}
