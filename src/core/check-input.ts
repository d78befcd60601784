import type { z } from './zod.js';

// What requests over HTTP and NATS say is checked here, and told without the texts in it.

/** One thing that is wrong with a request. */
export interface InputError {
  /** Where, as a JSON pointer (RFC 6901) into the input; `''`: the whole. */
  readonly pointer: string;
  readonly expected: string;
  /** What was there, without the text of texts: a text may be a secret. */
  readonly got: string;
}

/** Most errors that are told of one request. */
const MOST_ERRORS = 100;
const MOST_DEPTH = 32;

/**
 * Checks an input against its schema.
 *
 * @param most values that it may have, counted over all depths: more are refused before any is looked at
 * @returns the input with defaults filled in, or everything that is wrong with it
 */
export function checkWith<S extends z.ZodType>(
  schema: S,
  input: unknown,
  most: number,
): { readonly input: z.output<S> } | { readonly errors: readonly InputError[] } {
  if (!isSmall(input, most)) {
    const expected = `at most ${most} values, ${MOST_DEPTH} levels deep`;
    return { errors: [{ pointer: '', expected, got: 'more' }] };
  }
  const result = schema.safeParse(input);
  if (result.success) return { input: result.data };
  const errors = result.error.issues.flatMap((issue) => errorsOf(issue, [], input));
  return { errors: errors.slice(0, MOST_ERRORS) };
}

function isSmall(input: unknown, most: number): boolean {
  let left = most;
  const fits = (value: unknown, depth: number): boolean => {
    left--;
    if (left < 0 || depth > MOST_DEPTH) return false;
    if (typeof value !== 'object' || value === null) return true;
    if (Array.isArray(value)) return value.length <= left && value.every((item) => fits(item, depth + 1));
    // `for in` stops early; a list of all the keys of a large object would take longer than all of the rest.
    for (const key in value) if (!fits((value as Record<string, unknown>)[key], depth + 1)) return false;
    return true;
  };
  return fits(input, 0);
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

function errorsOf(issue: Issue, before: Path, input: unknown): InputError[] {
  const path = [...before, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, MOST_ERRORS).map((key) => errorAt([...path, key], 'no such member', input));
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.flatMap((inner) => errorsOf(inner, path, input));
    default:
      return [errorAt(path, expectedBy(issue), input)];
  }
}

function errorAt(path: Path, expected: string, input: unknown): InputError {
  return { pointer: pointerOf(path), expected, got: describe(valueAt(path, input)) };
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

function expectedBy(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.map(String).join(', ')}`;
    case 'too_big':
      return `at most ${issue.maximum}${unitOf(issue.origin)}`;
    case 'too_small':
      return `at least ${issue.minimum}${unitOf(issue.origin)}`;
    case 'invalid_format':
      return issue.message.startsWith('Invalid') ? `text that matches ${issue.pattern ?? issue.format}` : issue.message;
    case 'invalid_union':
      return 'a JSON value';
    default:
      return issue.message;
  }
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' items' : '';
}

function pointerOf(path: Path): string {
  const pointer = path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return pointer.length <= 256 ? pointer : `${pointer.slice(0, 255)}…`;
}

function valueAt(path: Path, input: unknown): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** What a value is, without its text. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return `text of ${value.length} characters`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
