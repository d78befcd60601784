import { literalPrefix } from '../core/glob.js';

/** The globs of a rule; undefined: any. */
interface RulePlace {
  readonly app?: string | undefined;
  readonly name?: string | undefined;
}

/**
 * Finds the few rules of a long list that may fit an app and a name, by what stands before the first wildcard. A list
 * of 10,000 customers then costs a decision no more than one of ten.
 */
export class RuleIndex {
  /** Rules whose app has no wildcard, by `app/` and the beginning of the name. */
  readonly #byPath = new PrefixMap();
  /** All others, by the beginning of the name. */
  readonly #byName = new PrefixMap();

  constructor(places: readonly RulePlace[]) {
    for (const [i, { app, name = '*' }] of places.entries()) {
      if (app !== undefined && literalPrefix(app) === app) this.#byPath.add(`${app}/${literalPrefix(name)}`, i);
      else this.#byName.add(literalPrefix(name), i);
    }
  }

  /** @returns places in the list, in its order; each has still to be compared */
  candidates(app: string, name: string): readonly number[] {
    const found: number[] = [];
    this.#byPath.collect(`${app}/${name}`, found);
    this.#byName.collect(name, found);
    return found.length > 1 ? found.sort((a, b) => a - b) : found;
  }
}

/** Lists by a text that other texts begin with. */
class PrefixMap {
  readonly #lists = new Map<string, number[]>();
  /** The lengths that are in use. */
  readonly #lengths = new Set<number>();

  add(prefix: string, value: number): void {
    const list = this.#lists.get(prefix);
    if (list === undefined) this.#lists.set(prefix, [value]);
    else list.push(value);
    this.#lengths.add(prefix.length);
  }

  /** Puts the values of everything that a text begins with behind those that were found. */
  collect(text: string, found: number[]): void {
    for (const length of this.#lengths) {
      if (length > text.length) continue;
      for (const value of this.#lists.get(text.slice(0, length)) ?? []) found.push(value);
    }
  }
}
