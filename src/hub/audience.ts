import type { Fanout, Group, Member } from './fanout.js';

/** A reader that was stopped and can go on. */
export interface PacedReader {
  /** Goes on reading. Does nothing once it is closed. */
  resumeReads(): void;
}

/** Marks an audience that is not in the ring. */
const NOWHERE = -1;
/**
 * This many bytes between two turns fill most of a socket's receive buffer. A publisher that waits longer would be
 * slowed down.
 */
const MAX_WAITING_BYTES = 49_152;

/** The other nodes that play one name: a group of another ring, for which no publisher is ever stopped. */
class Relays<P extends Member> implements Group {
  readonly members: P[] = [];
  slot = NOWHERE;
  next = 0;
  readonly fanout: Fanout;

  constructor(fanout: Fanout) {
    this.fanout = fanout;
  }

  turn(): boolean {
    return false;
  }
}

/**
 * The players of one name, with or without a publisher, and the only list of them. They stand together in the fan-out's
 * ring: the bytes that they share are still in the near caches when the next of them is served, and one read of the
 * publisher right before serves them all.
 */
export class Audience<P extends Member = Member> implements Group {
  /**
   * In the order of their turns; {@link Fanout} moves them. Copy it before calling anything that a player may leave by.
   */
  readonly members: P[] = [];
  /** Players that are not in the ring: whoever made one gives it its turns. They are no audience, and read the log. */
  readonly quiet: P[] = [];
  /** Index in the ring. Only Fanout writes it. */
  slot = NOWHERE;
  /** Index of the player whose turn is next; 0 except while the ring is at this audience. Only Fanout writes it. */
  next = 0;
  readonly #fanout: Fanout;
  readonly #fast: () => Fanout;
  /**
   * Other nodes, which are served before all players: what waits here waits for all players behind them. Undefined
   * while there are none, so that nothing else is looked at for a stream that nobody fetches.
   */
  #relays: Relays<P> | undefined;
  #reader: PacedReader | undefined;
  /** Bytes read since the last turn. */
  #bytes = 0;
  /** Whether bytes that come between two turns may wait in the kernel: they are far from filling the receive buffer. */
  #mayWait = false;

  /** @param fast the ring of other nodes; default: theirs is the same as that of players */
  constructor(fanout: Fanout, fast: () => Fanout = () => fanout) {
    this.#fanout = fanout;
    this.#fast = fast;
  }

  /** How many players there are, other nodes included. */
  get size(): number {
    return this.#relays === undefined ? this.members.length : this.members.length + this.#relays.members.length;
  }

  /** Players, other nodes first. */
  get players(): readonly P[] {
    return this.#relays === undefined ? this.members : [...this.#relays.members, ...this.members];
  }

  /** Everyone who reads the log. */
  get everyone(): readonly P[] {
    return this.quiet.length === 0 ? this.players : [...this.players, ...this.quiet];
  }

  add(player: P): void {
    this.#fanout.add(player, this);
  }

  /** Another node plays it. */
  addRelay(player: P): void {
    this.#relays ??= new Relays(this.#fast());
    this.#relays.fanout.add(player, this.#relays);
    // A publisher that was stopped for the players would be read too late for this one.
    this.turn();
  }

  /** @returns whether the player was in it */
  remove(player: P): boolean {
    if (this.#relays?.members[player.slot] === player) {
      this.#relays.fanout.remove(player, this.#relays);
      this.#forgetRelays();
      return true;
    }
    if (this.members[player.slot] !== player) {
      this.#forgetRelays();
      const at = this.quiet.indexOf(player);
      if (at >= 0) this.quiet.splice(at, 1);
      return at >= 0;
    }
    this.#fanout.remove(player, this);
    if (this.members.length === 0) this.turn();
    return true;
  }

  /** Something was appended, or a player can go on: each player gets its turn within one merge window. */
  wake(): void {
    if (this.#relays !== undefined) this.#relays.fanout.wake();
    this.#fanout.wake();
  }

  /**
   * Stops the publisher's connection `reader`, which has just read `count` bytes, from reading until the turn of these
   * players: bytes that are read earlier are not sent any sooner. That saves work and delays no player when the window
   * is long and one step of the ring serves them all. While other nodes play it, it is never stopped.
   *
   * @param minWindowMs the shortest window for which it saves work; 0 never stops a reader
   * @returns whether the reader must stop reading now
   */
  hold(reader: PacedReader, count: number, minWindowMs: number): boolean {
    this.#bytes += count;
    if (this.#relays !== undefined) return false;
    if (!this.#mayWait || minWindowMs === 0 || this.#fanout.windowMs < minWindowMs) return false;
    if (!this.#fanout.servesAtOnce(this.members.length)) return false;
    if (this.#reader !== reader) this.#reader?.resumeReads();
    this.#reader = reader;
    // The ring stands still while nothing comes, and a stopped reader goes on only with its turn, so the ring is woken.
    this.#fanout.wake();
    return true;
  }

  /** The turn of these players begins. @returns whether a stopped reader has to read first */
  turn(): boolean {
    this.#mayWait = this.#bytes < MAX_WAITING_BYTES;
    this.#bytes = 0;
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resumeReads();
    return reader !== undefined;
  }

  /** One that failed in its turn is out of its ring before it is removed here. */
  #forgetRelays(): void {
    if (this.#relays?.members.length === 0) this.#relays = undefined;
  }
}
