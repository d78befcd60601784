import { STATUS_MESSAGE, STATUS_NEED_INPUT } from '../../assembly/constants.js';
import type { ErrorCode } from '../core/errors.js';
import type { ClientHandshake, ServerHandshake } from '../protocol/handshake/handshake.js';
import type { ByteChannel, ChannelOwner } from '../transport/byte-channel.js';
import type { ChunkCodec, CodecMessage } from '../wasm/chunk-codec.js';
import { shakeHands } from './shake-hands.js';

/**
 * What a link tells its owner and asks of it. Only methods that say so may throw; their errors go to {@link
 * LinkOwner.failed}.
 */
export interface LinkOwner {
  /**
   * Whether bytes that were just read may be handled now. When not, the link handles nothing and reads nothing more
   * until {@link RtmpLink.goOn}.
   */
  mayHandle(): boolean;
  /** The handshake is done, and chunk stream follows. May throw. */
  handshakeDone(): void;
  /** The peer does not speak RTMP. */
  handshakeFailed(code: ErrorCode): void;
  /** So many bytes of chunk stream are handled next; 0: the rest of bytes that were announced before. May throw. */
  handling(bytes: number): void;
  /** The codec holds a batch of audio and video messages of one message stream, valid until return. May throw. */
  batch(codec: ChunkCodec): void;
  /** Another message came; borrowed until return. May throw. */
  message(message: CodecMessage): void;
  /**
   * Asked between messages: whether the next one may be handled at once. If not, the rest waits in the codec until
   * {@link RtmpLink.goOn}.
   */
  mayGoOn(): boolean;
  /** Everything that was read has been handled. May throw. */
  handled(): void;
  /**
   * Asked when nothing more can be handled now: whether to read on. If not, {@link RtmpLink.goOn} or the channel's
   * owner starts reading again.
   */
  mayRead(bytes: number): boolean;
  /** A fault in the received bytes, as a SluiceError, or a defect of Sluice. */
  failed(error: unknown): void;
  /** The channel is closed. No other call follows. */
  closed(error: NodeJS.ErrnoException | undefined): void;
}

/**
 * The reading half of one RTMP connection, of a server as of a client. Bytes of the channel land in the codec's memory,
 * pass through the handshake, and come out as batches of media and as messages. Batches stay where the codec has framed
 * them until their owner takes them.
 */
export class RtmpLink implements ChannelOwner {
  readonly channel: ByteChannel;
  /** Bytes received, handshake included. */
  bytesIn = 0;
  readonly #codec: ChunkCodec;
  readonly #owner: LinkOwner;
  /** Undefined once it is done. */
  #handshake: ServerHandshake | ClientHandshake | undefined;
  /** Bytes at the start of the codec's input that are not handled yet, because the owner said that they must wait. */
  #unhandled = 0;
  /** Whether everything that still comes is discarded. */
  #over = false;

  /**
   * @param channel not opened yet
   * @param codec its memory is read into until {@link LinkOwner.closed}; after that it is the caller's again
   * @param handshake of a server or of a client, which has to send its own first bytes
   */
  constructor(channel: ByteChannel, codec: ChunkCodec, handshake: ServerHandshake | ClientHandshake, owner: LinkOwner) {
    this.channel = channel;
    this.#codec = codec;
    this.#handshake = handshake;
    this.#owner = owner;
  }

  /** Begins reading. */
  open(): void {
    this.channel.open(this);
  }

  /** Called by the channel. */
  buffer(): Buffer {
    return this.#codec.input;
  }

  /** Called by the channel. */
  read(count: number, into: Buffer): boolean {
    this.#codec.noteInput(count);
    this.bytesIn += count;
    if (count <= 0 || this.#over) return true;
    // The bytes were read before the codec moved to its larger memory, and landed in the old one.
    if (into !== this.#codec.input) into.copy(this.#codec.input, 0, 0, count);
    this.#unhandled = count;
    return this.#owner.mayHandle() && this.#handle();
  }

  /** Called by the channel. */
  closed(error: NodeJS.ErrnoException | undefined): void {
    this.#over = true;
    this.#owner.closed(error);
  }

  /** Handles what had to wait, and then reads again. */
  goOn(): void {
    if (!this.#over && this.#handle() && !this.#over) this.channel.resumeReads();
  }

  /** Sends what was written, then closes; see {@link ByteChannel.finish}. Everything that still comes is discarded. */
  finish(graceMs: number): void {
    this.#over = true;
    this.channel.finish(graceMs);
  }

  /** Closes at once. */
  destroy(): void {
    this.#over = true;
    this.channel.destroy();
  }

  /**
   * Handles what was read last; after that, or when that is done, what the codec still has.
   *
   * @returns whether to read on now
   */
  #handle(): boolean {
    const count = this.#unhandled;
    this.#unhandled = 0;
    try {
      if (this.#handshake === undefined) this.#parse(0, count);
      else if (count > 0) this.#shake(this.#handshake, count);
    } catch (error) {
      this.#owner.failed(error);
    }
    return this.#owner.mayRead(count);
  }

  #shake(handshake: ServerHandshake | ClientHandshake, count: number): void {
    const start = shakeHands(handshake, this.#codec.input.subarray(0, count), (bytes) => this.channel.send(bytes));
    if (typeof start === 'string') this.#owner.handshakeFailed(start);
    if (typeof start !== 'number') return;
    this.#handshake = undefined;
    this.#owner.handshakeDone();
    if (start < count) this.#parse(start, count);
  }

  /** Takes `input[start, end)` and handles what is complete. With (0, 0) it goes on where it was stopped. */
  #parse(start: number, end: number): void {
    const codec = this.#codec;
    const owner = this.#owner;
    owner.handling(end - start);
    let status = codec.next(start, end);
    for (;;) {
      if (codec.batchCount > 0) owner.batch(codec);
      if (status === STATUS_NEED_INPUT) break;
      if (status < 0) throw codec.error(status);
      if (status === STATUS_MESSAGE) owner.message(codec.message);
      if (!owner.mayGoOn()) return;
      status = codec.next(0, 0);
    }
    owner.handled();
  }
}
