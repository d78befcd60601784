import type { Player } from './player.js';

/**
 * Writes to players that the kernel has not taken in full, also those of plays that have stopped meanwhile: libuv keeps their bytes until
 * the socket takes them or is closed.
 */
export class UnsentWrites {
  readonly #players = new Set<Player>();
  /** Bytes made for one player or for those who begin together, by how many writes they are part of. */
  readonly #copies = new Map<Buffer, number>();
  #copiedBytes = 0;

  /** Players whose write is under way. */
  get players(): ReadonlySet<Player> {
    return this.#players;
  }

  /** Bytes of copies: what is not part of a slab. Counted once for all who share them. */
  get copiedBytes(): number {
    return this.#copiedBytes;
  }

  /** For how many writes these bytes are kept. */
  sharers(copy: Buffer): number {
    return this.#copies.get(copy) ?? 0;
  }

  /** @param copy the bytes when they are not part of a slab */
  begin(player: Player, copy: Buffer | undefined): void {
    this.#players.add(player);
    if (copy === undefined) return;
    const sharers = this.#copies.get(copy) ?? 0;
    if (sharers === 0) this.#copiedBytes += copy.buffer.byteLength;
    this.#copies.set(copy, sharers + 1);
  }

  /** @param copy as in {@link begin} */
  end(player: Player, copy: Buffer | undefined): void {
    this.#players.delete(player);
    if (copy === undefined) return;
    const sharers = this.#copies.get(copy) ?? 0;
    if (sharers > 1) {
      this.#copies.set(copy, sharers - 1);
      return;
    }
    if (this.#copies.delete(copy)) this.#copiedBytes -= copy.buffer.byteLength;
  }
}
