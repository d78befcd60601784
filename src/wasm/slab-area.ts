/** Regions are multiples of this size, in bytes. */
export const SLAB_UNIT_BYTES = 65_536;

/** A stretch of a codec's memory that is leased. */
export interface Region {
  /** Its address in linear memory. */
  readonly address: number;
  /** The same bytes. They keep the memory alive when the codec is gone. */
  readonly buffer: Buffer;
}

/**
 * The part of a publisher's linear memory from which the slabs of its stream's log are made, so that the module frames
 * media where it will be sent from. Regions are taken from the lowest free place, so memory that is never reached is
 * never touched.
 */
export class SlabArea {
  readonly #memory: SharedArrayBuffer;
  readonly #start: number;
  /** One byte a unit; 1: leased. */
  readonly #units: Uint8Array;
  #leasedBytes = 0;
  /** Units up to the highest that was ever leased. */
  #highUnits = 0;
  readonly #onIdle: (bytes: number) => void;

  /**
   * @param start address of its first byte; the area reaches to `end`
   * @param onIdle gets {@link idleBytes} whenever a region was leased or came back
   */
  constructor(memory: SharedArrayBuffer, start: number, end: number, onIdle: (bytes: number) => void = () => {}) {
    this.#onIdle = onIdle;
    this.#memory = memory;
    this.#start = start;
    this.#units = new Uint8Array(Math.floor((end - start) / SLAB_UNIT_BYTES));
  }

  /** Leases at least `bytes` in one piece; undefined when there is no such piece. */
  acquire(bytes: number): Region | undefined {
    const units = this.#units;
    const wanted = Math.ceil(bytes / SLAB_UNIT_BYTES);
    for (let from = 0, free = 0, at = 0; at < units.length; at++) {
      free = units[at] === 0 ? free + 1 : 0;
      if (free < wanted) continue;
      from = at + 1 - wanted;
      units.fill(1, from, from + wanted);
      this.#leasedBytes += wanted * SLAB_UNIT_BYTES;
      this.#highUnits = Math.max(this.#highUnits, from + wanted);
      this.#onIdle(this.idleBytes);
      const address = this.#start + from * SLAB_UNIT_BYTES;
      return { address, buffer: Buffer.from(this.#memory, address, wanted * SLAB_UNIT_BYTES) };
    }
    return undefined;
  }

  /** Takes a region back. Its bytes must not be read any more: the next owner writes over them. */
  release({ address, buffer }: Region): void {
    const from = (address - this.#start) / SLAB_UNIT_BYTES;
    this.#units.fill(0, from, from + buffer.length / SLAB_UNIT_BYTES);
    this.#leasedBytes -= buffer.length;
    this.#onIdle(this.idleBytes);
  }

  /** Bytes that were leased before and are free now: their pages are touched. */
  get idleBytes(): number {
    return this.#highUnits * SLAB_UNIT_BYTES - this.#leasedBytes;
  }

  /** Bytes leased. */
  get leasedBytes(): number {
    return this.#leasedBytes;
  }
}
