import { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';

/** Told when a write that the kernel did not take at once has gone. */
export interface Drainable {
  drained(): void;
}

/** What a connection does with its socket's events. */
export interface ByteSocketEvents {
  /** Where the next read shall land; asked again after every read. */
  buffer(): Buffer;
  /**
   * `count` bytes were read into `into`, which is what {@link buffer} returned before the read.
   * Returns false to stop reading until {@link ByteSocket.resume}.
   */
  read(count: number, into: Buffer): boolean;
  /** The peer has ended its side: nothing more will be read. */
  ended(): void;
  /** The socket is closed; `error` says why when it was not an orderly close. Called once, last. */
  closed(error: NodeJS.ErrnoException | undefined): void;
}

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
  /** Told first, with the length of `bytes`. */
  written?: (count: number) => void;
}
interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest;
  readonly streamBaseState: Int32Array;
  readonly kLastWriteWasAsync: number;
}

/**
 * The binding behind net.Socket, or undefined where the runtime has none: then writes go through the Writable.
 * What it saves is in bench/README.md.
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
/** A request that no write has kept: reused for the next, since almost every write is taken at once. */
let spareRequest: WriteRequest | undefined;

function onWritten(this: WriteRequest): void {
  const waiter = this.waiter;
  this.waiter = undefined;
  this.written?.(this.bytes?.length ?? 0);
  this.written = undefined;
  this.bytes = undefined;
  waiter?.drained();
}

/** Options for tests and for runtimes that lack the short cuts. */
export interface ByteSocketOptions {
  /** Read with `onread` straight into {@link ByteSocketEvents.buffer}; false copies from `data` events. */
  readonly direct?: boolean;
}

/**
 * A TCP socket as the hot path wants it: reads land in a buffer that the caller owns (the WASM linear memory), writes of shared
 * media go to the stream handle without the Writable's per-write work. This file alone knows how; everything else about the
 * socket is plain net.Socket.
 */
export class ByteSocket {
  readonly #socket: Socket;
  readonly #handle: StreamHandle | undefined;
  readonly #events: ByteSocketEvents;
  /** Media of writes that the kernel has not taken in full. */
  #mediaBytes = 0;
  /** False while it is known that the kernel has taken everything. */
  #mayWait = false;
  readonly #written = (count: number): void => {
    this.#mediaBytes -= count;
  };
  #error: NodeJS.ErrnoException | undefined;

  /**
   * @param accepted a socket from a server with `pauseOnConnect`, so that nothing has been read yet. Its handle is taken over.
   */
  constructor(accepted: Socket, events: ByteSocketEvents, options: ByteSocketOptions = {}) {
    this.#events = events;
    const handle = (accepted as unknown as { _handle: object | null })._handle;
    const direct =
      (options.direct ?? true) && BINDING !== undefined && handle !== null && handle.constructor.name === 'TCP';
    this.#socket = direct ? takeOver(accepted, handle, events) : accepted;
    this.#handle = direct ? (handle as StreamHandle) : undefined;
    if (!direct) this.#copyFromData(accepted);
    this.#socket.on('end', () => events.ended());
    this.#socket.on('error', (error) => {
      this.#error ??= error;
    });
    this.#socket.on('close', () => events.closed(this.#error));
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

  /** Bytes of control messages that the kernel has not taken yet. */
  get pendingBytes(): number {
    const { writableLength } = this.#socket;
    return this.#handle === undefined ? writableLength - this.#mediaBytes : writableLength;
  }

  /** Bytes that the kernel has not taken yet, media and control messages. */
  get unsentBytes(): number {
    return this.#stream?.writeQueueSize ?? this.#socket.writableLength;
  }

  /** Bytes that the kernel has taken since the connection began. */
  get takenBytes(): number {
    const stream = this.#stream;
    return stream === null ? 0 : stream.bytesWritten - stream.writeQueueSize;
  }

  /** Whether more than `bytes` wait for the kernel to take them. Costs next to nothing while all writes are taken at once. */
  isBehind(bytes: number): boolean {
    if (!this.#mayWait) return false;
    const waiting = this.#mediaBytes + this.pendingBytes;
    this.#mayWait = waiting > 0;
    return waiting > bytes && this.unsentBytes > bytes;
  }

  /** The stream handle under the socket, whoever reads from it; null once it is closed. */
  get #stream(): StreamHandle | null {
    return (this.#socket as unknown as { _handle: StreamHandle | null })._handle;
  }

  /** Begins, or goes on, reading. */
  resume(): void {
    this.#socket.resume();
  }

  /** Goes on reading after {@link ByteSocketEvents.read} returned false, without the Readable's rounds through the next tick. */
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

  /** Stops reading; the peer feels it as a closed TCP window. */
  pause(): void {
    this.#socket.pause();
  }

  /** Sends a control message; in order with {@link write} as long as the peer keeps reading. `bytes` is transferred. */
  send(bytes: Buffer): void {
    this.#mayWait = true;
    this.#socket.write(bytes);
  }

  /**
   * Sends shared media. Returns true when the kernel took all of it; false when it is still being sent: then `waiter.drained` is
   * called once it has gone, or the socket is closed.
   */
  write(bytes: Buffer, waiter: Drainable): boolean {
    if (this.#handle === undefined || BINDING === undefined) {
      this.#mediaBytes += bytes.length;
      this.#mayWait = true;
      this.#socket.write(bytes, () => {
        this.#mediaBytes -= bytes.length;
        waiter.drained();
      });
      return false;
    }
    if (this.#socket.destroyed) return true;
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

  /**
   * Sends what was written and the end, then closes; after `graceMs` it is destroyed. What still comes is read and must be thrown
   * away by the owner: closing with unread bytes would reset the connection and lose the last message to the peer.
   */
  finish(graceMs: number): void {
    this.#socket.end();
    this.#socket.resume();
    const timer = setTimeout(() => this.#socket.destroy(), graceMs);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  /** Closes at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** The way without `onread`: `data` events, copied into the caller's buffer piece by piece. */
  #copyFromData(socket: Socket): void {
    let waiting: Buffer | undefined;
    const drain = (): void => {
      while (waiting !== undefined) {
        const into = this.#events.buffer();
        const count = Math.min(into.length, waiting.length);
        waiting.copy(into, 0, 0, count);
        waiting = count < waiting.length ? waiting.subarray(count) : undefined;
        if (!this.#events.read(count, into)) {
          socket.pause();
          return;
        }
      }
    };
    socket.on('data', (bytes) => {
      waiting = waiting === undefined ? bytes : Buffer.concat([waiting, bytes]);
      drain();
    });
    socket.on('resume', drain);
  }
}

/** Puts the accepted handle under a new socket that reads into the caller's buffer. The old socket is left without a handle. */
function takeOver(accepted: Socket, handle: object, events: ByteSocketEvents): Socket {
  (accepted as unknown as { _handle: null })._handle = null;
  accepted.destroy();
  return new Socket({
    handle,
    onread: {
      buffer: () => events.buffer(),
      callback: (count: number, into: Uint8Array) => events.read(count, into as Buffer),
    },
  } as unknown as ConstructorParameters<typeof Socket>[0]);
}
