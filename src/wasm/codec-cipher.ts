import { CIPHER_KEY_BYTES, CIPHER_KEYS, CIPHER_SLOT_BYTES } from '../../assembly/constants.js';
import type { CodecMemory } from './codec-memory.js';

/** The RC4 keys of a connection, 16 bytes each. */
export interface CipherKeys {
  /** Of what the peer sends. */
  readonly in: Uint8Array;
  /** Of what is sent to the peer. */
  readonly out: Uint8Array;
}

/** Copies plainly; see copyOut of chunk-codec.ts for why it is not `set`. */
const copy = Buffer.prototype.fill as (this: Uint8Array, from: Uint8Array, start: number, end: number) => Uint8Array;

/**
 * The two RC4 ciphers of an RTMPE connection, in the memory of its codec: what was read is decrypted where it lies, and
 * what is sent is encrypted in a slot of that memory and sent from there. A memory in which no cipher was begun touches
 * no page of theirs.
 */
export class CodecCipher {
  /** Most bytes that {@link encrypt} takes at once. */
  readonly pieceBytes = CIPHER_SLOT_BYTES;
  readonly #memory: () => CodecMemory;

  /** @param memory the codec's memory now; it is another one after `setPublishing(true)` */
  constructor(memory: () => CodecMemory) {
    this.#memory = memory;
  }

  /**
   * Begins both ciphers, behind the keystream of the handshake, which nobody uses.
   *
   * @param keys copied, and no longer in the memory on return
   */
  start(keys: CipherKeys): void {
    const { bytes, exports } = this.#memory();
    bytes.set(keys.in.subarray(0, CIPHER_KEY_BYTES), CIPHER_KEYS);
    bytes.set(keys.out.subarray(0, CIPHER_KEY_BYTES), CIPHER_KEYS + CIPHER_KEY_BYTES);
    exports.startCiphers();
  }

  /** Decrypts `input[start, end)` of the codec in place. Each received byte has to pass here once, in order. */
  decrypt(start: number, end: number): void {
    this.#memory().exports.decrypt(start, end);
  }

  /**
   * Encrypts the next bytes to send.
   *
   * @param bytes at least one, at most {@link pieceBytes}; borrowed until return
   * @returns the same number of bytes, in the slot: the next call writes over them
   */
  encrypt(bytes: Uint8Array): Buffer {
    const { slot, exports } = this.#memory();
    copy.call(slot, bytes, 0, bytes.length);
    exports.encrypt(bytes.length);
    return slot.subarray(0, bytes.length);
  }
}
