import { checkWith, type InputError } from '../core/check-input.js';
import { z } from '../core/zod.js';
import { type InputOf, OPERATIONS, type Verb } from './operations.js';

/**
 * Most values of an input, counted over all depths: more are refused before any is looked at, so that a check takes
 * less than a millisecond. Settings and messages to clients may have many, because nearly all of them are not looked at
 * here.
 */
const MOST_VALUES = 100;
const MOST_FREE_VALUES = 2048;
const FREE: readonly Verb[] = ['config.set', 'config.validate', 'send', 'call', 'plays.call'];

const schemas = new Map<Verb, z.ZodType>();

/** The schema of the whole input of an operation. */
export function inputSchema(verb: Verb): z.ZodType {
  const known = schemas.get(verb);
  if (known !== undefined) return known;
  const made = z.strictObject({ ...OPERATIONS[verb].params, ...OPERATIONS[verb].body });
  schemas.set(verb, made);
  return made;
}

/**
 * Checks the input of an operation.
 *
 * @returns the input with defaults filled in, or everything that is wrong with it
 */
export function checkInput<V extends Verb>(
  verb: V,
  input: unknown,
): { readonly input: InputOf<V> } | { readonly errors: readonly InputError[] } {
  const checked = checkWith(inputSchema(verb), input, FREE.includes(verb) ? MOST_FREE_VALUES : MOST_VALUES);
  return 'errors' in checked ? checked : { input: checked.input as InputOf<V> };
}
