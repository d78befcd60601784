import type { Player } from './player.js';

interface Held {
  readonly player: Player;
  readonly dueMs: number;
}

/**
 * Players that have just begun get nothing for a moment, so that `NetStream.Play.Start` reaches their client before the
 * first media does. A client that reads both at once may not be ready for the second: the relay of Node-Media-Server
 * drops what comes in the same read, sequence headers included, and then never shows a picture. One timer serves all of
 * them, because all wait equally long.
 */
export class HeldStarts {
  /** How long each player that comes waits, in ms; 0: not at all. */
  holdMs: number;
  readonly #nowMs: () => number;
  /** In the order in which they are due. */
  readonly #held: Held[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param holdMs how long each player waits; 0: not at all */
  constructor(holdMs: number, nowMs: () => number) {
    this.holdMs = holdMs;
    this.#nowMs = nowMs;
  }

  /** Players that wait. */
  get size(): number {
    return this.#held.length;
  }

  add(player: Player): void {
    if (this.holdMs === 0) return;
    player.hold();
    this.#held.push({ player, dueMs: this.#nowMs() + this.holdMs });
    if (this.#timer === undefined) this.#arm();
  }

  #arm(): void {
    const first = this.#held[0];
    this.#timer = first === undefined ? undefined : setTimeout(() => this.#release(), first.dueMs - this.#nowMs());
  }

  #release(): void {
    const nowMs = this.#nowMs();
    const isWaiting = ({ dueMs }: Held): boolean => dueMs > nowMs;
    const waiting = this.#held.findIndex(isWaiting);
    // Each release changes a few bytes of state. The media follows in the turns of the fan-out.
    for (const { player } of this.#held.splice(0, waiting === -1 ? this.#held.length : waiting)) player.release();
    this.#arm();
  }
}
