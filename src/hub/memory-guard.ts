import type { Player } from './player.js';
import type { Publication } from './publication.js';

/** A player and what would be free without it. */
interface Holder {
  readonly publication: Publication;
  readonly player: Player;
  readonly bytes: number;
}

/** Players looked after in one go: a pause of a few milliseconds at most. */
const MOST_AT_ONCE = 512;

/**
 * Brings the media that is held back under its bound at the cost of those who are behind. Players hold no queues, but one that is
 * behind keeps slabs of a log that all others are done with, and a write under way keeps its slab after the log has let go of it.
 */
export class MemoryGuard {
  readonly limitBytes: number;
  /** Players that were sent on to the next keyframe. */
  skipped = 0;
  /** Players whose connection was closed, for only that frees what is being sent to them. */
  evicted = 0;

  /** @param limitBytes - `limits.memoryBytes` */
  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /**
   * While more than the limit is held: has whoever holds most skip to the next keyframe; when that is not enough, closes the connections
   * of those who hold most by a write under way. What GOPs take is left alone: past the limit publishes are refused.
   *
   * @param heldBytes - what is held now, over all streams
   * @param inFlightBytes - the part of it that has left its log and is still being sent
   */
  relieve(publications: Iterable<Publication>, heldBytes: number, inFlightBytes: () => number): void {
    let over = heldBytes - this.limitBytes;
    if (over <= 0) return;
    const all = [...publications];
    for (const { publication, player } of worst(all, (one) => one.pinnedBytes)) {
      if (over <= 0) return;
      const before = publication.log.heldBytes + inFlightBytes();
      if (!player.skip()) continue;
      this.skipped++;
      publication.trim();
      over -= before - publication.log.heldBytes - inFlightBytes();
    }
    for (const { player, bytes } of worst(all, (one) => one.unsentBytes)) {
      if (over <= 0) return;
      this.evicted++;
      over -= bytes;
      player.sink.evicted();
    }
  }
}

function worst(publications: readonly Publication[], bytesOf: (player: Player) => number): Holder[] {
  const holders: Holder[] = [];
  for (const publication of publications) {
    for (const player of publication.players) {
      const bytes = bytesOf(player);
      if (bytes > 0) holders.push({ publication, player, bytes });
    }
  }
  return holders.sort((a, b) => b.bytes - a.bytes).slice(0, MOST_AT_ONCE);
}
