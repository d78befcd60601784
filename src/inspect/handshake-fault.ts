import { ERRORS, type ErrorCode } from '../core/errors.js';
import { refuseVersion } from '../protocol/handshake/handshake.js';
import type { Fault } from './chunk-walker.js';

/** What the server says to the first byte of a connection, when it refuses it. @param at position of the byte */
export function handshakeFault(first: number, at: number): Fault | undefined {
  const code: ErrorCode | undefined = refuseVersion(first);
  if (code === undefined) return undefined;
  const found = `0x${first.toString(16).padStart(2, '0')}: ${ERRORS[code].says}`;
  return { kind: 'fault', at, code, expected: 'version 3, the byte 0x03', found };
}
