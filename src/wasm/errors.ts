import * as C from '../../assembly/constants.js';
import { type ErrorCode, SluiceError } from '../core/errors.js';
import type { AmfValue } from './amf-value.js';

/** Every negative number that leaves the module, with its error code. This is the only table between the two. */
export const WASM_ERRORS: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [C.ERR_CHUNK_FRESH_HEADER, 'ERR_CHUNK_FRESH_HEADER'],
  [C.ERR_CHUNK_MID_MESSAGE, 'ERR_CHUNK_MID_MESSAGE'],
  [C.ERR_CHUNK_SIZE_INVALID, 'ERR_CHUNK_SIZE_INVALID'],
  [C.ERR_CHUNK_SIZE_TOO_SMALL, 'ERR_CHUNK_SIZE_TOO_SMALL'],
  [C.ERR_CHUNK_STREAM_LIMIT, 'ERR_CHUNK_STREAM_LIMIT'],
  [C.ERR_CHUNK_PARTIAL_LIMIT, 'ERR_CHUNK_PARTIAL_LIMIT'],
  [C.ERR_CHUNK_REASSEMBLY_LIMIT, 'ERR_CHUNK_REASSEMBLY_LIMIT'],
  [C.ERR_CHUNK_MEDIA_TOO_LONG, 'ERR_CHUNK_MEDIA_TOO_LONG'],
  [C.ERR_CHUNK_MESSAGE_TOO_LONG, 'ERR_CHUNK_MESSAGE_TOO_LONG'],
  [C.ERR_CHUNK_INPUT_PENDING, 'ERR_CHUNK_INPUT_PENDING'],
  [C.ERR_CHUNK_INPUT_RANGE, 'ERR_CHUNK_INPUT_RANGE'],
  [C.ERR_AMF_DEPTH, 'ERR_AMF_DEPTH'],
  [C.ERR_AMF_VALUES, 'ERR_AMF_VALUES'],
  [C.ERR_AMF_KEYS, 'ERR_AMF_KEYS'],
  [C.ERR_AMF_STRING_BYTES, 'ERR_AMF_STRING_BYTES'],
  [C.ERR_AMF_COUNT, 'ERR_AMF_COUNT'],
  [C.ERR_AMF_REFERENCE, 'ERR_AMF_REFERENCE'],
  [C.ERR_AMF_EXTERNALIZABLE, 'ERR_AMF_EXTERNALIZABLE'],
  [C.ERR_AMF_MARKER, 'ERR_AMF_MARKER'],
  [C.ERR_AMF_TRUNCATED, 'ERR_AMF_TRUNCATED'],
  [C.ERR_WASM_TRAP, 'ERR_WASM_TRAP'],
]);

/**
 * Turns a negative result of the module into the error for people.
 *
 * @param status a negative number returned by {@link WasmExports.read} or {@link WasmExports.scanAmf0}
 */
export function codecError(status: number, cause?: unknown): SluiceError {
  const code = WASM_ERRORS.get(status);
  return code === undefined
    ? new SluiceError('ERR_INTERNAL', `unknown result ${status} from the WASM module`, { cause })
    : new SluiceError(code, '', { cause });
}

/** A message's AMF breaks a rule or a limit. `head`: the numbers, booleans and strings before that, two at most. */
export class AmfRefusal extends SluiceError {
  readonly head: readonly AmfValue[];

  /** @param status a negative number returned by {@link WasmExports.scanAmf0} */
  constructor(status: number, head: readonly AmfValue[]) {
    super(codecError(status).code);
    this.name = 'SluiceError';
    this.head = head;
  }
}
