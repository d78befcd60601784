import { SluiceError } from '../../core/errors.js';
import { AmfScanner } from '../../wasm/amf-scanner.js';
import { writeAmf0Within } from '../messages/amf0-writer.js';
import { valueEnd } from './value-end.js';

/** How many times its bytes a value may take as AMF0: integers of one byte become numbers of nine. */
const REWRITE_GROWTH = 16;

/** One for all connections: it keeps nothing of a scan. */
let scanner: AmfScanner | undefined;

/**
 * Rewrites values that {@link valueEnd} does not know (AMF3 behind marker 11, references) as plain AMF0.
 *
 * @param bytes whole values; borrowed
 * @returns a new Buffer; undefined when the bytes are no such values, or hold what AMF0 has no word for (byte arrays)
 */
export function plainValues(bytes: Buffer): { readonly count: number; readonly bytes: Buffer } | undefined {
  scanner ??= new AmfScanner();
  try {
    const { values, truncated } = scanner.scan(bytes);
    const plain = writeAmf0Within(REWRITE_GROWTH * bytes.length, ...values);
    let at = 0;
    while (at >= 0 && at < plain.length) at = valueEnd(plain, at);
    return truncated || at !== plain.length ? undefined : { count: values.length, bytes: plain };
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}
