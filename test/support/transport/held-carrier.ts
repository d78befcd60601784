import type { Drainable, OpenChannel } from '../../../src/transport/byte-channel.js';

/**
 * Carries the bytes of a channel around it: takes writes of up to `room` bytes at once, holds the next one until a test
 * lets it go, and reads its bytes only then, as a kernel does.
 */
export class HeldCarrier implements OpenChannel {
  transport: OpenChannel['transport'] = 'rtmp';
  readonly localAddress = 'here';
  readonly localPort = 1;
  readonly remoteAddress = 'there';
  readonly remotePort = 2;
  pendingBytes = 0;
  takenBytes = 0;
  writtenBytes = 0;
  room = Number.POSITIVE_INFINITY;
  readonly calls: string[] = [];
  readonly sent: Buffer[] = [];
  /** The write under way: read again when it goes, as a kernel does. */
  #under: { bytes: Buffer; waiter: Drainable } | undefined;

  /** Whether a write is under way. */
  get holds(): boolean {
    return this.#under !== undefined;
  }
  get unsentBytes(): number {
    return this.#under?.bytes.length ?? 0;
  }
  /** Everything that has gone, in order. */
  get got(): Buffer {
    return Buffer.concat(this.sent);
  }
  send(bytes: Buffer): boolean {
    this.calls.push(`send ${bytes.length}`);
    this.#take(bytes);
    return true;
  }
  write(bytes: Buffer, waiter: Drainable): boolean {
    if (this.#under !== undefined) throw new Error('a second write is under way');
    this.calls.push(`write ${bytes.length}`);
    if (bytes.length <= this.room) {
      this.room -= bytes.length;
      this.#take(bytes);
      return true;
    }
    this.#under = { bytes, waiter };
    return false;
  }
  /** The write under way goes, and `room` bytes more. */
  drain(room: number): void {
    const { bytes, waiter } = this.#under!;
    this.#under = undefined;
    this.room = room;
    this.#take(bytes);
    waiter.drained();
  }
  whenSent(): boolean {
    return true;
  }
  isBehind(bytes: number): boolean {
    return this.unsentBytes > bytes;
  }
  pauseReads(): void {
    this.calls.push('pause');
  }
  resumeReads(): void {
    this.calls.push('resume');
  }
  finish(graceMs: number): void {
    this.calls.push(`finish ${graceMs}`);
  }
  destroy(): void {
    this.calls.push('destroy');
  }
  #take(bytes: Buffer): void {
    this.sent.push(Buffer.from(bytes));
    this.takenBytes += bytes.length;
    this.writtenBytes += bytes.length;
  }
}
