import { type ErrorCode, SluiceError } from '../core/errors.js';
import { readConfigFile, readSecretFile } from './file.js';
import { suggest } from './suggest.js';
import { type Config, type DeepPartial, ROWS, type Row } from './table.js';

/** Where the value of a setting comes from; later ones win. */
type SourceKind = 'default' | 'file' | 'environment' | 'flag' | 'given' | 'change';

/** The source of one value: its kind, and the file, variable or flag. */
export interface Source {
  readonly kind: SourceKind;
  readonly name: string;
}

/** What to load from. Everything is optional. */
export interface ConfigInput {
  /** Path of a YAML file; default: what SLUICE_CONFIG in `env` says, else none. */
  readonly file?: string | undefined;
  /** What the file holds, when it was read already by {@link readFileOf}. */
  readonly content?: Readonly<Record<string, unknown>> | undefined;
  /** Environment variables; default: none. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Values from the command line by full key, as text. */
  readonly flags?: Readonly<Record<string, unknown>> | undefined;
  /** Values from a program that embeds the server; they win over file, environment and flags. */
  readonly given?: DeepPartial<Config> | undefined;
  /** Values that were set while the server runs, by full key; they win over everything. */
  readonly changes?: Readonly<Record<string, unknown>> | undefined;
}

/** A configuration, and where each value came from. */
export interface LoadedConfig {
  readonly config: Config;
  /** By full key. */
  readonly sources: Readonly<Record<string, Source>>;
  /** Oddities that do not prevent a start, in sentences. */
  readonly warnings: readonly string[];
}

/** What is wrong with one setting. */
export interface Problem {
  readonly code: ErrorCode;
  /** Full key. */
  readonly key: string;
  readonly text: string;
}

/**
 * Most problems that are told, and most of them with the key that was probably meant: to find that takes about a
 * millisecond, and a request may hold 2000 wrong keys.
 */
const MOST_PROBLEMS = 100;
const MOST_HINTS = 10;
/** Longest key that is shown as a whole, in characters; no setting has a longer one. */
const MOST_KEY = 100;

const KEYS = ROWS.map(({ key }) => key);
const BY_KEY = new Map(ROWS.map((row) => [row.key, row]));

/**
 * Path of the configuration file; undefined: there is none. An empty variable counts as not set, as in container files.
 */
export function configFileOf({ file, env = {} }: ConfigInput): string | undefined {
  return file ?? (env['SLUICE_CONFIG'] || undefined);
}

/**
 * Reads the configuration file, unchecked; undefined: there is none.
 *
 * @throws SluiceError ERR_CONFIG_FILE_UNREADABLE, ERR_CONFIG_FILE_SYNTAX
 */
export function readFileOf(input: ConfigInput): Readonly<Record<string, unknown>> | undefined {
  const file = configFileOf(input);
  return file === undefined ? undefined : readConfigFile(file);
}

/**
 * Merges defaults, file, environment, flags, given values and changes, in that order, and checks all of it.
 *
 * @throws SluiceError ERR_CONFIG_UNKNOWN_KEY, ERR_CONFIG_INVALID_VALUE, ERR_CONFIG_SECRET_IN_FLAG,
 *   ERR_CONFIG_FILE_UNREADABLE, ERR_CONFIG_FILE_SYNTAX; it names the first 100 problems, its code is that of the first
 */
export function loadConfig(input: ConfigInput = {}): LoadedConfig {
  const values = new Map<string, unknown>();
  const sources: Record<string, Source> = {};
  const problems = new ProblemList();
  const warnings: string[] = [];

  function take(row: Row, value: unknown, source: Source): void {
    const accepted = row.setting.accept(value);
    if (accepted === undefined) {
      const { secret, servers, place } = row.setting;
      const hidden = secret === true || servers === true || place === true;
      const shown = hidden ? '***' : inspectShort(value);
      problems.add(() => ({
        code: 'ERR_CONFIG_INVALID_VALUE',
        key: row.key,
        text: `${row.key} is ${shown} (${source.name}), expected ${row.setting.expects}${more(row.setting.problem?.(value))}`,
      }));
      return;
    }
    values.set(row.key, accepted);
    sources[row.key] = source;
  }

  function takeTree(tree: object, source: Source): void {
    for (const [key, value] of leavesOf(tree, '')) {
      const row = BY_KEY.get(key);
      if (row === undefined) problems.addUnknownKey(key, source);
      else if (value !== undefined) take(row, value, source);
    }
  }

  for (const row of ROWS) {
    values.set(row.key, row.setting.default);
    sources[row.key] = { kind: 'default', name: 'default' };
  }
  const env = input.env ?? {};
  const file = configFileOf(input);
  if (file !== undefined) takeTree(input.content ?? readConfigFile(file), { kind: 'file', name: file });
  for (const row of ROWS) {
    const value = env[row.env];
    const path = row.setting.secret === true ? env[secretFileVariable(row)] : undefined;
    if (value !== undefined && value !== '') take(row, value, { kind: 'environment', name: row.env });
    else if (path !== undefined && path !== '')
      take(row, readSecretFile(path), { kind: 'environment', name: secretFileVariable(row) });
  }
  warnings.push(...unknownVariables(env));
  for (const [key, value] of Object.entries(input.flags ?? {})) {
    const row = BY_KEY.get(key);
    const source: Source = { kind: 'flag', name: row?.setting.flag?.split(' ')[0] ?? `--set ${key}` };
    if (row === undefined) problems.addUnknownKey(key, source);
    else if (row.setting.secret === true)
      problems.add(() => ({ code: 'ERR_CONFIG_SECRET_IN_FLAG', key, text: `${key}; use ${row.env} or the file` }));
    else take(row, value, source);
  }
  takeTree(input.given ?? {}, { kind: 'given', name: 'the embedding program' });
  takeTree(input.changes ?? {}, { kind: 'change', name: 'config.set' });

  problems.throwIfAny();
  return { config: treeOf(values), sources, warnings };
}

/** What is wrong with settings: the first problems in words, and how many more there are. */
class ProblemList {
  readonly #told: Problem[] = [];
  #untold = 0;

  /** @param problem made only when it is told */
  add(problem: () => Problem): void {
    if (this.#told.length < MOST_PROBLEMS) this.#told.push(problem());
    else this.#untold += 1;
  }

  addUnknownKey(key: string, source: Source): void {
    this.add(() => unknownKey(key, source, this.#told.length < MOST_HINTS));
  }

  /** @throws SluiceError with the code of the first problem, when there is any */
  throwIfAny(): void {
    const [first] = this.#told;
    if (first === undefined) return;
    const texts = this.#told.map(({ text }) => text);
    if (this.#untold > 0) texts.push(`and ${this.#untold} more`);
    throw new SluiceError(first.code, texts.join('; '), { details: { problems: this.#told } });
  }
}

/**
 * The configuration of a program that embeds the server: `partial` over the defaults, without file and environment.
 *
 * @throws SluiceError as {@link loadConfig}
 */
export function resolveConfig(partial: DeepPartial<Config> = {}): Config {
  const given: unknown = partial;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new SluiceError('ERR_CONFIG_INVALID_VALUE', 'the configuration; expected an object of settings');
  return loadConfig({ given: partial }).config;
}

/** The value at a full key such as `limits.maxConnections`. */
export function valueAt(config: Config, key: string): unknown {
  let node: unknown = config;
  for (const part of key.split('.')) node = (node as Record<string, unknown>)[part];
  return node;
}

function more(problem: string | undefined): string {
  return problem === undefined ? '' : ` (${problem})`;
}

/** @param hasHint whether it says which key was probably meant */
function unknownKey(wrong: string, source: Source, hasHint: boolean): Problem {
  const key = wrong.length <= MOST_KEY ? wrong : `${wrong.slice(0, MOST_KEY - 1)}…`;
  const near = hasHint ? suggest(key, KEYS) : undefined;
  const inside = KEYS.filter((known) => known.startsWith(`${key}.`));
  let hint = near === undefined ? '' : `, did you mean ${near}?`;
  if (inside.length > 0) hint = `, which is a group of settings: ${inside.join(', ')}`;
  return { code: 'ERR_CONFIG_UNKNOWN_KEY', key, text: `${key} (${source.name})${hint}` };
}

/** The variable that names a file with the value of a secret, as containers and service managers hand them over. */
function secretFileVariable({ env }: Row): string {
  return `${env}_FILE`;
}

function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const secretFiles = ROWS.filter(({ setting }) => setting.secret === true).map(secretFileVariable);
  const known = ['SLUICE_CONFIG', 'SLUICE_TRACE', ...ROWS.map((row) => row.env), ...secretFiles];
  // Kubernetes sets SLUICE_PORT and the like for a service that is called sluice. INTERNAL marks variables for tests.
  const foreign = /^SLUICE_(?:PORT|SERVICE_|INTERNAL_)/;
  return Object.keys(env)
    .filter((name) => name.startsWith('SLUICE_') && !known.includes(name) && !foreign.test(name))
    .map((name) => {
      const near = suggest(name, known);
      return `the environment variable ${name} is not a setting and is ignored${near === undefined ? '' : `; did you mean ${near}?`}`;
    });
}

/** The leaves of a tree with their full keys. A key with dots in a file (`rtmp.listen: …`) is the same as nesting. */
function leavesOf(tree: object, prefix: string): [string, unknown][] {
  return Object.entries(tree).flatMap(([name, value]: [string, unknown]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    // This is `rtmp:` with every line below it commented out.
    if (value === null && KEYS.some((known) => known.startsWith(`${key}.`))) return [];
    const nested = typeof value === 'object' && value !== null && !Array.isArray(value) && !BY_KEY.has(key);
    return nested ? leavesOf(value, key) : [[key, value] satisfies [string, unknown]];
  });
}

/** The configuration with these values, by full key. */
export function treeOf(values: ReadonlyMap<string, unknown>): Config {
  const tree: Record<string, unknown> = {};
  for (const [key, value] of values) {
    const parts = key.split('.');
    const leaf = parts.pop()!;
    let node = tree;
    for (const part of parts) {
      node[part] ??= {};
      node = node[part] as Record<string, unknown>;
    }
    node[leaf] = value;
  }
  return deepFreeze(tree) as Config;
}

function deepFreeze(tree: Record<string, unknown>): object {
  for (const value of Object.values(tree)) {
    if (typeof value === 'object' && value !== null) deepFreeze(value as Record<string, unknown>);
  }
  return Object.freeze(tree);
}

function inspectShort(value: unknown): string {
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > 80 ? `${shown.slice(0, 79)}…` : shown;
}
