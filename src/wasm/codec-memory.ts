import * as C from '../../assembly/constants.js';
import { instantiate, type WasmExports, type WasmFlavour } from './instance.js';

/** An instance of the module with its linear memory, and views of the memory's regions. */
export interface CodecMemory {
  readonly exports: WasmExports;
  readonly memory: WebAssembly.Memory;
  readonly bytes: Uint8Array;
  readonly words: BigUint64Array;
  readonly input: Buffer;
  readonly header: Uint32Array;
  readonly records: Uint32Array;
  readonly segments: Uint32Array;
  /** Where bytes are encrypted before they are sent. */
  readonly slot: Buffer;
}

/**
 * @param pages of 64 KiB; the memory never grows
 * @throws SluiceError ERR_WASM_MEMORY when the process can hold no more instances
 */
export function openMemory(pages: number, flavour: WasmFlavour): CodecMemory {
  const { exports, memory } = instantiate(pages, flavour);
  const { buffer } = memory;
  return {
    exports,
    memory,
    bytes: new Uint8Array(buffer),
    words: new BigUint64Array(buffer),
    input: Buffer.from(buffer, C.INPUT, C.INPUT_BYTES),
    header: new Uint32Array(buffer, C.HEADER, C.HEADER_WORDS),
    records: new Uint32Array(buffer, C.RECORDS, C.MAX_RECORDS * C.RECORD_WORDS),
    segments: new Uint32Array(buffer, C.SEGMENTS, C.MAX_SEGMENTS * 2),
    slot: Buffer.from(buffer, C.CIPHER_SLOT, C.CIPHER_SLOT_BYTES),
  };
}

/**
 * Copies all that a connection has left in use in `from` to the same offsets of `to`, which is larger and new.
 *
 * @param inputBytes so many bytes of the input were written to; the last of them may not have been read by the module
 */
export function copyState(from: CodecMemory, to: CodecMemory, inputBytes: number): void {
  const move = (start: number, end: number): void => {
    to.bytes.set(from.bytes.subarray(start, end), start);
  };
  const { header } = from;
  move(C.HEADER, C.SEGMENTS + header[C.BATCH_SEGMENTS] * 8);
  move(C.RECORDS, C.RECORDS + header[C.BATCH_COUNT] * C.RECORD_WORDS * 4);
  move(C.TIMELINES, C.INPUT);
  move(C.INPUT, C.INPUT + inputBytes);
  if (header[C.BATCH_COUNT] > 0) move(C.OUT, Math.min(C.OUT + header[C.BATCH_BYTES], C.OUT + C.OUT_BYTES));
  // What is in the slot is being sent, or has been: its bytes stay where they are.
  if (header[C.CIPHER_HIGH] > 0) move(C.CIPHER_IN, C.CIPHER_SLOT);
  move(C.BLOCKS, header[C.BLOCK_TOP]);
}
