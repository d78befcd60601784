import type { Player } from './player.js';
import type { UnsentWriter } from './unsent-writes.js';

/** A player, and the bytes that would be free without it. */
interface Holder<P> {
  readonly player: P;
  readonly bytes: number;
}

/** Most players that are handled at once: a pause of a few milliseconds. */
const MOST_AT_ONCE = 512;

/**
 * Brings the media that is held below its bound, at the cost of players that are behind. Players hold no queues, but
 * one that is behind keeps slabs of a log that all others are done with, and a write under way keeps its slab after the
 * log has dropped it.
 */
export class MemoryGuard {
  /** Players that were sent on to the next keyframe. */
  skipped = 0;
  /** Players whose connection was closed, because only that frees what is being sent to them. */
  evicted = 0;

  /**
   * Has players skip to the next keyframe, those that keep most first.
   *
   * @param players - all of them, also those without a publication
   * @param overBytes - how much has to go
   * @param inFlightBytes - what has left its log and is still being sent
   * @returns bytes that are free now
   */
  skipBehind(players: Iterable<Player>, overBytes: number, inFlightBytes: () => number): number {
    let freed = 0;
    for (const { player } of worst(players, (one) => one.pinnedBytes)) {
      if (freed >= overBytes) break;
      const publication = player.publication!;
      const before = publication.heldBytes + inFlightBytes();
      if (!player.skip()) continue;
      this.skipped++;
      publication.trim();
      freed += before - publication.heldBytes - inFlightBytes();
    }
    return freed;
  }

  /**
   * Closes the connections of players whose writes under way hold memory, those that hold most first. What GOPs take is
   * left alone: past the limit publishes are refused.
   *
   * @param writers - players with a write under way, also of plays that have stopped
   * @param overBytes - how much has to go
   * @returns bytes that are free now
   */
  evictUnsent(writers: Iterable<UnsentWriter>, overBytes: number): number {
    let freed = 0;
    for (const { player, bytes } of worst(writers, (one) => one.unsentBytes)) {
      if (freed >= overBytes) break;
      this.evicted++;
      freed += bytes;
      player.sink.evicted();
    }
    return freed;
  }
}

function worst<P>(players: Iterable<P>, bytesOf: (player: P) => number): Holder<P>[] {
  const holders: Holder<P>[] = [];
  for (const player of players) {
    const bytes = bytesOf(player);
    if (bytes > 0) holders.push({ player, bytes });
  }
  return holders.sort((a, b) => b.bytes - a.bytes).slice(0, MOST_AT_ONCE);
}
