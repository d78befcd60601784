/**
 * Compares what many players receive, message by message: whoever is furthest writes the log, everybody else must find
 * the same message at the same place. Keeps only what some player has still to reach.
 */
export class SameOrder {
  readonly #log: string[] = [];
  readonly #at: number[];
  #base = 0;

  /** @param players how many players take part, numbered from 0 */
  constructor(players: number) {
    this.#at = Array.from({ length: players }, () => 0);
  }

  /** Takes the next message of a player; throws when it is not what the others got at this place. */
  take(player: number, print: string): void {
    const index = this.#at[player]++ - this.#base;
    const known = this.#log[index];
    if (known === undefined) this.#log.push(print);
    else if (known !== print) {
      throw new Error(`player ${player}, message ${this.#at[player] - 1}: got ${print}, others got ${known}`);
    }
    if (this.#log.length > 20_000) this.#trim();
  }

  /** Messages that every player has received. */
  get reachedByAll(): number {
    return Math.min(...this.#at);
  }

  /** Messages that the furthest player has received. */
  get reachedByOne(): number {
    return Math.max(...this.#at);
  }

  #trim(): void {
    const done = this.reachedByAll - this.#base;
    this.#log.splice(0, done);
    this.#base += done;
    if (this.#log.length > 20_000) throw new Error(`a player is ${this.#log.length} messages behind`);
  }
}
