import type { Place, Placed, PlacedMap, PlacedScalar } from '../../config/placed-yaml.js';
import { suggest } from '../../config/suggest.js';
import { parseDuration } from '../../core/duration.js';
import type { Problems, TemplateCode, Words } from './problems.js';

/** A value with its path, as problems name it. */
export interface Item<T extends Placed = Placed> {
  readonly path: string;
  readonly value: T;
}

/** A text of a template, with what is needed to name a place in it. */
export interface Text {
  readonly path: string;
  readonly text: string;
  readonly value: PlacedScalar;
}

/** What a text has to be. */
export interface TextRule {
  /** Longest, in bytes of UTF-8. */
  readonly most: number;
  readonly pattern?: RegExp;
  /** What is accepted, in words. */
  readonly expects: string;
}

/** The place of a character of a text, or of the whole text where escapes or line ends hide it. */
export function placeIn({ value }: Text, offset: number): Place {
  return value.textColumn === undefined ? value.place : { line: value.place.line, column: value.textColumn + offset };
}

/** Reads a text. Numbers, `true` and `false` are taken as they are written: `[ffmpeg, -t, 10]`. */
export function readText({ path, value }: Item, rule: TextRule, problems: Problems): Text | undefined {
  const isText = value.kind === 'scalar' && value.value !== null;
  const text = !isText ? undefined : typeof value.value === 'string' ? value.value : value.source;
  const wrong = text === undefined ? told(value) : textProblem(text, rule);
  if (wrong === undefined) return { path, text: text!, value: value as PlacedScalar };
  problems.add('ERR_JOB_TEMPLATE_VALUE', value.place, path, { says: wrong, expected: rule.expects });
  return undefined;
}

function textProblem(text: string, { most, pattern }: TextRule): string | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes > most) return `it is ${bytes} bytes long, ${most} are allowed`;
  if (text.includes('\0')) return 'it has the character U+0000';
  if (/\p{Surrogate}/u.test(text)) return 'it has half a character (a lone surrogate)';
  return pattern === undefined || pattern.test(text) ? undefined : 'it does not fit';
}

/** What a value is, in words. */
function told(value: Placed): string {
  if (value.kind === 'map') return 'it is a group of keys';
  if (value.kind === 'list') return 'it is a list';
  return value.value === null
    ? 'it is empty'
    : `it is a ${typeof value.value === 'string' ? 'text' : typeof value.value}`;
}

/** Reads a list of at most `most` items. */
export function readList({ path, value }: Item, most: number, expects: string, problems: Problems): Item[] | undefined {
  const add = (says: string) => problems.add('ERR_JOB_TEMPLATE_VALUE', value.place, path, { says, expected: expects });
  if (value.kind !== 'list') add(told(value));
  else if (value.items.length > most) add(`it has ${value.items.length} items, ${most} are allowed`);
  else return value.items.map((item, index) => ({ path: `${path}[${index}]`, value: item }));
  return undefined;
}

/** Reads a whole number. */
export function readWhole({ path, value }: Item, [min, max]: Range, problems: Problems): number | undefined {
  const number = value.kind === 'scalar' ? value.value : undefined;
  if (Number.isSafeInteger(number) && (number as number) >= min && (number as number) <= max) return number as number;
  const says = typeof number === 'number' ? 'it is no such number' : told(value);
  const expected = `a whole number from ${min} to ${max}`;
  problems.add('ERR_JOB_TEMPLATE_VALUE', value.place, path, { says, expected });
  return undefined;
}

/** Reads milliseconds: a whole number, or a text with a unit such as `10s`. */
export function readDuration({ path, value }: Item, [min, max]: Range, problems: Problems): number | undefined {
  const written = value.kind === 'scalar' ? value.value : undefined;
  const ms = typeof written === 'string' ? parseDuration(written) : written;
  if (Number.isSafeInteger(ms) && (ms as number) >= min && (ms as number) <= max) return ms as number;
  const says = typeof written === 'string' || typeof written === 'number' ? 'it is no such time' : told(value);
  const expected = `milliseconds from ${min} to ${max}, or a time such as 10s`;
  problems.add('ERR_JOB_TEMPLATE_VALUE', value.place, path, { says, expected });
  return undefined;
}

/** Least and most, both included. */
export type Range = readonly [min: number, max: number];

/** Keys and values of one group. Keys that there are not are told when it is made. */
export class Group {
  readonly place: Place;
  readonly path: string;
  readonly #map: PlacedMap;
  readonly #problems: Problems;

  private constructor(map: PlacedMap, path: string, problems: Problems) {
    this.place = map.place;
    this.path = path;
    this.#map = map;
    this.#problems = problems;
  }

  /** @param known every key that there is; undefined: any */
  static read({ path, value }: Item, known: readonly string[] | undefined, problems: Problems): Group | undefined {
    if (value.kind !== 'map') {
      const expected =
        known === undefined ? 'keys and values' : `a group of ${known.length === 0 ? 'no keys' : known.join(', ')}`;
      problems.add('ERR_JOB_TEMPLATE_VALUE', value.place, path, { says: told(value), expected });
      return undefined;
    }
    for (const [key, { place }] of value.entries) {
      if (known === undefined || known.includes(key)) continue;
      problems.add('ERR_JOB_TEMPLATE_KEY', place, path, {
        says: `there is no key ${short(key)}`,
        expected: known.length === 0 ? 'no keys' : known.join(', '),
        near: suggest(key.slice(0, 64), known),
      });
    }
    return new Group(value, path, problems);
  }

  get size(): number {
    return this.#map.entries.size;
  }

  keys(): string[] {
    return [...this.#map.entries.keys()];
  }

  has(key: string): boolean {
    return this.#map.entries.has(key);
  }

  /** The value of a key; undefined when it is missing. */
  item(key: string): Item | undefined {
    const entry = this.#map.entries.get(key);
    return entry === undefined
      ? undefined
      : { path: this.path === '' ? key : `${this.path}.${short(key)}`, value: entry.value };
  }

  /** The value of a key that has to be there. */
  need(key: string): Item | undefined {
    const item = this.item(key);
    if (item === undefined) this.add('ERR_JOB_TEMPLATE_KEY', undefined, { says: `${key} is missing` });
    return item;
  }

  text(key: string, rule: TextRule): Text | undefined {
    return this.#with(key, (item) => readText(item, rule, this.#problems));
  }

  whole(key: string, range: Range): number | undefined {
    return this.#with(key, (item) => readWhole(item, range, this.#problems));
  }

  duration(key: string, range: Range): number | undefined {
    return this.#with(key, (item) => readDuration(item, range, this.#problems));
  }

  list(key: string, most: number, expects: string): Item[] | undefined {
    return this.#with(key, (item) => readList(item, most, expects, this.#problems));
  }

  group(key: string, known: readonly string[] | undefined): Group | undefined {
    return this.#with(key, (item) => Group.read(item, known, this.#problems));
  }

  flag(key: string): boolean | undefined {
    return this.#with(key, ({ path, value }) => {
      if (value.kind === 'scalar' && typeof value.value === 'boolean') return value.value;
      const words = { says: told(value), expected: 'true or false' };
      this.#problems.add('ERR_JOB_TEMPLATE_VALUE', value.place, path, words);
      return undefined;
    });
  }

  choice<T extends string | number>(key: string, choices: readonly T[]): T | undefined {
    return this.#with(key, ({ path, value }) => {
      const found = choices.find((choice) => value.kind === 'scalar' && value.value === choice);
      if (found !== undefined) return found;
      const written = value.kind === 'scalar' && value.value !== null ? short(String(value.value)) : undefined;
      this.#problems.add('ERR_JOB_TEMPLATE_VALUE', value.place, path, {
        says: written === undefined ? told(value) : `it is ${written}`,
        expected: choices.join(', '),
        near: written === undefined ? undefined : suggest(written, choices.map(String)),
      });
      return undefined;
    });
  }

  /** Texts by key, at most `most` of them. */
  texts(key: string, most: number, keyRule: TextRule, valueRule: TextRule): ReadonlyMap<string, Text> | undefined {
    const group = this.group(key, undefined);
    if (group === undefined) return undefined;
    if (group.size > most) {
      group.add('ERR_JOB_TEMPLATE_VALUE', undefined, { says: `it has ${group.size} keys, ${most} are allowed` });
      return undefined;
    }
    const texts = new Map<string, Text>();
    for (const name of group.keys()) {
      const wrong = textProblem(name, keyRule);
      if (wrong !== undefined) {
        group.add('ERR_JOB_TEMPLATE_KEY', name, { says: `${short(name)} is no such key`, expected: keyRule.expects });
      }
      const text = group.text(name, valueRule);
      if (wrong === undefined && text !== undefined) texts.set(name, text);
    }
    return texts;
  }

  /** Tells a problem of the group, or of one of its keys, at its place. */
  add(code: TemplateCode, key: string | undefined, words: Words): void {
    const place = key === undefined ? undefined : this.#map.entries.get(key)?.place;
    this.#problems.add(code, place ?? this.place, this.path, words);
  }

  #with<T>(key: string, read: (item: Item) => T | undefined): T | undefined {
    const item = this.item(key);
    return item === undefined ? undefined : read(item);
  }
}

/** A key as it is shown. */
function short(text: string): string {
  return text.length > 48 ? `${text.slice(0, 48)}…` : text;
}
