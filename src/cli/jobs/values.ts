import { parseDuration } from '../../core/duration.js';
import { SluiceError } from '../../core/errors.js';

/**
 * A flag that is a duration, in ms.
 *
 * @throws SluiceError ERR_CLI_USAGE
 */
export function durationOf(text: string | undefined, flag: string, fallback: number): number {
  if (text === undefined) return fallback;
  const ms = parseDuration(text, 'ms');
  if (ms === undefined || ms < 0)
    throw new SluiceError('ERR_CLI_USAGE', `${flag} ${text}; expected a time such as 30s or 10m`);
  return ms;
}

/**
 * Labels of flags: `k=v`, or several with commas.
 *
 * @throws SluiceError ERR_CLI_USAGE
 */
export function labelsOf(flags: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const each of flags.flatMap((flag) => flag.split(','))) {
    const equals = each.indexOf('=');
    const key = each.slice(0, Math.max(0, equals));
    if (!/^[a-z0-9._-]{1,64}$/.test(key))
      throw new SluiceError('ERR_CLI_USAGE', `--labels ${each}; expected key=value, the key of a-z, 0-9 and . _ -`);
    labels[key] = each.slice(equals + 1);
  }
  return labels;
}
