import { parseDuration } from '../../core/duration.js';
import { SluiceError } from '../../core/errors.js';
import type { PlainValue } from '../../core/plain.js';

/**
 * A duration of the command line, in ms.
 *
 * @param flag its name, for the error
 * @throws SluiceError ERR_CLI_USAGE
 */
export function durationOf(flag: string, text: string): number;
export function durationOf(flag: string, text: string | undefined): number | undefined;
export function durationOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text, 's');
  if (ms === undefined)
    throw new SluiceError('ERR_CLI_USAGE', `${flag} ${text}; expected a duration such as 30s, 10m or 1h`);
  return ms;
}

/** Values that a person types: JSON, and everything that is none as a text. */
export function valuesOf(texts: readonly string[]): PlainValue[] {
  return texts.map((text) => {
    try {
      return JSON.parse(text) as PlainValue;
    } catch {
      return text;
    }
  });
}

/** Only the members that are there. */
export function given<T extends Readonly<Record<string, PlainValue | undefined>>>(
  members: T,
): Readonly<Record<string, PlainValue>> {
  const entries = Object.entries(members).filter((entry): entry is [string, PlainValue] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}
