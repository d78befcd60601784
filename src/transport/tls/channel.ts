import type { TLSSocket } from 'node:tls';
import { getSystemErrorName } from 'node:util';
import type { ByteChannel, ChannelOwner, Drainable } from '../byte-channel.js';
import { BINDING, handleOf, type StreamHandle, takeFirstRead } from '../stream-handle.js';
import { TlsWriter } from './writer.js';

/** Where reads land that the owner gives no buffer for now. They are copied before the next read of any channel. */
const SPARE = Buffer.alloc(16_384);

/** How a {@link TlsChannel} reads and writes. */
export interface TlsChannelOptions {
  /** False reads through `data` events and writes through the Writable, as on a runtime without the handle's parts. */
  readonly direct?: boolean;
}

/**
 * A TLS connection, of a server as of a client. OpenSSL decrypts a record of at most 16 KiB at a time; where Node lets
 * it, the record is copied once, into the buffer that the owner gives. Writes: see {@link TlsWriter}.
 */
export class TlsChannel implements ByteChannel {
  readonly transport = 'rtmps';
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #socket: TLSSocket;
  readonly #handle: StreamHandle | undefined;
  readonly #writer: TlsWriter;
  #owner: ChannelOwner | undefined;
  /** Where the next read lands: the owner's buffer, or {@link SPARE}. */
  #into: Buffer = SPARE;
  /** Read, and not handed to the owner yet: it comes before everything that is read later. */
  #held: Buffer[] = [];
  #paused = false;
  /** Whether the other end has ended, behind what is held. */
  #ended = false;
  #error: NodeJS.ErrnoException | undefined;

  /** @param socket its handshake may still be under way; nothing was read from it. The channel's from here on */
  constructor(socket: TLSSocket, options: TlsChannelOptions = {}) {
    this.#socket = socket;
    this.localAddress = socket.localAddress ?? '';
    this.localPort = socket.localPort ?? 0;
    this.remoteAddress = socket.remoteAddress ?? '';
    this.remotePort = socket.remotePort ?? 0;
    this.#handle = (options.direct ?? true) ? handleOf(socket, 'TLSWrap') : undefined;
    this.#writer = new TlsWriter(socket, this.#handle);
  }

  get pendingBytes(): number {
    return this.#writer.pendingBytes;
  }
  get unsentBytes(): number {
    return this.#writer.unsentBytes;
  }
  get takenBytes(): number {
    return this.#socket.destroyed ? 0 : this.#writer.writtenBytes - this.#writer.unsentBytes;
  }
  get writtenBytes(): number {
    return this.#writer.writtenBytes;
  }

  /**
   * Waits for the first bytes inside TLS, and with them for the end of the handshake, before the channel is opened. In
   * `came` or later the caller opens the channel, whose owner gets these bytes first, or takes the socket with {@link
   * release}, or destroys the channel.
   *
   * @param came called once, with at least one byte, borrowed; or with none and the reason, when the handshake fails or
   *   the connection is closed before. Then the channel is destroyed
   */
  peek(came: (first: Buffer | undefined, error?: Error) => void): void {
    const socket = this.#socket;
    let isOver = false;
    const tell = (first: Buffer | undefined, error?: Error): void => {
      if (isOver) return;
      isOver = true;
      if (first === undefined) socket.destroy();
      else this.#held.push(first);
      came(first, error);
    };
    // Errors of TLS are told before the socket is closed, and they must have a listener.
    socket.on('error', (error) => tell(undefined, error));
    socket.once('close', () => tell(undefined));
    const handle = this.#handle;
    if (handle !== undefined)
      takeFirstRead(handle, (bytes, failure) => tell(bytes, bytes === undefined ? readError(failure) : undefined));
    else
      socket.once('data', (bytes: Buffer) => {
        socket.pause();
        tell(bytes);
      });
  }

  /** Gives up the channel unopened. @returns its socket, paused, with the bytes of {@link peek} put back */
  release(): TLSSocket {
    this.#stopReads();
    this.#socket.pause();
    for (const bytes of this.#held.splice(0)) this.#socket.unshift(bytes);
    return this.#socket;
  }

  open(owner: ChannelOwner): void {
    const socket = this.#socket;
    const handle = this.#handle;
    this.#owner = owner;
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('close', () => {
      this.#writer.closed();
      owner.closed(this.#error);
    });
    if (handle === undefined) {
      socket.on('data', (bytes: Buffer) => {
        this.#held.push(bytes);
        this.#handOver();
      });
      socket.on('end', () => this.#hearEnd());
    } else {
      // What came between the handshake and now.
      while (socket.readableLength > 0) this.#held.push(socket.read() as Buffer);
      handle.onread = () => this.#onRead(BINDING!.streamBaseState[BINDING!.kReadBytesOrError]);
      this.#into = this.#held.length === 0 ? owner.buffer() : SPARE;
      handle.useUserBuffer(this.#into);
    }
    socket.resume();
    if (this.#held.length > 0) process.nextTick(() => this.#handOver());
  }

  /**
   * Called by the handle for each record that was decrypted into {@link #into}, and for the end.
   *
   * @returns where the next one lands; undefined: in the same memory
   */
  #onRead(count: number): Buffer | undefined {
    if (count < 0) this.#failed(count);
    if (count <= 0 || this.#socket.destroyed) return undefined;
    if (this.#into === SPARE) {
      this.#held.push(SPARE.subarray(0, count));
      if (this.#held.length === 1) this.#handOver();
      const last = this.#held.length - 1;
      // What the owner did not take must not be overwritten.
      if (last >= 0) this.#held[last] = Buffer.from(this.#held[last]);
    } else if (!this.#owner!.read(count, this.#into)) this.pauseReads();
    // Records that OpenSSL has already come even when reading has stopped.
    const next = this.#paused || this.#held.length > 0 ? SPARE : this.#owner!.buffer();
    if (next === this.#into) return undefined;
    this.#into = next;
    return next;
  }

  #failed(failure: number): void {
    const error = readError(failure);
    if (error === undefined) this.#hearEnd();
    else this.#socket.destroy(error);
  }

  #hearEnd(): void {
    this.#ended = true;
    this.#handOver();
  }

  /** Hands over what is held, for as long as the owner reads, and then the end. */
  #handOver(): void {
    const owner = this.#owner!;
    while (this.#held.length > 0 && !this.#paused && !this.#socket.destroyed) {
      const bytes = this.#held[0];
      const into = owner.buffer();
      const count = bytes.copy(into);
      if (count === bytes.length) this.#held.shift();
      else this.#held[0] = bytes.subarray(count);
      if (!owner.read(count, into)) this.pauseReads();
    }
    if (!this.#ended || this.#held.length > 0 || this.#handle === undefined || this.#socket.destroyed) return;
    this.#socket.push(null);
    this.#socket.read(0);
  }

  pauseReads(): void {
    this.#paused = true;
    this.#stopReads();
    if (this.#handle === undefined) this.#socket.pause();
  }

  #stopReads(): void {
    const handle = this.#handle;
    if (handle?.reading !== true || this.#socket.destroyed) return;
    handle.reading = false;
    handle.readStop();
  }

  resumeReads(): void {
    const handle = this.#handle;
    if (this.#socket.destroyed || this.#owner === undefined) return;
    this.#paused = false;
    this.#handOver();
    if (this.#paused || this.#ended || this.#socket.destroyed) return;
    if (handle === undefined) this.#socket.resume();
    else if (!handle.reading) {
      handle.reading = true;
      const failure = handle.readStart();
      if (failure !== 0) this.#socket.destroy(readError(failure));
    }
  }

  send(bytes: Buffer): boolean {
    return this.#writer.send(bytes);
  }

  whenSent(waiter: Drainable): boolean {
    return this.#writer.whenSent(waiter);
  }

  write(bytes: Buffer, waiter: Drainable): boolean {
    return this.#writer.write(bytes, waiter);
  }

  isBehind(bytes: number): boolean {
    return this.#writer.unsentBytes > bytes;
  }

  finish(graceMs: number): void {
    this.#writer.end();
    this.resumeReads();
    const timer = setTimeout(() => this.#socket.destroy(), graceMs);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** What the system says of a read, as an error; undefined: the end in good order. */
function readError(failure: number): NodeJS.ErrnoException | undefined {
  const code = getSystemErrorName(failure);
  return code === 'EOF' ? undefined : Object.assign(new Error('read failed'), { errno: failure, code });
}
