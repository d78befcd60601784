import type { ByteChannel, ChannelOwner, Drainable } from './byte-channel.js';

/** Sees what passes through a {@link TappedChannel}. The bytes are borrowed until return. None of these may throw. */
interface Tap {
  received(bytes: Buffer): void;
  sent(bytes: Buffer): void;
  closed(): void;
}

/** A channel whose bytes a {@link Tap} sees, each way, before its owner or the other end does. */
export class TappedChannel implements ByteChannel {
  readonly #inner: ByteChannel;
  readonly #tap: Tap;

  /** @param inner not opened yet; this channel's from here on */
  constructor(inner: ByteChannel, tap: Tap) {
    this.#inner = inner;
    this.#tap = tap;
  }

  get transport(): ByteChannel['transport'] {
    return this.#inner.transport;
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
    return this.#inner.pendingBytes;
  }
  get unsentBytes(): number {
    return this.#inner.unsentBytes;
  }
  get takenBytes(): number {
    return this.#inner.takenBytes;
  }
  get writtenBytes(): number {
    return this.#inner.writtenBytes;
  }

  open(owner: ChannelOwner): void {
    this.#inner.open({
      buffer: () => owner.buffer(),
      read: (count, into) => {
        if (count > 0) this.#tap.received(into.subarray(0, count));
        return owner.read(count, into);
      },
      closed: (error) => {
        owner.closed(error);
        this.#tap.closed();
      },
    });
  }

  pauseReads(): void {
    this.#inner.pauseReads();
  }

  resumeReads(): void {
    this.#inner.resumeReads();
  }

  send(bytes: Buffer): boolean {
    this.#tap.sent(bytes);
    return this.#inner.send(bytes);
  }

  whenSent(waiter: Drainable): boolean {
    return this.#inner.whenSent(waiter);
  }

  write(bytes: Buffer, waiter: Drainable): boolean {
    this.#tap.sent(bytes);
    return this.#inner.write(bytes, waiter);
  }

  isBehind(bytes: number): boolean {
    return this.#inner.isBehind(bytes);
  }

  finish(graceMs: number): void {
    this.#inner.finish(graceMs);
  }

  destroy(): void {
    this.#inner.destroy();
  }
}
