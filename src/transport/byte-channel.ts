import type { TransportName } from '../model/peer.js';

/** Is told when bytes that could not go at once have gone. */
export interface Drainable {
  drained(): void;
}

/** What a {@link ByteChannel} asks of its reader and tells it. None of this may throw. */
export interface ChannelOwner {
  /** The buffer for the next read. It is asked for again after every read. */
  buffer(): Buffer;
  /**
   * Bytes have come.
   *
   * @param count how many
   * @param into where they are: what {@link buffer} returned before the read
   * @returns false to stop reading until {@link ByteChannel.resumeReads}
   */
  read(count: number, into: Buffer): boolean;
  /** The channel is closed. Called once, last. `error` says why, unless the close was in good order. */
  closed(error: NodeJS.ErrnoException | undefined): void;
}

/**
 * Carries the bytes of one connection, both ways. The owner gives the memory in which reads land, so that bytes are
 * where they are handled. Views that are written are shared by all that write them. TCP is one implementation, and
 * every other has the same file names. A process that loads only one of them pays nothing for the interface: each call
 * has one target.
 */
export interface ByteChannel {
  /** How the bytes arrive, as events and admission name it. Encryption inside of RTMP (RTMPE) is not told here. */
  readonly transport: TransportName;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Bytes of control messages ({@link send}) that still wait in this process. */
  readonly pendingBytes: number;
  /** Bytes of all kinds that still wait in this process. */
  readonly unsentBytes: number;
  /**
   * Bytes that have left this process since the channel was opened: for TCP, those that the kernel has taken. 0 once it
   * is closed.
   */
  readonly takenBytes: number;
  /** Bytes given to {@link send} and {@link write} since the channel was opened. Still known once it is closed. */
  readonly writtenBytes: number;

  /** Begins reading for `owner`. Call it once. Nothing is read before. */
  open(owner: ChannelOwner): void;
  /** Stops reading. The peer notices, because its writes fill the buffers in between. */
  pauseReads(): void;
  /** Goes on reading. It does nothing while the channel reads, or when it is closed. */
  resumeReads(): void;
  /**
   * Sends a control message, in order with {@link write}.
   *
   * @param bytes transferred
   * @returns false when so much waits that the sender should wait: see {@link whenSent}
   */
  send(bytes: Buffer): boolean;
  /**
   * Says when {@link send} may go on.
   *
   * @returns true when it may now; false when it may not: then `waiter.drained` is called once it may, or never when
   *   the channel closes
   */
  whenSent(waiter: Drainable): boolean;
  /**
   * Sends shared bytes.
   *
   * @param bytes borrowed until they have gone; they must not change
   * @returns true when all of them have gone, or the channel is closed; false when some still wait: then
   *   `waiter.drained` is called once they have gone, or the channel is closed
   */
  write(bytes: Buffer, waiter: Drainable): boolean;
  /** Whether more than `bytes` still wait in this process. Costs next to nothing while all writes go at once. */
  isBehind(bytes: number): boolean;
  /**
   * Sends what was written and the end, then closes. The owner must read and discard what still comes: closing with
   * unread bytes would lose the last message to the peer.
   *
   * @param graceMs after so many milliseconds it is destroyed
   */
  finish(graceMs: number): void;
  /** Closes at once. */
  destroy(): void;
}

/** A channel that somebody reads already: everything else can be done with it. */
export type OpenChannel = Omit<ByteChannel, 'open'>;
