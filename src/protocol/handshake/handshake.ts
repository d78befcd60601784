import { type ErrorCode, SluiceError } from '../../core/errors.js';
import type { CipherKeys } from '../../wasm/codec-cipher.js';
import { answerEncrypted, isEncryptedVersion, type KeyAgreement, SIGNED_SERVER_VERSION } from './encrypted.js';
import { DigestKey, findDigest, HANDSHAKE_PACKET_BYTES, signPacket, signResponse } from './handshake-digest.js';

const VERSION = 3;
const C0C1_BYTES = 1 + HANDSHAKE_PACKET_BYTES;
const S0S1S2_BYTES = 1 + 2 * HANDSHAKE_PACKET_BYTES;
const ENTROPY_BYTES = HANDSHAKE_PACKET_BYTES - 8;

/**
 * The result of reading some bytes. `consumed` of them belong to the handshake. On `reply`, read again with the rest;
 * on `done`, the rest is chunk stream already (clients send C2 and connect in one segment).
 */
export type HandshakeResult =
  | { readonly status: 'need'; readonly consumed: number }
  | { readonly status: 'reply'; readonly consumed: number; readonly reply: Buffer }
  | { readonly status: 'done'; readonly consumed: number }
  | { readonly status: 'error'; readonly consumed: number; readonly code: ErrorCode };

/** Collects a fixed number of bytes from input in any split. */
class Collector {
  readonly bytes: Buffer;
  #length = 0;

  constructor(size: number) {
    this.bytes = Buffer.alloc(size);
  }

  get isFull(): boolean {
    return this.#length === this.bytes.length;
  }

  take(input: Uint8Array): number {
    const part = input.subarray(0, this.bytes.length - this.#length);
    this.bytes.set(part, this.#length);
    this.#length += part.length;
    return part.length;
  }
}

/** The entropy for both handshakes, checked: at least 1528 bytes. */
function checkEntropy(entropy: Uint8Array): Uint8Array {
  if (entropy.length < ENTROPY_BYTES) {
    throw new SluiceError('ERR_INTERNAL', `handshake entropy of ${entropy.length} bytes, ${ENTROPY_BYTES} are needed`);
  }
  return entropy;
}

/** What a {@link ServerHandshake} is made of. */
interface ServerHandshakeOptions {
  /**
   * Random bytes, at least 1528, borrowed for the object's life; with 3032 the filler of a signed S2 is independent of
   * S1's.
   */
  readonly entropy: Uint8Array;
  /** Any clock in milliseconds, taken modulo 2^32 into S1. */
  readonly nowMs: number;
  /** Makes the keys of encrypted connections (RTMPE); without it they are refused. */
  readonly agreement?: KeyAgreement | undefined;
}

/**
 * The server's side of the handshake (RTMP 1.0 §5.2, and the signed form of Flash and ffmpeg). S0, S1 and S2 are sent
 * at once after C1. A signed C1 gets a signed S1 in the same layout and a signed S2; every other C1 gets the plain
 * form. C2 is counted and never checked: ffmpeg publishers echo even a signed S1, and gst rewrites four bytes of it.
 */
export class ServerHandshake {
  readonly #entropy: Uint8Array;
  readonly #nowMs: number;
  readonly #agreement: KeyAgreement | undefined;
  readonly #first = new Collector(C0C1_BYTES);
  #c2Left = HANDSHAKE_PACKET_BYTES;
  #keys: CipherKeys | undefined;

  /** @throws SluiceError `ERR_INTERNAL` when the entropy is too short */
  constructor(options: ServerHandshakeOptions) {
    this.#entropy = checkEntropy(options.entropy);
    this.#nowMs = options.nowMs;
    this.#agreement = options.agreement;
  }

  /** The keys of an encrypted connection, once the handshake is done: everything after it is encrypted. */
  get keys(): CipherKeys | undefined {
    return this.#keys;
  }

  /**
   * Takes the next bytes, in any split.
   *
   * @param bytes borrowed until return
   * @returns `error` with `ERR_HANDSHAKE_VERSION`, `ERR_HANDSHAKE_ENCRYPTED`, `ERR_HANDSHAKE_HTTP` or
   *   `ERR_HANDSHAKE_TLS` as soon as the first byte is wrong, and with `ERR_HANDSHAKE_DIGEST` or `ERR_HANDSHAKE_KEY`
   *   when the C1 of an encrypted connection is; `reply` (3073 bytes, transferred) once; `done` once C2 is over
   */
  read(bytes: Uint8Array): HandshakeResult {
    if (!this.#first.isFull) {
      const consumed = this.#first.take(bytes);
      if (consumed === 0) return { status: 'need', consumed };
      const version = this.#first.bytes[0]!;
      const isEncrypted = this.#agreement !== undefined && isEncryptedVersion(version);
      const code = isEncrypted ? undefined : refuseVersion(version);
      if (code !== undefined) return { status: 'error', consumed, code };
      if (!this.#first.isFull) return { status: 'need', consumed };
      const reply = isEncrypted ? this.#encryptedReply(this.#agreement) : this.#reply(this.#first.bytes.subarray(1));
      return typeof reply === 'string'
        ? { status: 'error', consumed, code: reply }
        : { status: 'reply', consumed, reply };
    }
    const consumed = Math.min(this.#c2Left, bytes.length);
    this.#c2Left -= consumed;
    return { status: this.#c2Left === 0 ? 'done' : 'need', consumed };
  }

  #encryptedReply(agreement: KeyAgreement): Buffer | ErrorCode {
    const answer = answerEncrypted(this.#first.bytes, { entropy: this.#entropy, nowMs: this.#nowMs, agreement });
    if (typeof answer === 'string') return answer;
    this.#keys = answer.keys;
    return answer.reply;
  }

  #reply(c1: Buffer): Buffer {
    const reply = Buffer.alloc(S0S1S2_BYTES);
    reply[0] = VERSION;
    const s1 = reply.subarray(1, C0C1_BYTES);
    const s2 = reply.subarray(C0C1_BYTES);
    s1.writeUInt32BE(Math.trunc(this.#nowMs) >>> 0);
    s1.set(this.#entropy.subarray(0, ENTROPY_BYTES), 8);
    const found = c1.readUInt32BE(4) === 0 ? undefined : findDigest(c1, DigestKey.Player);
    if (found === undefined) {
      s2.set(c1);
    } else {
      s1.writeUInt32BE(SIGNED_SERVER_VERSION, 4);
      signPacket(s1, found.layout, DigestKey.Server);
      s2.set(this.#entropy.subarray(-Math.min(this.#entropy.length, HANDSHAKE_PACKET_BYTES)));
      signResponse(s2, found.digest);
    }
    return reply;
  }
}

/** What is wrong with the first byte of a plain connection; undefined when it is version 3. */
export function refuseVersion(first: number): ErrorCode | undefined {
  if (first === VERSION) return undefined;
  if (isEncryptedVersion(first)) return 'ERR_HANDSHAKE_ENCRYPTED';
  if (first === 0x16) return 'ERR_HANDSHAKE_TLS';
  // Upper-case ASCII: the start of GET, POST, OPTIONS, …
  if (first >= 0x41 && first <= 0x5a) return 'ERR_HANDSHAKE_HTTP';
  return 'ERR_HANDSHAKE_VERSION';
}

/**
 * The client's side of the plain handshake. C2 echoes S1. S2 is counted and not checked, because a signed one is no
 * echo.
 */
export class ClientHandshake {
  readonly #entropy: Uint8Array;
  readonly #nowMs: number;
  readonly #first = new Collector(C0C1_BYTES);
  #s2Left = HANDSHAKE_PACKET_BYTES;
  /** The client speaks plain RTMP only. */
  readonly keys = undefined;

  /**
   * @param options `entropy`: at least 1528 random bytes, borrowed for the object's life; `nowMs`: any clock in
   *   milliseconds
   * @throws SluiceError `ERR_INTERNAL` when the entropy is too short
   */
  constructor(options: { entropy: Uint8Array; nowMs: number }) {
    this.#entropy = checkEntropy(options.entropy);
    this.#nowMs = options.nowMs;
  }

  /** C0 and C1, 1537 bytes, to be sent first; ownership is the caller's. */
  start(): Buffer {
    const out = Buffer.alloc(C0C1_BYTES);
    out[0] = VERSION;
    out.writeUInt32BE(Math.trunc(this.#nowMs) >>> 0, 1);
    out.set(this.#entropy.subarray(0, ENTROPY_BYTES), 9);
    return out;
  }

  /**
   * Takes the server's bytes, in any split.
   *
   * @param bytes borrowed until return
   * @returns `reply` (C2, 1536 bytes, transferred) after S1, `done` after S2, `error` when S0 is not 3
   */
  read(bytes: Uint8Array): HandshakeResult {
    if (!this.#first.isFull) {
      const consumed = this.#first.take(bytes);
      if (consumed === 0) return { status: 'need', consumed };
      const code = refuseVersion(this.#first.bytes[0]!);
      if (code !== undefined) return { status: 'error', consumed, code };
      if (!this.#first.isFull) return { status: 'need', consumed };
      return { status: 'reply', consumed, reply: Buffer.from(this.#first.bytes.subarray(1)) };
    }
    const consumed = Math.min(this.#s2Left, bytes.length);
    this.#s2Left -= consumed;
    return { status: this.#s2Left === 0 ? 'done' : 'need', consumed };
  }
}
