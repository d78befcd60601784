import type { ErrorCode } from '../core/errors.js';
import type { ClientHandshake, ServerHandshake } from '../protocol/handshake/handshake.js';

/**
 * Runs a handshake over bytes that were just read.
 *
 * @param bytes borrowed
 * @param reply sends to the peer; the bytes are transferred
 * @returns where in `bytes` the chunk stream begins; undefined when more is needed; a code when the handshake has
 *   failed
 */
export function shakeHands(
  handshake: ServerHandshake | ClientHandshake,
  bytes: Buffer,
  reply: (bytes: Buffer) => unknown,
): number | undefined | ErrorCode {
  let start = 0;
  for (;;) {
    const step = handshake.read(bytes.subarray(start));
    start += step.consumed;
    if (step.status === 'need') return undefined;
    if (step.status === 'error') return step.code;
    if (step.status === 'done') return start;
    reply(step.reply);
  }
}
