/** Finds the video in FLV as it comes, in pieces of any size: a header of 9 bytes, then tags and back pointers. */
export class FlvVideo {
  readonly #take: (payload: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);
  #isPastHeader = false;

  /** @param take gets the payload of each video tag, a view that holds until it returns */
  constructor(take: (payload: Buffer) => void) {
    this.#take = take;
  }

  push(bytes: Buffer): void {
    let left = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    if (!this.#isPastHeader && left.length >= 13) {
      if (left.toString('latin1', 0, 3) !== 'FLV') throw new Error(`not FLV: ${left.toString('hex', 0, 16)}`);
      left = left.subarray(13);
      this.#isPastHeader = true;
    }
    while (this.#isPastHeader && left.length >= 11) {
      const size = left.readUIntBE(1, 3);
      if (left.length < 15 + size) break;
      if ((left[0] & 31) === 9) this.#take(left.subarray(11, 11 + size));
      left = left.subarray(15 + size);
    }
    this.#rest = left;
  }
}
