import { type LoadedConfig, treeOf, valueAt } from './load.js';
import type { Reload } from './setting.js';
import { type Config, ROWS } from './table.js';

/** Values that were set while the server runs, by full key. */
export type Changes = Readonly<Record<string, unknown>>;

const KEYS: ReadonlySet<string> = new Set(ROWS.map(({ key }) => key));

/**
 * Applies a merge patch (RFC 7396). `null` takes back what was set, for one key or for a group. A setting whose value
 * is a list or a group is replaced as a whole. Keys and values are not checked here.
 *
 * @returns the changes from then on
 */
export function merged(changes: Changes, patch: object): Changes {
  const out = new Map(Object.entries(changes));
  merge(out, patch, '');
  return Object.fromEntries(out);
}

function merge(out: Map<string, unknown>, patch: object, prefix: string): void {
  for (const [name, value] of Object.entries(patch) as [string, unknown][]) {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    if (value === null) {
      for (const set of [...out.keys()]) if (set === key || set.startsWith(`${key}.`)) out.delete(set);
      // An unknown key has to be found by the check.
      if (!isKnown(key)) out.set(key, value);
    } else if (typeof value === 'object' && !Array.isArray(value) && !KEYS.has(key)) merge(out, value, key);
    else out.set(key, value);
  }
}

function isKnown(key: string): boolean {
  return KEYS.has(key) || ROWS.some((row) => row.key.startsWith(`${key}.`));
}

/** What of a new configuration can hold while the server runs. */
interface Difference {
  /** The configuration that holds from then on: settings that need a restart keep their old value. */
  readonly config: Config;
  /** Full keys that hold another value. */
  readonly changed: readonly string[];
  /** Full keys whose new value holds after a restart. */
  readonly restart: readonly string[];
}

/** Compares the configuration that holds with a new one. */
export function difference(holds: Config, next: LoadedConfig): Difference {
  const values = new Map<string, unknown>();
  const changed: string[] = [];
  const restart: string[] = [];
  for (const { key, setting } of ROWS) {
    const before = valueAt(holds, key);
    const after = valueAt(next.config, key);
    const isSame = JSON.stringify(before) === JSON.stringify(after);
    const stays = isSame || reloadOf(setting) === 'restart';
    values.set(key, stays ? before : after);
    if (!isSame) (stays ? restart : changed).push(key);
  }
  return { config: changed.length === 0 ? holds : treeOf(values), changed, restart };
}

/** When a change of a setting holds. */
export function reloadOf({ reload = 'restart' }: { readonly reload?: Reload }): Reload {
  return reload;
}
