import { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { ByteChannel, ChannelOwner, Drainable } from '../byte-channel.js';
import { BINDING, handleOf, type StreamHandle, takeFirstRead, type WriteRequest } from '../stream-handle.js';

/** A request that no write has kept. It is reused for the next write, because almost every write is taken at once. */
let spareRequest: WriteRequest | undefined;

function onWritten(this: WriteRequest): void {
  const waiter = this.waiter;
  this.waiter = undefined;
  this.written?.(this.bytes?.length ?? 0);
  this.written = undefined;
  this.bytes = undefined;
  waiter?.drained();
}

/** How a {@link TcpChannel} reads. */
export interface TcpChannelOptions {
  /** False reads through `data` events and a copy, as on a runtime without `onread`; for tests of that path. */
  readonly direct?: boolean;
}

/**
 * A TCP socket with the shortest way for the hot path: reads land in a buffer that the owner gives (the WASM linear
 * memory), and writes of shared media go to the stream handle without the Writable's work for each write. Only this
 * file uses these internals; everything else about the socket is plain net.Socket.
 */
export class TcpChannel implements ByteChannel {
  readonly transport = 'rtmp';
  #socket: Socket;
  readonly #handle: StreamHandle | undefined;
  /** Media of writes that the kernel has not taken in full. */
  #mediaBytes = 0;
  /** False while it is known that the kernel has taken everything. */
  #mayWait = false;
  readonly #written = (count: number): void => {
    this.#mediaBytes -= count;
  };
  #error: NodeJS.ErrnoException | undefined;
  /** What {@link peek} has read and the owner does not have yet. */
  #first: Buffer | undefined;
  /** Who gets it. */
  #owner: ChannelOwner | undefined;

  /**
   * @param socket connected and paused, so that nothing has been read from it. The channel owns it from here on: {@link
   *   open} takes its handle
   */
  constructor(socket: Socket, options: TcpChannelOptions = {}) {
    this.#socket = socket;
    this.#handle = (options.direct ?? true) ? handleOf(socket, 'TCP') : undefined;
  }

  /**
   * Reads what comes first, before the channel is opened. In `came` or later the caller opens the channel, whose owner
   * gets these bytes first, or takes the socket with {@link release}, or destroys the channel.
   *
   * @param came called once, with at least one byte, borrowed; or with none and a reason when the connection is closed
   *   before, and then the channel is destroyed
   */
  peek(came: (first: Buffer | undefined, error?: NodeJS.ErrnoException) => void): void {
    const handle = this.#handle;
    if (handle === undefined) {
      peekAtData(this.#socket, came);
      return;
    }
    takeFirstRead(handle, (bytes, failure) => {
      if (bytes === undefined) this.#socket.destroy();
      this.#first = bytes;
      came(bytes, bytes === undefined ? readError(failure) : undefined);
    });
    handle.reading = true;
    const failure = handle.readStart();
    if (failure === 0) return;
    this.#socket.destroy();
    came(undefined, readError(failure));
  }

  /** Whether its bytes go by the stream handle. */
  get isDirect(): boolean {
    return this.#handle !== undefined;
  }

  /** Gives up the channel unopened. @returns its socket, paused, with the bytes of {@link peek} put back */
  release(): Socket {
    const handle = this.#handle;
    if (handle?.reading === true) {
      handle.reading = false;
      handle.readStop();
    }
    if (this.#first !== undefined) this.#socket.unshift(this.#first);
    return this.#socket;
  }

  open(owner: ChannelOwner): void {
    if (this.#handle !== undefined) this.#socket = takeOver(this.#socket, this.#handle, owner);
    const socket = this.#socket;
    if (this.#handle === undefined) copyFromData(socket, owner);
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('close', () => owner.closed(this.#error));
    socket.resume();
    if (this.#first === undefined) return;
    this.#owner = owner;
    process.nextTick(() => this.#handFirst());
  }

  /** Hands over the bytes of {@link peek}, before any others are read, for as long as the owner reads. */
  #handFirst(): void {
    const handle = this.#handle!;
    while (this.#first !== undefined && handle.reading && !this.#socket.destroyed) {
      const into = this.#owner!.buffer();
      const count = this.#first.copy(into);
      this.#first = count < this.#first.length ? this.#first.subarray(count) : undefined;
      if (!this.#owner!.read(count, into)) this.pauseReads();
    }
  }

  get localAddress(): string {
    return this.#socket.localAddress ?? '';
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? '';
  }

  get remotePort(): number {
    return this.#socket.remotePort ?? 0;
  }

  get pendingBytes(): number {
    const { writableLength } = this.#socket;
    return this.#handle === undefined ? writableLength - this.#mediaBytes : writableLength;
  }

  get unsentBytes(): number {
    return this.#stream?.writeQueueSize ?? this.#socket.writableLength;
  }

  get takenBytes(): number {
    const stream = this.#stream;
    return stream === null ? 0 : stream.bytesWritten - stream.writeQueueSize;
  }

  get writtenBytes(): number {
    return this.#socket.bytesWritten;
  }

  isBehind(bytes: number): boolean {
    if (!this.#mayWait) return false;
    const waiting = this.#mediaBytes + this.pendingBytes;
    this.#mayWait = waiting > 0;
    return waiting > bytes && this.unsentBytes > bytes;
  }

  /** The stream handle under the socket; null once it is closed. */
  get #stream(): StreamHandle | null {
    return (this.#socket as unknown as { _handle: StreamHandle | null })._handle;
  }

  pauseReads(): void {
    this.#socket.pause();
  }

  /** This saves the Readable's way through the next tick, which {@link Socket.resume} takes. */
  resumeReads(): void {
    const handle = this.#handle;
    if (this.#socket.destroyed) return;
    if (handle === undefined) this.#socket.resume();
    else if (!handle.reading) {
      handle.reading = true;
      const failure = handle.readStart();
      if (failure !== 0) this.#socket.destroy(readError(failure));
      else if (this.#first !== undefined) this.#handFirst();
    }
  }

  send(bytes: Buffer): boolean {
    this.#mayWait = true;
    return this.#socket.write(bytes);
  }

  whenSent(waiter: Drainable): boolean {
    if (!this.#socket.writableNeedDrain) return true;
    this.#socket.once('drain', () => waiter.drained());
    return false;
  }

  write(bytes: Buffer, waiter: Drainable): boolean {
    if (this.#socket.destroyed) return true;
    if (this.#handle === undefined || BINDING === undefined) {
      this.#mediaBytes += bytes.length;
      this.#mayWait = true;
      this.#socket.write(bytes, () => {
        this.#mediaBytes -= bytes.length;
        waiter.drained();
      });
      return false;
    }
    const request = spareRequest ?? new BINDING.WriteWrap();
    spareRequest = undefined;
    const failure = this.#handle.writeBuffer(request, bytes);
    if (failure !== 0) {
      this.#socket.destroy(Object.assign(new Error('write failed'), { code: getSystemErrorName(failure) }));
      return true;
    }
    if (BINDING.streamBaseState[BINDING.kLastWriteWasAsync] === 0) {
      spareRequest = request;
      return true;
    }
    request.oncomplete = onWritten;
    request.bytes = bytes;
    request.waiter = waiter;
    request.written = this.#written;
    this.#mediaBytes += bytes.length;
    this.#mayWait = true;
    return false;
  }

  finish(graceMs: number): void {
    this.#socket.end();
    this.#socket.resume();
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

/** {@link TcpChannel.peek} without `onread`: what comes first is put back at once. */
function peekAtData(socket: Socket, came: (first: Buffer | undefined, error?: NodeJS.ErrnoException) => void): void {
  let error: NodeJS.ErrnoException | undefined;
  const failed = (cause: NodeJS.ErrnoException): void => {
    error = cause;
  };
  const gone = (): void => came(undefined, error);
  socket.once('error', failed).once('close', gone);
  socket.once('data', (bytes) => {
    socket.off('error', failed).off('close', gone);
    socket.pause();
    socket.unshift(bytes);
    came(bytes);
  });
  socket.resume();
}

/** Reading without `onread`: `data` events, copied into the owner's buffer piece by piece. */
function copyFromData(socket: Socket, owner: ChannelOwner): void {
  let waiting: Buffer | undefined;
  const drain = (): void => {
    while (waiting !== undefined && !socket.isPaused()) {
      const into = owner.buffer();
      const count = Math.min(into.length, waiting.length);
      waiting.copy(into, 0, 0, count);
      waiting = count < waiting.length ? waiting.subarray(count) : undefined;
      if (!owner.read(count, into)) socket.pause();
    }
  };
  socket.on('data', (bytes) => {
    waiting = waiting === undefined ? bytes : Buffer.concat([waiting, bytes]);
    drain();
  });
  socket.on('resume', drain);
}

/**
 * Moves the handle of `accepted` to a new socket that reads into the owner's buffer. The old socket is left without a
 * handle.
 */
function takeOver(accepted: Socket, handle: object, owner: ChannelOwner): Socket {
  (accepted as unknown as { _handle: null })._handle = null;
  accepted.destroy();
  return new Socket({
    handle,
    onread: {
      buffer: () => owner.buffer(),
      callback: (count: number, into: Uint8Array) => owner.read(count, into as Buffer),
    },
  } as unknown as ConstructorParameters<typeof Socket>[0]);
}
