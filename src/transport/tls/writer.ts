import type { TLSSocket } from 'node:tls';
import { getSystemErrorName } from 'node:util';
import type { Drainable } from '../byte-channel.js';
import { BINDING, type StreamHandle } from '../stream-handle.js';

/**
 * Bytes that are encrypted at a time. The encrypted copy belongs to this connection alone, whereas what waits behind it
 * is shared with all other players; a slow one keeps no more than this for itself. Four records of 16 KiB.
 */
const PIECE_BYTES = 65_536;
/** Small writes that wait are put together up to the size of a record. */
const RECORD_BYTES = 16_384;
/** From so many waiting control bytes on the sender should wait. */
const HIGH_WATER_BYTES = 16_384;

/** Bytes that were not given to OpenSSL yet. */
interface Waiting {
  bytes: Buffer;
  /** Told when all of them have gone; undefined for control messages. */
  readonly waiter: Drainable | undefined;
}

/** What is being sent of one or more {@link Waiting}. */
interface Sending {
  readonly bytes: Buffer;
  /** Of them, bytes of control messages. */
  readonly control: number;
  /** Those whose last bytes these are. */
  readonly waiters: readonly Drainable[];
}

/**
 * The writing half of a TLS connection. The handle of OpenSSL takes one write at a time, encrypts all of it at once,
 * and says in a later turn of the event loop that it is done; what is written meanwhile waits here, as the views that
 * it came as. A write of which the kernel has taken everything counts as gone at once.
 */
export class TlsWriter {
  /** Bytes of control messages that still wait. */
  pendingBytes = 0;
  /** Bytes of all kinds that still wait. */
  unsentBytes = 0;
  writtenBytes = 0;
  readonly #socket: TLSSocket;
  readonly #handle: StreamHandle | undefined;
  /** The TCP handle below. */
  readonly #below: StreamHandle | undefined;
  #queue: Waiting[] = [];
  #busy = false;
  /** What is under way, as long as the kernel has not taken it. */
  #sending: Sending | undefined;
  #senders: Drainable[] = [];
  #ending = false;
  #over = false;

  /** @param handle of the socket; undefined: writes go through the Writable */
  constructor(socket: TLSSocket, handle: StreamHandle | undefined) {
    this.#socket = socket;
    this.#handle = handle;
    const parent = (handle as unknown as { _parent?: StreamHandle } | undefined)?._parent;
    this.#below = parent?.constructor.name === 'TCP' ? parent : undefined;
  }

  /** See `ByteChannel.send`. */
  send(bytes: Buffer): boolean {
    if (this.#over || this.#ending || this.#socket.destroyed) return true;
    this.pendingBytes += bytes.length;
    this.#put(bytes, undefined);
    return this.pendingBytes < HIGH_WATER_BYTES;
  }

  /** See `ByteChannel.whenSent`. */
  whenSent(waiter: Drainable): boolean {
    if (this.pendingBytes < HIGH_WATER_BYTES) return true;
    this.#senders.push(waiter);
    return false;
  }

  /** See `ByteChannel.write`. */
  write(bytes: Buffer, waiter: Drainable): boolean {
    if (this.#over || this.#ending || this.#socket.destroyed) return true;
    return this.#put(bytes, waiter);
  }

  /** Sends the end once everything has gone. */
  end(): void {
    this.#ending = true;
    if (!this.#busy && this.#queue.length === 0) this.#socket.end();
  }

  /** The socket is closed: nobody waits any longer. */
  closed(): void {
    this.#over = true;
    const waiting = this.#queue.splice(0).flatMap(({ waiter }) => (waiter === undefined ? [] : [waiter]));
    this.#gone();
    this.unsentBytes = 0;
    this.pendingBytes = 0;
    this.#senders = [];
    for (const waiter of waiting) waiter.drained();
  }

  /** @returns whether all of it has gone */
  #put(bytes: Buffer, waiter: Drainable | undefined): boolean {
    this.writtenBytes += bytes.length;
    this.unsentBytes += bytes.length;
    // One write that goes at once needs no place in the queue. While a waiter is told, others may stand there already.
    if (!this.#busy && this.#queue.length === 0 && bytes.length <= PIECE_BYTES) {
      const control = waiter === undefined ? bytes.length : 0;
      this.#sending = { bytes, control, waiters: [] };
      this.#issue(bytes);
      if (this.#sending === undefined || this.#over) return true;
      if (waiter !== undefined) this.#sending = { bytes, control, waiters: [waiter] };
      return false;
    }
    this.#queue.push({ bytes, waiter });
    this.#pump();
    return false;
  }

  /** Sends what waits, as far as it can go now. */
  #pump(): void {
    if (this.#busy || this.#over || this.#socket.destroyed) return;
    const sending = this.#next();
    if (sending !== undefined) {
      this.#sending = sending;
      this.#issue(sending.bytes);
    } else if (this.#ending) this.#socket.end();
  }

  /** Takes the next piece from the queue: a part of a long write, or several short ones as one. */
  #next(): Sending | undefined {
    const first = this.#queue[0];
    if (first === undefined) return undefined;
    if (first.bytes.length > PIECE_BYTES) {
      const bytes = first.bytes.subarray(0, PIECE_BYTES);
      first.bytes = first.bytes.subarray(PIECE_BYTES);
      return { bytes, control: first.waiter === undefined ? bytes.length : 0, waiters: [] };
    }
    let count = 1;
    let length = first.bytes.length;
    while (count < this.#queue.length && length + this.#queue[count].bytes.length <= RECORD_BYTES) {
      length += this.#queue[count].bytes.length;
      count++;
    }
    const taken = this.#queue.splice(0, count);
    const control = taken.reduce((sum, { bytes, waiter }) => sum + (waiter === undefined ? bytes.length : 0), 0);
    return {
      bytes: count === 1 ? first.bytes : Buffer.concat(taken.map(({ bytes }) => bytes)),
      control,
      waiters: taken.flatMap(({ waiter }) => (waiter === undefined ? [] : [waiter])),
    };
  }

  /** Gives {@link #sending} to OpenSSL. */
  #issue(bytes: Buffer): void {
    this.#busy = true;
    const handle = this.#handle;
    if (handle === undefined || BINDING === undefined) {
      this.#socket.write(bytes, () => this.#done());
      return;
    }
    const request = new BINDING.WriteWrap();
    request.oncomplete = () => this.#done();
    const failure = handle.writeBuffer(request, bytes);
    if (failure !== 0) {
      this.#over = true;
      this.#socket.destroy(Object.assign(new Error('write failed'), { code: getSystemErrorName(failure) }));
    } else if (this.#below?.writeQueueSize === 0) this.#gone();
  }

  /** OpenSSL takes the next write. */
  #done(): void {
    this.#busy = false;
    this.#gone();
    this.#pump();
  }

  /** What was under way has gone. */
  #gone(): void {
    const sending = this.#sending;
    if (sending === undefined) return;
    this.#sending = undefined;
    this.unsentBytes -= sending.bytes.length;
    this.pendingBytes -= sending.control;
    for (const waiter of sending.waiters) waiter.drained();
    if (this.pendingBytes === 0 && this.#senders.length > 0)
      for (const waiter of this.#senders.splice(0)) waiter.drained();
  }
}
