import type { Socket } from 'node:net';
import type { Drainable } from './byte-channel.js';

/**
 * The parts of a stream handle of Node and its bindings that channels use; not public in Node, stable from 12 to 24. A
 * TCP handle is one, and so is the TLS handle on top of it.
 */
export interface StreamHandle {
  reading: boolean;
  /** Called for every read: with memory that was allocated for it, or with none when it landed in the user buffer. */
  onread: (this: StreamHandle, memory?: ArrayBuffer) => Uint8Array | undefined;
  readStart(): number;
  readStop(): number;
  /** From the next read on bytes land in `buffer`, and later in what `onread` returns. Call it once. */
  useUserBuffer(buffer: Uint8Array): void;
  /** Bytes handed to libuv that the kernel has not taken. */
  readonly writeQueueSize: number;
  /** Bytes handed to libuv since the connection began. */
  readonly bytesWritten: number;
  writeBuffer(request: WriteRequest, bytes: Buffer): number;
}

/** A write that a handle keeps until it is complete. */
export interface WriteRequest {
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
  readonly kReadBytesOrError: number;
  readonly kArrayBufferOffset: number;
  readonly kLastWriteWasAsync: number;
}

/**
 * The binding behind net.Socket, or undefined where the runtime has none: then bytes go through the Duplex.
 * bench/README.md says what it saves.
 */
function findBinding(): StreamBinding | undefined {
  try {
    const binding = (process as unknown as { binding(name: string): Partial<StreamBinding> }).binding('stream_wrap');
    const { kReadBytesOrError, kArrayBufferOffset, kLastWriteWasAsync } = binding;
    const indices = [kReadBytesOrError, kArrayBufferOffset, kLastWriteWasAsync];
    const usable = typeof binding.WriteWrap === 'function' && binding.streamBaseState !== undefined;
    return usable && indices.every((index) => typeof index === 'number') ? (binding as StreamBinding) : undefined;
  } catch {
    return undefined;
  }
}

/** See {@link findBinding}. */
export const BINDING: StreamBinding | undefined = findBinding();

/**
 * The stream handle under a socket.
 *
 * @param kind name of its class in Node: `TCP` or `TLSWrap`
 * @returns undefined when there is none of that class, or the runtime has no {@link BINDING}
 */
export function handleOf(socket: Socket, kind: 'TCP' | 'TLSWrap'): StreamHandle | undefined {
  const handle = (socket as unknown as { _handle: object | null })._handle;
  const usable = BINDING !== undefined && handle !== null && handle.constructor.name === kind;
  return usable ? (handle as StreamHandle) : undefined;
}

/**
 * Takes the first read of a handle, before the socket above it sees anything. The handle goes on reading.
 *
 * @param came gets the bytes, transferred; or none, and the negative error number of the system
 */
export function takeFirstRead(handle: StreamHandle, came: (bytes: Buffer | undefined, failure: number) => void): void {
  const usual = handle.onread;
  handle.onread = (memory) => {
    const { streamBaseState, kReadBytesOrError, kArrayBufferOffset } = BINDING!;
    const count = streamBaseState[kReadBytesOrError];
    if (count === 0) return undefined;
    handle.onread = usual;
    if (count < 0 || memory === undefined) came(undefined, count);
    else came(Buffer.from(memory, streamBaseState[kArrayBufferOffset], count), 0);
    return undefined;
  };
}
