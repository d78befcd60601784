import type { ByteChannel, ChannelOwner, Drainable } from '../../../src/transport/byte-channel.js';

/** So much may lie between the two ends, in bytes, as in a kernel's buffers. */
const CAPACITY_BYTES = 65_536;
/** From so many waiting control bytes on the sender should wait. */
const HIGH_WATER_BYTES = 65_536;

/** Bytes that there was no room for yet. */
interface Waiting {
  bytes: Buffer;
  /** Told when all of them have gone; undefined for control messages. */
  readonly waiter: Drainable | undefined;
}

/**
 * One end of a pair of channels that are joined back to back in memory. What one end writes the other reads, in order,
 * piece by piece, each in a turn of the event loop of its own; a reader that stops fills what lies between, and then
 * its writer's bytes wait.
 */
export class MemoryChannel implements ByteChannel {
  readonly transport = 'rtmp';
  readonly localAddress = '127.0.0.1';
  readonly remoteAddress = '127.0.0.1';
  readonly localPort: number;
  readonly remotePort: number;
  takenBytes = 0;
  writtenBytes = 0;
  pendingBytes = 0;
  readonly #capacity: number;
  #peer!: MemoryChannel;
  #owner: ChannelOwner | undefined;
  /** Written, and not between the ends yet. */
  #outbox: Waiting[] = [];
  /** Between the ends: copies, as a kernel keeps. */
  #inbox: Buffer[] = [];
  #inboxBytes = 0;
  /** Who waits for the control messages to have gone. */
  #senders: Drainable[] = [];
  #reading = false;
  #armed = false;
  /** Nothing more will be written here. */
  #ending = false;
  /** The other end has written all it ever will. */
  #peerEnded = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(localPort: number, remotePort: number, capacity: number) {
    this.localPort = localPort;
    this.remotePort = remotePort;
    this.#capacity = capacity;
  }

  /** Two channels that are joined. @param capacity bytes that may lie between them, in each direction */
  static pair(capacity = CAPACITY_BYTES): [MemoryChannel, MemoryChannel] {
    const first = new MemoryChannel(1, 2, capacity);
    const second = new MemoryChannel(2, 1, capacity);
    first.#peer = second;
    second.#peer = first;
    return [first, second];
  }

  get unsentBytes(): number {
    return this.#outbox.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  open(owner: ChannelOwner): void {
    this.#owner = owner;
    this.resumeReads();
  }

  pauseReads(): void {
    this.#reading = false;
  }

  resumeReads(): void {
    this.#reading = true;
    this.#arm();
  }

  send(bytes: Buffer): boolean {
    this.pendingBytes += bytes.length;
    this.#put({ bytes, waiter: undefined });
    return this.pendingBytes < HIGH_WATER_BYTES;
  }

  whenSent(waiter: Drainable): boolean {
    if (this.pendingBytes < HIGH_WATER_BYTES) return true;
    this.#senders.push(waiter);
    return false;
  }

  write(bytes: Buffer, waiter: Drainable): boolean {
    const piece = { bytes, waiter };
    this.#put(piece);
    return !this.#outbox.includes(piece);
  }

  isBehind(bytes: number): boolean {
    return this.unsentBytes > bytes;
  }

  finish(graceMs: number): void {
    this.#end();
    this.resumeReads();
    if (!this.#closed) this.#timer = setTimeout(() => this.destroy(), graceMs);
  }

  destroy(): void {
    if (this.#closed) return;
    this.#ending = true;
    this.#inbox = [];
    this.#inboxBytes = 0;
    this.#close();
    this.#peer.#hearEnd();
  }

  #put(piece: Waiting): void {
    if (this.#ending || this.#closed) return;
    this.writtenBytes += piece.bytes.length;
    this.#outbox.push(piece);
    this.#flush();
  }

  /** Moves what there is room for between the ends. @returns those whose bytes have gone */
  #flush(): Drainable[] {
    const gone: Drainable[] = [];
    for (let first = this.#outbox[0]; first !== undefined; first = this.#outbox[0]) {
      const room = Math.min(this.#capacity - this.#peer.#inboxBytes, first.bytes.length);
      if (room > 0) this.#move(first, room);
      if (first.bytes.length > 0) break;
      this.#outbox.shift();
      if (first.waiter !== undefined) gone.push(first.waiter);
    }
    if (this.#ending && this.#outbox.length === 0) {
      this.#peer.#hearEnd();
      this.#arm();
    }
    return gone;
  }

  #move(piece: Waiting, count: number): void {
    this.#peer.#inbox.push(Buffer.from(piece.bytes.subarray(0, count)));
    this.#peer.#inboxBytes += count;
    this.takenBytes += count;
    if (piece.waiter === undefined) this.pendingBytes -= count;
    piece.bytes = piece.bytes.subarray(count);
    this.#peer.#arm();
  }

  #end(): void {
    if (this.#ending) return;
    this.#ending = true;
    if (this.#outbox.length === 0) this.#peer.#hearEnd();
  }

  #hearEnd(): void {
    this.#peerEnded = true;
    this.#arm();
  }

  #arm(): void {
    if (this.#armed || this.#owner === undefined || this.#closed) return;
    this.#armed = true;
    setImmediate(() => {
      this.#armed = false;
      this.#turn();
    });
  }

  /** One read, or the end behind the last. */
  #turn(): void {
    if (!this.#reading || this.#closed) return;
    const first = this.#inbox[0];
    if (first !== undefined) this.#read(first);
    else if (this.#peerEnded) {
      this.#end();
      if (this.#outbox.length === 0 || this.#peer.#closed) this.#close();
      return;
    }
    if (this.#inbox.length > 0 || this.#peerEnded) this.#arm();
  }

  #read(piece: Buffer): void {
    const into = this.#owner!.buffer();
    const count = piece.copy(into);
    if (count === piece.length) this.#inbox.shift();
    else this.#inbox[0] = piece.subarray(count);
    this.#inboxBytes -= count;
    if (!this.#owner!.read(count, into)) this.#reading = false;
    const peer = this.#peer;
    for (const waiter of peer.#flush()) waiter.drained();
    if (peer.pendingBytes === 0) for (const waiter of peer.#senders.splice(0)) waiter.drained();
  }

  #close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    const left = this.#outbox.splice(0);
    this.pendingBytes = 0;
    setImmediate(() => {
      for (const { waiter } of left) waiter?.drained();
      this.#owner?.closed(undefined);
    });
  }
}
