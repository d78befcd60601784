import { readStamp, STAMP_BYTES, STAMP_UUID } from './stamp.js';

/** Finds stamps in raw chunk stream bytes, without parsing them, across reads. */
export class DelayProbe {
  readonly #onStamp: (nanoseconds: bigint) => void;
  #tail: Buffer = Buffer.alloc(0);

  /** @param onStamp gets the sending time of each stamp, in order */
  constructor(onStamp: (nanoseconds: bigint) => void) {
    this.#onStamp = onStamp;
  }

  /** @param chunk the next bytes, borrowed until return */
  scan(chunk: Buffer): void {
    // A stamp may begin in the last bytes of the read before and end in the first ones of this.
    if (this.#tail.length > 0) this.#find(Buffer.concat([this.#tail, chunk.subarray(0, STAMP_BYTES - 1)]));
    this.#find(chunk);
    const keep = chunk.length >= STAMP_BYTES ? chunk : Buffer.concat([this.#tail, chunk]);
    this.#tail = Buffer.from(keep.subarray(Math.max(0, keep.length - STAMP_BYTES + 1)));
  }

  #find(bytes: Buffer): void {
    for (let at = bytes.indexOf(STAMP_UUID); at >= 0; at = bytes.indexOf(STAMP_UUID, at + STAMP_BYTES)) {
      const stamp = readStamp(bytes, at);
      if (stamp !== undefined) this.#onStamp(stamp.nanoseconds);
    }
  }
}
