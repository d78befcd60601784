import { existsSync, readFileSync } from 'node:fs';
import { instantiateSync } from '@assemblyscript/loader';
import { SluiceError } from '../core/errors.js';

/** A build of the module. `debug` has assertions and names. */
export type WasmFlavour = 'release' | 'debug';

/** The module's exports. Offsets and codes are those of assembly/constants.ts. */
export interface WasmExports {
  /** Makes fresh memory ready. */
  init(): void;
  /** Clears what was touched, `input` bytes of INPUT included, then calls init(). */
  wipe(input: number): void;
  /** Tells the module that it was moved to a larger memory, whose blocks end at `end`. */
  resize(end: number): void;
  /** Frames media in [ptr,end) from now on; (0,0) ends that. */
  aim(ptr: number, end: number): void;
  /** A publish on `msid` begins; its first message gets the timestamp `from`, unless that is below 0. */
  beginTimeline(msid: number, from: number): void;
  /** That publish is over. */
  endTimeline(msid: number): void;
  /** Reads INPUT[start,end); a STATUS_* or a negative ERR_*. */
  read(start: number, end: number): number;
  /** Scans AMF0 in [ptr,end) into the token table; 0 or a negative ERR_*. */
  scanAmf0(ptr: number, end: number): number;
  /** Begins both ciphers of RTMPE with the keys at CIPHER_KEYS. */
  startCiphers(): void;
  /** Decrypts INPUT[start,end) in place. */
  decrypt(start: number, end: number): void;
  /** Encrypts the first `length` bytes of CIPHER_SLOT in place. */
  encrypt(length: number): void;
  /** Traps. Injects a fault for tests. */
  trap(): void;
}

const FILES: Record<WasmFlavour, string> = { release: 'sluice.wasm', debug: 'sluice.debug.wasm' };
const modules = new Map<WasmFlavour, WebAssembly.Module>();

function compile(flavour: WasmFlavour): WebAssembly.Module {
  const cached = modules.get(flavour);
  if (cached !== undefined) return cached;
  const built = new URL(`../../assembly/${FILES[flavour]}`, import.meta.url);
  // When this file runs from src/ (tests), the artefact is in dist/. In a bundle, the artefact is beside the bundle's
  // file.
  const elsewhere = [`../../dist/assembly/${FILES[flavour]}`, `./${FILES[flavour]}`].map(
    (path) => new URL(path, import.meta.url),
  );
  const file = [built, ...elsewhere].find((path) => existsSync(path)) ?? built;
  let compiled: WebAssembly.Module;
  try {
    compiled = new WebAssembly.Module(readFileSync(file));
  } catch (cause) {
    throw new SluiceError('ERR_WASM_LOAD', FILES[flavour], { cause });
  }
  modules.set(flavour, compiled);
  return compiled;
}

/**
 * Creates an instance with its own memory of fixed size. The module is compiled once, on first use.
 *
 * @param pages - size of the memory in pages of 64 KiB; initial and maximum, so that views on it never detach
 * @throws SluiceError ERR_WASM_LOAD when the artefact is missing, ERR_WASM_MEMORY when the process holds too many
 *   memories
 */
export function instantiate(
  pages: number,
  flavour: WasmFlavour = 'release',
): { exports: WasmExports; memory: WebAssembly.Memory } {
  const compiled = compile(flavour);
  let memory: WebAssembly.Memory;
  try {
    // The memory is shared, although only one thread uses it. V8 counts other memories in full as garbage pressure,
    // touched or not, and one full collection for every 64 MiB of them was half of the CPU while thousands of
    // connections came (bench/README.md).
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    throw new SluiceError('ERR_WASM_MEMORY', `${pages} pages`, { cause });
  }
  // A new imports object each time: the loader keeps what it finds in it, so a shared one would tie instances together.
  // Its helpers for strings and arrays are not needed; without them an instance holds 5 KB less.
  const { instance } = instantiateSync(compiled, { env: { memory, abort } });
  return { exports: instance.exports as unknown as WasmExports, memory };
}

function abort(_message: number, _file: number, line: number, column: number): never {
  throw new SluiceError('ERR_WASM_TRAP', `assertion at ${line}:${column}`);
}
