/**
 * The memory in which the JavaScript parser works: one `ArrayBuffer` holding the socket input and, behind it, the slab
 * to which framed messages are written. Both are in one buffer because `copyWithin` is the only copy in JavaScript that
 * allocates nothing (`set(subarray())` makes a view object per chunk), and it took half the time of it at 128 bytes.
 *
 * ```
 * 0          HEADROOM            HEADROOM + INPUT_BYTES                     bytes.length
 * │ left-over │ input (socket)    │ slab: framed messages ───▶               │
 * │ header    │ 64 KiB            │                                          │
 * ```
 */

/** Room before the input for a chunk header that the last read cut in two (at most 3 + 11 + 4 bytes). */
export const HEADROOM = 64;
/** Socket input of one read, bytes. */
export const INPUT_BYTES = 65536;
/** Where the slab starts. */
export const SLAB_START = HEADROOM + INPUT_BYTES;

/** One arena. One parser owns it until it takes the next; the slab's bytes are read through {@link Arena.buffer}. */
export class Arena {
  readonly bytes: Uint8Array;
  /** The same memory as a Buffer, for the views that leave the parser. */
  readonly buffer: Buffer;

  /** @param slabBytes room for framed messages, bytes. */
  constructor(slabBytes: number) {
    const memory = new ArrayBuffer(SLAB_START + slabBytes);
    this.bytes = new Uint8Array(memory);
    this.buffer = Buffer.from(memory);
  }
}

/**
 * A ring of arenas of one size, reused in turn, as the slab pool of a server whose players keep up. A batch taken from
 * an arena is valid until the ring comes round again.
 */
export class ArenaRing {
  readonly #slabBytes: number;
  readonly #ring: Arena[] = [];
  readonly #size: number;
  #next = 0;

  /** @param slabBytes bytes of each slab; @param size arenas in the ring. */
  constructor(slabBytes: number, size: number) {
    this.#slabBytes = slabBytes;
    this.#size = size;
  }

  /** The next arena of the ring, or a one-off larger one when `slabBytes` does not fit. */
  take(slabBytes: number): Arena {
    if (slabBytes > this.#slabBytes) return new Arena(slabBytes);
    const at = this.#next;
    this.#next = (at + 1) % this.#size;
    const have = this.#ring[at];
    if (have !== undefined) return have;
    const made = new Arena(this.#slabBytes);
    this.#ring[at] = made;
    return made;
  }
}
