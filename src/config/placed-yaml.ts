import { yamlParser } from './file.js';
import { yamlProblem } from './yaml-problems.js';

/** A place in a text: line and column from 1, the column in UTF-16 code units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A value of a YAML text with the place where it begins. Values that an alias repeats are the same object. */
export type Placed = PlacedScalar | PlacedList | PlacedMap;

/** A text, number, boolean or null. */
export interface PlacedScalar {
  readonly kind: 'scalar';
  readonly place: Place;
  readonly value: string | number | boolean | null;
  /** The value as it is written, without quotes. */
  readonly source: string;
  /**
   * The column of the first character of a text that stands on one line as it is, without escapes; undefined for
   * others. Places within the text are counted from it.
   */
  readonly textColumn: number | undefined;
}

/** A list. */
interface PlacedList {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly Placed[];
}

/** Keys and values. Keys are texts as they are written, each once. */
export interface PlacedMap {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: ReadonlyMap<string, { readonly place: Place; readonly value: Placed }>;
}

/** What is wrong with a text as YAML, in words for a person, which quote nothing of it. */
interface YamlProblem {
  readonly place: Place;
  readonly says: string;
}

/** The outcome of reading: `root` is missing when the text holds nothing, or cannot be taken apart. */
interface PlacedYaml {
  readonly root?: Placed;
  readonly problems: readonly YamlProblem[];
}

const START: Place = { line: 1, column: 1 };
/** Most words, marks and line ends: the time of the parser grows with them, and more so where they are wrong. */
const MOST_TOKENS = 150_000;
/** Most levels of lists and groups. */
const MOST_LEVELS = 32;
/** Most problems that are told of one text. */
const MOST_PROBLEMS = 100;
const TOO_DEEP = `groups are nested more than ${MOST_LEVELS} deep`;

/**
 * Reads a YAML (or JSON) text with the places of its values. Aliases are followed and cost nothing, because what they
 * name is read once.
 *
 * @param text at most some MiB: the caller bounds it
 */
export function readPlacedYaml(text: string): PlacedYaml {
  const tooLong = pastMostTokens(text);
  if (tooLong !== undefined) return { problems: [tooLong] };
  return new Reader(text).read();
}

/** What is wrong with a text that costs too much to be taken apart; undefined when it does not. */
function pastMostTokens(text: string): YamlProblem | undefined {
  const { Lexer } = yamlParser();
  let tokens = 0;
  for (const _ of new Lexer().lex(text)) {
    tokens++;
    if (tokens > MOST_TOKENS)
      return { place: START, says: `it has more than ${MOST_TOKENS} words, marks and line ends` };
  }
  return undefined;
}

type Yaml = ReturnType<typeof yamlParser>;
type Counter = InstanceType<Yaml['LineCounter']>;

/** Turns the nodes of one document into placed values. */
class Reader {
  readonly #yaml = yamlParser();
  readonly #text: string;
  readonly #lines: Counter = new this.#yaml.LineCounter();
  readonly #problems: YamlProblem[] = [];
  /** What is read already, by node; undefined while it is being read, as in a group that holds itself. */
  readonly #read = new Map<unknown, Placed | undefined>();
  readonly #anchors = new Map<string, unknown>();

  constructor(text: string) {
    this.#text = text;
  }

  read(): PlacedYaml {
    // Looking for doubled keys is quadratic in the parser, so it is done here.
    const document = this.#yaml.parseDocument(this.#text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      uniqueKeys: false,
    });
    for (const { code, pos } of [...document.errors, ...document.warnings]) this.#say(pos[0], yamlProblem(code));
    if (this.#problems.length > 0) return { problems: this.#problems };
    const root = document.contents === null ? undefined : this.#placed(document.contents, 0);
    return { problems: this.#problems, ...(root === undefined ? {} : { root }) };
  }

  #say(offset: number | undefined, says: string): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push({ place: this.#place(offset), says });
  }

  #place(offset: number | undefined): Place {
    if (offset === undefined) return START;
    const { line, col } = this.#lines.linePos(offset);
    return line === 0 ? START : { line, column: col };
  }

  #placed(node: unknown, level: number): Placed {
    if (this.#yaml.isAlias(node)) return this.#aliased(node.source, node.range?.[0]);
    const known = this.#read.get(node);
    if (known !== undefined) return known;
    this.#read.set(node, undefined);
    if (this.#yaml.isNode(node) && node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    const placed = this.#fresh(node, level);
    this.#read.set(node, placed);
    return placed;
  }

  #fresh(node: unknown, level: number): Placed {
    const yaml = this.#yaml;
    const offset = yaml.isNode(node) ? node.range?.[0] : undefined;
    const place = this.#place(offset);
    if (level > MOST_LEVELS) {
      this.#say(offset, TOO_DEEP);
      return nothing(place);
    }
    if (yaml.isMap(node)) return { kind: 'map', place, entries: this.#entries(node.items, level) };
    if (yaml.isSeq(node)) {
      return { kind: 'list', place, items: node.items.map((item) => this.#placed(item, level + 1)) };
    }
    if (yaml.isScalar(node)) return this.#scalar(node, place);
    return nothing(place);
  }

  #entries(pairs: readonly { key: unknown; value: unknown }[], level: number): PlacedMap['entries'] {
    const entries = new Map<string, { place: Place; value: Placed }>();
    for (const { key, value } of pairs) {
      const offset = this.#yaml.isNode(key) ? key.range?.[0] : undefined;
      if (!this.#yaml.isScalar(key)) {
        this.#say(offset, 'a key is no plain text');
        continue;
      }
      const place = this.#place(offset);
      const name = key.source ?? String(key.value);
      if (entries.has(name)) this.#say(offset, yamlProblem('DUPLICATE_KEY'));
      else entries.set(name, { place, value: value === null ? nothing(place) : this.#placed(value, level + 1) });
    }
    return entries;
  }

  #scalar(node: { value: unknown; source?: string; type?: string; range?: unknown }, place: Place): PlacedScalar {
    const { value, source = String(value) } = node;
    const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value);
    const [from = 0, to = 0] = (node.range ?? []) as readonly number[];
    const quote = node.type === 'PLAIN' ? 0 : 1;
    const isAsWritten =
      ['PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE'].includes(node.type ?? '') &&
      this.#text.slice(from + quote, to - quote) === source;
    return {
      kind: 'scalar',
      place,
      value: isPlain ? (value as PlacedScalar['value']) : source,
      source,
      textColumn: isAsWritten ? place.column + quote : undefined,
    };
  }

  #aliased(name: string, offset: number | undefined): Placed {
    const node = this.#anchors.get(name);
    const placed = node === undefined ? undefined : this.#read.get(node);
    if (placed !== undefined) return placed;
    this.#say(offset, node === undefined ? 'an alias (*name) names no anchor before it' : 'a group holds itself');
    return nothing(this.#place(offset));
  }
}

function nothing(place: Place): PlacedScalar {
  return { kind: 'scalar', place, value: null, source: '', textColumn: undefined };
}
