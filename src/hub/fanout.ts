import type { Audience } from './audience.js';
import type { Player } from './player.js';

/** How the merge window grows. */
export interface FanoutOptions {
  /** The longest that a byte waits for company before it is written, in ms. 0 sends at the end of each loop turn. */
  readonly maxDelayMs: number;
  /** The number of players, over all streams, at which the window reaches `maxDelayMs`; below it grows in proportion. */
  readonly playersAtMaxDelay: number;
}

/** The window is walked in this many steps, so that writes are spread over it. */
const STEPS = 16;
/** Players served before other work of the loop gets its turn: about 5 ms of writes. */
const MAX_VISITS = 512;

/**
 * The ring of all players of the process, audience by audience. A write to a player costs by the call, not by the byte, so each player
 * is served once per merge window with all that has come since; the window grows with the number of players. Walking the ring in small
 * steps keeps the loop free for publishers and bounds each player's delay by one window.
 */
export class Fanout {
  readonly #options: FanoutOptions;
  readonly #nowMs: () => number;
  /** Those with players. Before #at: had their turn in this round; behind it: are owed theirs. */
  readonly #audiences: Audience[] = [];
  #at = 0;
  #size = 0;
  /** Visits still owed since something was last appended. */
  #owed = 0;
  /** Visits of the step under way. */
  #visits = 0;
  /** That step does not serve all that are due. */
  #late = false;
  #armed = false;
  #lastRunMs = 0;
  readonly #run = (): void => this.#step();
  readonly #runServe = (): void => this.#serve();

  constructor(options: FanoutOptions, nowMs: () => number) {
    this.#options = options;
    this.#nowMs = nowMs;
  }

  /** Players in the ring. */
  get size(): number {
    return this.#size;
  }

  /** The merge window for the present audience, in ms. */
  get windowMs(): number {
    const { maxDelayMs, playersAtMaxDelay } = this.#options;
    return maxDelayMs * Math.min(1, this.#size / playersAtMaxDelay);
  }

  /** Whether one step of the ring serves `players` players. */
  servesAtOnce(players: number): boolean {
    return players * STEPS <= this.#size;
  }

  add(player: Player, audience: Audience): void {
    if (audience.players.length === 0) {
      audience.slot = this.#audiences.length;
      this.#audiences.push(audience);
    }
    place(audience.players, player, audience.players.length);
    this.#size++;
    this.wake();
  }

  remove(player: Player, audience: Audience): void {
    if (player.slot < 0) return;
    // Whoever had its turn stays before `next`, whoever is owed one behind it: nobody loses its turn because another leaves.
    const { players } = audience;
    let hole = player.slot;
    if (hole < audience.next) {
      audience.next--;
      place(players, players[audience.next], hole);
      hole = audience.next;
    }
    if (hole < players.length - 1) place(players, players[players.length - 1], hole);
    players.pop();
    player.slot = -1;
    this.#size--;
    if (players.length === 0) this.#drop(audience);
  }

  /** Something was appended: every player gets its turn within one window. */
  wake(): void {
    this.#owed = this.#size;
    if (!this.#armed && this.#owed > 0) this.#arm(this.windowMs);
  }

  /** The same for an audience without players: the one that the ring is at stays between the two groups. */
  #drop(audience: Audience): void {
    const ring = this.#audiences;
    let hole = audience.slot;
    if (hole < this.#at) {
      place(ring, ring[this.#at - 1], hole);
      place(ring, ring[this.#at], this.#at - 1);
      hole = this.#at--;
    }
    if (hole < ring.length - 1) place(ring, ring[ring.length - 1], hole);
    ring.pop();
    if (this.#at >= ring.length) this.#at = 0;
    audience.slot = -1;
    audience.next = 0;
  }

  #arm(windowMs: number): void {
    this.#armed = true;
    if (windowMs < 1) setImmediate(this.#run);
    else setTimeout(this.#run, Math.max(1, windowMs / STEPS));
  }

  #step(): void {
    const nowMs = this.#nowMs();
    const windowMs = this.windowMs;
    const share = windowMs < 1 ? this.#size : Math.ceil((this.#size * (nowMs - this.#lastRunMs)) / windowMs);
    // At most what is owed: a pause is no debt of many rounds.
    const due = Math.min(share, this.#owed);
    this.#visits = Math.min(due, MAX_VISITS);
    this.#late = due > this.#visits;
    // What was not served for lack of time stays due.
    this.#lastRunMs = this.#late ? nowMs - (windowMs * (due - this.#visits)) / this.#size : nowMs;
    // Before anything is read: what comes by that is owed another turn, and so is a publisher that is held anew.
    this.#owed -= this.#visits;
    // Sockets that are read again now are polled before the loop comes to its immediates.
    if (this.#announce()) setImmediate(this.#runServe);
    else this.#serve();
  }

  /** Tells the audiences that this step begins with. @returns whether one of them has something to be read first */
  #announce(): boolean {
    const ring = this.#audiences;
    let reads = false;
    let at = this.#at;
    // The one that the ring is in the middle of has been told.
    let left = this.#visits;
    if (left > 0 && ring[at].next > 0) {
      left -= ring[at].players.length - ring[at].next;
      at++;
    }
    for (; left > 0; at++) {
      if (at >= ring.length) at = 0;
      if (ring[at].turn()) reads = true;
      left -= ring[at].players.length;
    }
    return reads;
  }

  #serve(): void {
    const visits = this.#visits;
    for (let done = 0; done < visits && this.#size > 0; ) done = this.#visit(done, visits);
    this.#armed = false;
    if (this.#owed > 0 && this.#size > 0) this.#arm(this.#late ? 0 : this.windowMs);
  }

  /**
   * Visits players from the `done`th visit of a step on. One try around all of them, entered again behind a player that failed: what
   * is thrown costs that player, and nobody else.
   */
  #visit(done: number, visits: number): number {
    const ring = this.#audiences;
    let at = done;
    let audience = ring[this.#at];
    let player: Player | undefined;
    try {
      while (at < visits && this.#size > 0) {
        at++;
        audience = ring[this.#at];
        if (audience.next >= audience.players.length) audience = this.#advance(audience);
        player = audience.players[audience.next++];
        player.visit();
      }
    } catch (error) {
      if (player !== undefined) this.remove(player, audience);
      player?.fail(error);
    }
    return at;
  }

  /** Everyone of `audience` has had a turn: the ring goes on to the next. */
  #advance(audience: Audience): Audience {
    audience.next = 0;
    this.#at = this.#at + 1 < this.#audiences.length ? this.#at + 1 : 0;
    return this.#audiences[this.#at];
  }
}

/** Puts one of a ring at a place of it. */
function place<T extends { slot: number }>(ring: T[], one: T, slot: number): void {
  ring[slot] = one;
  one.slot = slot;
}
