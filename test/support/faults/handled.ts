import type { SluiceEvent, StreamHandlers } from '../../../src/client/events/index.js';

/** How the handlers of a consumer misbehave: chances are per event. */
export interface Moods {
  readonly random: () => number;
  /** Chance that an event's handler fails once, twice or three times before it works. */
  readonly fails: number;
  /** Chance that a handler takes {@link slowMs}. */
  readonly slow: number;
  readonly slowMs: number;
}

/** What a consumer has handled, and what was wrong about it. */
export class Handled {
  readonly name: string;
  /** How often each event was handled, by id. */
  readonly times = new Map<string, number>();
  readonly problems: string[] = [];
  failures = 0;
  slow = 0;
  readonly #moods: Moods;
  readonly #inOrder: boolean;
  readonly #running = new Set<string>();
  readonly #failuresLeft = new Map<string, number>();
  readonly #newest = new Map<string, number>();

  /** @param inOrder whether events of a stream must come in order whatever happens */
  constructor(name: string, moods: Moods, inOrder: boolean) {
    this.name = name;
    this.#moods = moods;
    this.#inOrder = inOrder;
  }

  get handlers(): StreamHandlers {
    return { event: (event) => this.#handle(event) };
  }

  async #handle(event: SluiceEvent): Promise<void> {
    const { id, streamid } = event;
    if (this.#running.has(id)) this.problems.push(`${this.name}: ${id} is handled while it is being handled`);
    this.#running.add(id);
    try {
      await this.#work(id);
    } finally {
      this.#running.delete(id);
    }
    const times = (this.times.get(id) ?? 0) + 1;
    this.times.set(id, times);
    if (times > 1) this.problems.push(`${this.name}: ${id} is handled ${times} times`);
    const sequence = Number(event.sequence);
    const before = this.#newest.get(streamid) ?? 0;
    if (this.#inOrder && sequence <= before) this.problems.push(`${this.name}: ${id} comes after ${before}`);
    this.#newest.set(streamid, Math.max(before, sequence));
  }

  async #work(id: string): Promise<void> {
    const { random, fails, slow, slowMs } = this.#moods;
    const left = this.#failuresLeft.get(id) ?? (random() < fails ? 1 + Math.floor(random() * 3) : 0);
    this.#failuresLeft.delete(id);
    if (left > 0) {
      this.failures++;
      this.#failuresLeft.set(id, left - 1);
      throw new Error(`${id} fails as it should`);
    }
    if (random() >= slow) return;
    this.slow++;
    await new Promise((resolve) => setTimeout(resolve, slowMs));
  }
}
