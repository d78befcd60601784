import { STATUS_MESSAGE, STATUS_NEED_INPUT } from '../../assembly/constants.js';
import type { ErrorCode } from '../core/errors.js';
import type { ClientHandshake, ServerHandshake } from '../protocol/handshake/handshake.js';
import type { ByteChannel, ChannelOwner, OpenChannel } from '../transport/byte-channel.js';
import { CipherChannel } from '../transport/cipher/channel.js';
import type { ChunkCodec, CodecMessage } from '../wasm/chunk-codec.js';
import { type CipherKeys, CodecCipher } from '../wasm/codec-cipher.js';
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
  /**
   * The handshake is done, and chunk stream follows. From now on {@link RtmpLink.channel} is what to send on. May
   * throw.
   */
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
  /** Bytes received, handshake included. */
  bytesIn = 0;
  readonly #carrier: ByteChannel;
  /** Set once the handshake has made the keys of an encrypted connection. */
  #encrypted: CipherChannel | undefined;
  readonly #codec: ChunkCodec;
  readonly #owner: LinkOwner;
  /** What received bytes pass before they are chunk stream. Undefined once there is nothing. */
  #before: ServerHandshake | ClientHandshake | CodecCipher | undefined;
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
    this.#carrier = channel;
    this.#codec = codec;
    this.#before = handshake;
    this.#owner = owner;
  }

  /** What to send on. It is another one, which encrypts, after the handshake of an encrypted connection. */
  get channel(): OpenChannel {
    return this.#encrypted ?? this.#carrier;
  }

  /** Whether the connection is encrypted. Known once the handshake is done. */
  get isEncrypted(): boolean {
    return this.#encrypted !== undefined;
  }

  /** Begins reading. */
  open(): void {
    this.#carrier.open(this);
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
    this.#encrypted?.closed();
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
      const before = this.#before;
      if (before === undefined) this.#parse(0, count);
      else if (before instanceof CodecCipher) this.#decrypt(before, 0, count);
      else if (count > 0) this.#shake(before, count);
    } catch (error) {
      this.#owner.failed(error);
    }
    return this.#owner.mayRead(count);
  }

  #shake(handshake: ServerHandshake | ClientHandshake, count: number): void {
    const start = shakeHands(handshake, this.#codec.input.subarray(0, count), (bytes) => this.channel.send(bytes));
    if (typeof start === 'string') this.#owner.handshakeFailed(start);
    if (typeof start !== 'number') return;
    const cipher = this.#begin(handshake.keys);
    this.#owner.handshakeDone();
    if (start >= count) return;
    if (cipher === undefined) this.#parse(start, count);
    else this.#decrypt(cipher, start, count);
  }

  /** The handshake is done. @returns the ciphers when it has made keys */
  #begin(keys: CipherKeys | undefined): CodecCipher | undefined {
    this.#before = undefined;
    if (keys === undefined) return undefined;
    const { cipher } = this.#codec;
    cipher.start(keys);
    this.#before = cipher;
    this.#encrypted = new CipherChannel(this.#carrier, cipher);
    return cipher;
  }

  /** As {@link #parse}, of bytes that are encrypted. With (0, 0) it goes on with what was decrypted before. */
  #decrypt(cipher: CodecCipher, start: number, end: number): void {
    if (end > start) cipher.decrypt(start, end);
    this.#parse(start, end);
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
