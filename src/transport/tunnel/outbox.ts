import type { Drainable } from '../byte-channel.js';

/** Bytes that wait for an answer to carry them. */
interface Waiting {
  readonly bytes: Buffer;
  /** Told when all of them have gone; undefined for control messages. */
  readonly waiter: Drainable | undefined;
}

/** From so many waiting control bytes on the sender should wait; the mark of a TCP socket in Node. */
const HIGH_WATER_BYTES = 65_536;

/**
 * What was written to a session and waits for a request that can carry it. Shared bytes wait as they are: they are
 * copied only when they go, and then their writer has them back.
 */
export class Outbox {
  /** Bytes of all kinds that wait. */
  bytes = 0;
  /** Bytes of control messages among them. */
  controlBytes = 0;
  #waiting: Waiting[] = [];
  /** Bytes of the first one that have gone. */
  #gone = 0;
  #senders: Drainable[] = [];

  /** @param waiter told once when all of these bytes have gone, or at {@link clear}; undefined for control messages */
  put(bytes: Buffer, waiter: Drainable | undefined): void {
    if (bytes.length === 0) return;
    this.#waiting.push({ bytes, waiter });
    this.bytes += bytes.length;
    if (waiter === undefined) this.controlBytes += bytes.length;
  }

  /** Whether more control messages may be sent now; if not, `waiter` is told once they may. */
  whenSent(waiter: Drainable): boolean {
    if (this.hasRoom) return true;
    this.#senders.push(waiter);
    return false;
  }

  /** Whether so few control bytes wait that more may be sent. */
  get hasRoom(): boolean {
    return this.controlBytes < HIGH_WATER_BYTES;
  }

  /**
   * Takes bytes in the order in which they were written. Whoever is told that its bytes have gone may write the next
   * ones, which go too when there is room.
   *
   * @param most bytes
   * @returns copies, the caller's
   */
  take(most: number): Buffer[] {
    const taken: Buffer[] = [];
    let room = most;
    for (let first = this.#waiting[0]; first !== undefined && room > 0; first = this.#waiting[0]) {
      const { bytes, waiter } = first;
      const piece = bytes.subarray(this.#gone, this.#gone + room);
      taken.push(Buffer.from(piece));
      room -= piece.length;
      this.bytes -= piece.length;
      if (waiter === undefined) this.controlBytes -= piece.length;
      this.#gone += piece.length;
      if (this.#gone < bytes.length) break;
      this.#waiting.shift();
      this.#gone = 0;
      waiter?.drained();
    }
    if (this.hasRoom) for (const sender of this.#senders.splice(0)) sender.drained();
    return taken;
  }

  /** Discards everything and tells those that wait for it. */
  clear(): void {
    const left = this.#waiting;
    this.#waiting = [];
    this.#gone = 0;
    this.bytes = 0;
    this.controlBytes = 0;
    this.#senders = [];
    for (const { waiter } of left) waiter?.drained();
  }
}
