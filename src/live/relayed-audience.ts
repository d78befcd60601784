/** The players that other nodes have for one stream, as those tell it about every five seconds. */
export class RelayedAudience {
  /** By the play of each node. */
  readonly #told = new Map<string, number>();
  #players = 0;

  /** Nodes that play the stream. */
  get size(): number {
    return this.#told.size;
  }

  /** Their players together. */
  get players(): number {
    return this.#players;
  }

  /** A node plays it. It has told of no players yet. */
  add(playId: string): void {
    this.#told.set(playId, 0);
  }

  /** A node tells how many it has. */
  tell(playId: string, players: number): void {
    const before = this.#told.get(playId);
    if (before === undefined) return;
    this.#told.set(playId, players);
    this.#players += players - before;
  }

  /** A node plays it no more. */
  remove(playId: string): void {
    this.tell(playId, 0);
    this.#told.delete(playId);
  }
}

/** How many players a stream has over all nodes, as far as it is known. @param audience its plays here, of nodes too */
export function playersOf(stream: { readonly audience: number; readonly relays?: RelayedAudience }): number {
  const { audience, relays } = stream;
  return relays === undefined ? audience : audience - relays.size + relays.players;
}
