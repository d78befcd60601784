import { seeded } from '../support/random.js';
import type { Corpus } from './corpus.js';
import type { Coverage } from './coverage.js';
import { Mutator } from './mutate.js';
import type { FuzzTarget } from './target.js';

/** Inputs between two looks at the coverage. */
const BATCH = 256;
/** New well-formed inputs are made after so many batches. */
const SAMPLES_EVERY = 40;
const MOST_SAMPLES = 400;
/** Most attempts to make a finding shorter. */
const MAX_SHRINKS = 3000;

/** An input for which something does not hold. */
export interface Finding {
  readonly input: Uint8Array;
  readonly error: Error;
}

/** Searches for inputs that break a target: changes those that have shown new code, again and again. */
export class Search {
  executions = 0;
  readonly #target: FuzzTarget;
  readonly #corpus: Corpus;
  readonly #coverage: Coverage;
  readonly #about: (input: Uint8Array) => void;
  readonly #random: () => number;
  readonly #mutator: Mutator;
  #samples: Uint8Array[] = [];
  #seed: number;

  /** @param about called with each input before it is run, so that one that never ends can be told */
  constructor(
    target: FuzzTarget,
    corpus: Corpus,
    coverage: Coverage,
    options: { seed: number; about: (input: Uint8Array) => void },
  ) {
    this.#target = target;
    this.#corpus = corpus;
    this.#coverage = coverage;
    this.#about = options.about;
    this.#seed = options.seed;
    this.#random = seeded(options.seed);
    this.#mutator = new Mutator(this.#random, target.tokens ?? [], target.maxBytes);
  }

  /** Runs the corpus, then new inputs until `isOver` says so. @returns the first finding, made short */
  async run(isOver: () => boolean): Promise<Finding | undefined> {
    try {
      await this.#take([...this.#corpus.inputs]);
      for (let batch = 0; !isOver(); batch++) {
        if (batch % SAMPLES_EVERY === 0) this.#moreSamples();
        await this.#take(Array.from({ length: BATCH }, () => this.#next()));
      }
      return undefined;
    } catch (found) {
      if (found instanceof Broken) return await this.#shrunk(found);
      throw found;
    }
  }

  /** Runs inputs; those that have shown new code join the corpus. */
  async #take(inputs: readonly Uint8Array[]): Promise<void> {
    for (const input of inputs) await this.#try(input);
    const fresh = this.#coverage.take();
    if (fresh.length === 0 || inputs.length === 0) return;
    if (inputs.length === 1) {
      this.#coverage.note(fresh);
      this.#corpus.add(inputs[0]!);
      return;
    }
    const half = inputs.length >> 1;
    await this.#take(inputs.slice(0, half));
    await this.#take(inputs.slice(half));
    // Code that runs only once in a process is not seen again: it belongs to no single input.
    this.#coverage.note(fresh);
  }

  async #try(input: Uint8Array): Promise<void> {
    this.executions++;
    this.#about(input);
    try {
      await this.#target.run(input);
    } catch (error) {
      throw new Broken(input, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #next(): Uint8Array {
    const from = this.#random() < 0.6 ? this.#pick(this.#corpus.inputs) : this.#pick(this.#samples);
    if (this.#random() < 0.02) return from;
    return this.#mutator.mutate(from, this.#pick(this.#random() < 0.5 ? this.#corpus.inputs : this.#samples));
  }

  #pick(inputs: readonly Uint8Array[]): Uint8Array {
    return inputs[Math.floor(this.#random() * inputs.length)] ?? Uint8Array.of(0);
  }

  #moreSamples(): void {
    this.#samples = [...this.#target.samples(this.#seed++), ...this.#samples].slice(0, MOST_SAMPLES);
  }

  async #shrunk({ input, error }: Broken): Promise<Finding> {
    let best: Finding = { input, error };
    let left = MAX_SHRINKS;
    for (let size = best.input.length >> 1; size > 0; size >>= 1) {
      for (let at = 0; at + size <= best.input.length && left > 0; left--) {
        const shorter = Buffer.concat([best.input.subarray(0, at), best.input.subarray(at + size)]);
        try {
          await this.#try(shorter);
          at += size;
        } catch (found) {
          if (!(found instanceof Broken)) throw found;
          best = { input: shorter, error: found.error };
        }
      }
    }
    return best;
  }
}

class Broken extends Error {
  readonly input: Uint8Array;
  readonly error: Error;
  constructor(input: Uint8Array, error: Error) {
    super(error.message);
    this.input = input;
    this.error = error;
  }
}
