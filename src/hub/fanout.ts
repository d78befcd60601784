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
 * The ring of all players of the process. A write to a player costs by the call, not by the byte, so each player is served once
 * per merge window with all that has come since; the window grows with the audience. Walking the ring in small steps keeps
 * the loop free for publishers and bounds each player's delay by one window.
 */
export class Fanout {
  readonly #options: FanoutOptions;
  readonly #nowMs: () => number;
  readonly #players: Player[] = [];
  #next = 0;
  /** Visits still owed since something was last appended. */
  #owed = 0;
  #armed = false;
  #lastRunMs = 0;
  readonly #run = (): void => this.#step();

  constructor(options: FanoutOptions, nowMs: () => number) {
    this.#options = options;
    this.#nowMs = nowMs;
  }

  /** Players in the ring. */
  get size(): number {
    return this.#players.length;
  }

  /** The merge window for the present audience, in ms. */
  get windowMs(): number {
    const { maxDelayMs, playersAtMaxDelay } = this.#options;
    return maxDelayMs * Math.min(1, this.#players.length / playersAtMaxDelay);
  }

  add(player: Player): void {
    player.slot = this.#players.length;
    this.#players.push(player);
    this.wake();
  }

  remove(player: Player): void {
    if (player.slot < 0) return;
    let hole = player.slot;
    // Whoever had its turn stays before #next, whoever is owed one behind it: nobody loses its turn because another leaves.
    if (hole < this.#next) {
      this.#next--;
      this.#move(this.#next, hole);
      hole = this.#next;
    }
    const last = this.#players.length - 1;
    if (hole < last) this.#move(last, hole);
    this.#players.pop();
    player.slot = -1;
  }

  /** Something was appended: every player gets its turn within one window. */
  wake(): void {
    this.#owed = this.#players.length;
    if (!this.#armed && this.#owed > 0) this.#arm(this.windowMs);
  }

  #move(from: number, to: number): void {
    const player = this.#players[from];
    this.#players[to] = player;
    player.slot = to;
  }

  #arm(windowMs: number): void {
    this.#armed = true;
    if (windowMs < 1) setImmediate(this.#run);
    else setTimeout(this.#run, Math.max(1, windowMs / STEPS));
  }

  /**
   * Visits players from the `done`th visit of a step on. One try around all of them, entered again behind a player that failed: what
   * is thrown costs that player, and nobody else.
   */
  #visit(done: number, visits: number, nowMs: number): number {
    const players = this.#players;
    let at = done;
    let player: Player | undefined;
    try {
      while (at < visits && players.length > 0) {
        at++;
        if (this.#next >= players.length) this.#next = 0;
        player = players[this.#next++];
        player.visit(nowMs);
      }
    } catch (error) {
      if (player !== undefined) this.remove(player);
      player?.fail(error);
    }
    return at;
  }

  #step(): void {
    const nowMs = this.#nowMs();
    const players = this.#players;
    const windowMs = this.windowMs;
    const share = windowMs < 1 ? players.length : Math.ceil((players.length * (nowMs - this.#lastRunMs)) / windowMs);
    // At most what is owed: a pause is no debt of many rounds.
    const due = Math.min(share, this.#owed);
    const visits = Math.min(due, MAX_VISITS);
    const late = due > visits;
    // What was not served for lack of time stays due.
    this.#lastRunMs = late ? nowMs - (windowMs * (due - visits)) / players.length : nowMs;
    for (let done = 0; done < visits && players.length > 0; ) done = this.#visit(done, visits, nowMs);
    this.#owed -= visits;
    this.#armed = false;
    if (this.#owed > 0 && players.length > 0) this.#arm(late ? 0 : windowMs);
  }
}
