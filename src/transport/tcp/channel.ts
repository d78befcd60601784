import { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { ByteChannel, ChannelOwner, Drainable } from '../byte-channel.js';

/** The parts of a libuv stream handle and its bindings that are used here; not public in Node, stable from 12 to 24. */
interface StreamHandle {
  reading: boolean;
  readStart(): number;
  /** Bytes handed to libuv that the kernel has not taken. */
  readonly writeQueueSize: number;
  /** Bytes handed to libuv since the connection began. */
  readonly bytesWritten: number;
  writeBuffer(request: WriteRequest, bytes: Buffer): number;
}
interface WriteRequest {
  oncomplete?: (this: WriteRequest, status: number) => void;
  /** Kept until completion, so that the bytes outlive the write. */
  bytes?: Buffer;
  waiter?: Drainable;
  /** Called first, with the length of `bytes`. */
  written?: (count: number) => void;
}
interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest;
  readonly streamBaseState: Int32Array;
  readonly kLastWriteWasAsync: number;
}

/**
 * The binding behind net.Socket, or undefined where the runtime has none: then writes go through the Writable.
 * bench/README.md says what it saves.
 */
function findBinding(): StreamBinding | undefined {
  try {
    const binding = (process as unknown as { binding(name: string): Partial<StreamBinding> }).binding('stream_wrap');
    const usable = typeof binding.WriteWrap === 'function' && binding.streamBaseState !== undefined;
    return usable && typeof binding.kLastWriteWasAsync === 'number' ? (binding as StreamBinding) : undefined;
  } catch {
    return undefined;
  }
}

const BINDING = findBinding();
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

  /**
   * @param socket connected and paused, so that nothing has been read from it. The channel owns it from here on: {@link
   *   open} takes its handle
   */
  constructor(socket: Socket, options: TcpChannelOptions = {}) {
    this.#socket = socket;
    const handle = (socket as unknown as { _handle: object | null })._handle;
    const direct =
      (options.direct ?? true) && BINDING !== undefined && handle !== null && handle.constructor.name === 'TCP';
    this.#handle = direct ? (handle as StreamHandle) : undefined;
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
      if (failure !== 0) this.#socket.destroy(Object.assign(new Error('read failed'), { errno: failure }));
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
