import type { Player } from './player.js';
import type { Publication } from './publication.js';

/** A player and what would be free without it. */
interface Holder {
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
  /** Players that were sent on to the next keyframe. */
  skipped = 0;
  /** Players whose connection was closed, for only that frees what is being sent to them. */
  evicted = 0;

  /**
   * Has players skip to the next keyframe, those that keep most first.
   *
   * @param overBytes - how much has to go
   * @param inFlightBytes - what has left its log and is still being sent
   * @returns bytes that are free now
   */
  skipBehind(publications: Iterable<Publication>, overBytes: number, inFlightBytes: () => number): number {
    let freed = 0;
    for (const { player } of worst(playersOf(publications), (one) => one.pinnedBytes)) {
      if (freed >= overBytes) break;
      const publication = player.publication!;
      const before = publication.log.heldBytes + inFlightBytes();
      if (!player.skip()) continue;
      this.skipped++;
      publication.trim();
      freed += before - publication.log.heldBytes - inFlightBytes();
    }
    return freed;
  }

  /**
   * Closes the connections of players whose writes under way hold memory, those that hold most first. What GOPs take is left alone: past
   * the limit publishes are refused.
   *
   * @param players - those with a write under way, also of plays that have stopped
   * @param overBytes - how much has to go
   * @returns bytes that are free now
   */
  evictUnsent(players: Iterable<Player>, overBytes: number): number {
    let freed = 0;
    for (const { player, bytes } of worst(players, (one) => one.unsentBytes)) {
      if (freed >= overBytes) break;
      this.evicted++;
      freed += bytes;
      player.sink.evicted();
    }
    return freed;
  }
}

function* playersOf(publications: Iterable<Publication>): Generator<Player> {
  for (const { players } of publications) yield* players;
}

function worst(players: Iterable<Player>, bytesOf: (player: Player) => number): Holder[] {
  const holders: Holder[] = [];
  for (const player of players) {
    const bytes = bytesOf(player);
    if (bytes > 0) holders.push({ player, bytes });
  }
  return holders.sort((a, b) => b.bytes - a.bytes).slice(0, MOST_AT_ONCE);
}
