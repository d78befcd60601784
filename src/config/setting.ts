import { parseDuration } from '../core/duration.js';
import { z } from '../core/zod.js';
import { parseYamlText } from './file.js';
import { advertisedProblem, listenProblem } from './listen.js';

/** The names that a setting has outside the file. */
interface SettingNames {
  /** Name of the environment variable; default: `SLUICE_` and the key in upper snake case. */
  readonly env?: string;
  /**
   * Command line flag of its own, with a placeholder for its value: `--rtmp HOST:PORT`. Every other key is set by
   * `--set key=value`.
   */
  readonly flag?: string;
  /**
   * A secret is masked wherever it is shown, and refused on the command line, which other users of the machine can
   * read.
   */
  readonly secret?: boolean;
  /** When a change holds; default: `restart`. */
  readonly reload?: Reload;
  /** The value is URLs of servers, which may hold a password. They are shown without it. */
  readonly servers?: boolean;
  /** The value is a path or a URL, which may hold a password or a token. It is shown without them. */
  readonly place?: boolean;
}

/** When a changed setting holds: see {@link Setting.reload}. */
export type Reload = 'live' | 'new' | 'restart';

/**
 * A schema of zod, of which no more is told: the declarations of the package name no type of another package, so that
 * programs need none.
 */
interface Schema<T> {
  safeParse(value: unknown): { readonly success: true; readonly data: T } | { readonly success: false };
}

/** One row of the table: what a setting means, which values it may have, and its default. */
export interface Setting<T> extends SettingNames {
  readonly default: T;
  /** Documentation for a person: one or two sentences. The unit is in the key. */
  readonly doc: string;
  /** What is accepted, in words: `a whole number from 1 to 10`. */
  readonly expects: string;
  /**
   * Reads a value from a file, a flag or an environment variable.
   *
   * @returns the value, or `undefined` when it is not what {@link expects} says
   */
  accept(value: unknown): T | undefined;
  /**
   * What is wrong with a value that is not accepted, and where in it; undefined: only that {@link expects} does not
   * hold.
   */
  problem?(value: unknown): string | undefined;
  /**
   * What a change does while the server runs. `live`: it holds at once; `new`: for connections and requests from then
   * on; `restart`: at the next start. Default: `restart`.
   */
  readonly reload?: Reload;
}

function setting<T>(schema: z.ZodType<T>, expects: string, fallback: T, doc: string, names: SettingNames): Setting<T> {
  const accept = (value: unknown): T | undefined => {
    const result = schema.safeParse(value);
    return result.success ? result.data : undefined;
  };
  return { ...names, default: fallback, doc, expects, accept };
}

const BYTE_UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** Text such as `8MiB` as a number; anything else unchanged, for the schema to judge. */
function scaled(units: Readonly<Record<string, number>>) {
  return (value: unknown): unknown => {
    if (typeof value !== 'string') return value;
    const match = /^(-?\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(value.trim());
    const unit = match === null ? undefined : units[match[2] ?? ''];
    return match === null || unit === undefined ? value : Number(match[1]) * unit;
  };
}

function wholeNumber(units: Readonly<Record<string, number>>, min: number, max: number): z.ZodType<number> {
  return z.preprocess(scaled(units), z.int().min(min).max(max));
}

/** Text such as `10s` as milliseconds; the unit of a bare number is in the key. */
function duration(min: number, max: number): z.ZodType<number> {
  const read = (value: unknown): unknown => (typeof value === 'string' ? (parseDuration(value, 'ms') ?? value) : value);
  return z.preprocess(read, z.int().min(min).max(max));
}

/** A count without unit, from `min` to `max`. */
export function count(
  min: number,
  max: number,
  fallback: number,
  doc: string,
  names: SettingNames = {},
): Setting<number> {
  return setting(wholeNumber({ '': 1 }, min, max), `a whole number from ${min} to ${max}`, fallback, doc, names);
}

/** A number of bytes; `64KiB`, `8MiB` and `1GiB` are understood. */
export function bytes(
  min: number,
  max: number,
  fallback: number,
  doc: string,
  names: SettingNames = {},
): Setting<number> {
  const expects = `bytes, a whole number from ${min} to ${max}, or with a unit such as 64KiB, 8MiB`;
  return setting(wholeNumber(BYTE_UNITS, min, max), expects, fallback, doc, names);
}

/** A duration in milliseconds; `500ms`, `10s` and `2m` are understood. */
export function milliseconds(
  min: number,
  max: number,
  fallback: number,
  doc: string,
  names: SettingNames = {},
): Setting<number> {
  const expects = `milliseconds, a whole number from ${min} to ${max}, or with a unit such as 500ms, 10s, 2m`;
  return setting(duration(min, max), expects, fallback, doc, names);
}

/** Yes or no. */
export function toggle(fallback: boolean, doc: string, names: SettingNames = {}): Setting<boolean> {
  const words = new Map([
    ...['true', 'yes', 'on', '1'].map((w) => [w, true] as const),
    ...['false', 'no', 'off', '0'].map((w) => [w, false] as const),
  ]);
  const read = (value: unknown): unknown =>
    typeof value === 'string' ? (words.get(value.trim().toLowerCase()) ?? value) : value;
  return setting(z.preprocess(read, z.boolean()), 'true or false', fallback, doc, names);
}

/** One of a few words. */
export function oneOf<const W extends readonly [string, ...string[]]>(
  words: W,
  fallback: W[number],
  doc: string,
  names: SettingNames = {},
): Setting<W[number]> {
  return setting(
    z.enum(words as readonly string[] as [string, ...string[]]),
    `one of ${words.join(', ')}`,
    fallback,
    doc,
    names,
  );
}

/** Any text up to `maxBytes` bytes without control characters; may be empty. */
export function text(maxBytes: number, fallback: string, doc: string, names: SettingNames = {}): Setting<string> {
  return setting(plainText(maxBytes), `text of at most ${maxBytes} bytes`, fallback, doc, names);
}

/** Text that must match `pattern`, which `expects` explains. */
export function pattern(
  regex: RegExp,
  expects: string,
  fallback: string,
  doc: string,
  names: SettingNames = {},
): Setting<string> {
  return setting(plainText(4096).regex(regex), expects, fallback, doc, names);
}

/** A regular expression, always matched against the whole text. */
export function expression(fallback: string, doc: string, names: SettingNames = {}): Setting<string> {
  const schema = plainText(1024).refine(compiles);
  return setting(schema, 'a regular expression, as JavaScript writes it, without slashes', fallback, doc, names);
}

/** HOST:PORT, as {@link parseListen} reads it; `off` as well when `canBeOff`. */
export function listenAddress(
  fallback: string,
  doc: string,
  names: SettingNames & { canBeOff?: boolean } = {},
): Setting<string> {
  const { canBeOff = false, ...rest } = names;
  const schema = z.string().refine((value) => (canBeOff && value === 'off') || listenProblem(value) === undefined);
  const expects = `HOST:PORT such as 127.0.0.1:1935, 0.0.0.0:1935 or [::1]:1935${canBeOff ? ', or off' : ''}`;
  return setting(schema, expects, fallback, doc, rest);
}

/** Where others reach a listener: HOST or HOST:PORT, as {@link parseAdvertised} reads it, or nothing. */
export function advertisedAddress(doc: string, names: SettingNames = {}): Setting<string> {
  const schema = z.string().refine((value) => value === '' || advertisedProblem(value) === undefined);
  return setting(
    schema,
    'HOST or HOST:PORT such as media.example.org or [2001:db8::1]:1935, or nothing',
    '',
    doc,
    names,
  );
}

function plainText(maxBytes: number): z.ZodString {
  return z
    .string()
    .refine((value) => Buffer.byteLength(value) <= maxBytes)
    .refine((value) => !/\p{Cc}/u.test(value));
}

function compiles(source: string): boolean {
  try {
    new RegExp(`^(?:${source})$`);
    return source !== '';
  } catch {
    return false;
  }
}

/**
 * A list or a group whose members are described by a schema. Outside of a file it is written as YAML or JSON.
 *
 * @param expects the form in words
 */
export function structure<T>(
  described: Schema<T>,
  expects: string,
  fallback: T,
  doc: string,
  names: SettingNames = {},
): Setting<T> {
  const schema = described as z.ZodType<T>;
  const read = (value: unknown): unknown => (typeof value === 'string' ? (parseYamlText(value) ?? value) : value);
  return {
    ...setting(z.preprocess(read, schema) as z.ZodType<T>, expects, fallback, doc, names),
    problem: (value) => {
      const result = schema.safeParse(read(value));
      return result.success ? undefined : result.error.issues.slice(0, 3).map(describeIssue).join('; ');
    },
  };
}

/** A list of texts, or one text with commas. */
export function words<T extends string>(
  item: Schema<T>,
  expects: string,
  fallback: readonly NoInfer<T>[],
  doc: string,
  names: SettingNames = {},
): Setting<readonly T[]> {
  const read = (value: unknown): unknown =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((each) => each.trim())
          .filter((each) => each !== '')
      : value;
  const schema = z.preprocess(read, z.array(item as z.ZodType<T>).max(1000)) as z.ZodType<readonly T[]>;
  return setting(schema, expects, fallback, doc, names);
}

/** Where in a value something is wrong, and what. The value itself is left out: it may be a secret. */
function describeIssue({ path, message }: z.core.$ZodIssue): string {
  const where = path.map((part) => (typeof part === 'number' ? `[${part + 1}]` : `.${String(part)}`)).join('');
  return where === '' ? message : `${where}: ${message}`;
}
