import { tellServers, tellText } from '../core/tell.js';
import { reloadOf } from './changes.js';
import { type LoadedConfig, type Source, valueAt } from './load.js';
import type { Reload } from './setting.js';
import { ROWS, type Row } from './table.js';

const MASK = '***';

/**
 * The effective configuration as a YAML file, with the source of each value behind it. Secrets are commented out and
 * masked, so that the file can be shown and used.
 */
export function describeYaml(loaded: LoadedConfig): string {
  const lines: string[] = [];
  let groups: readonly string[] = [];
  for (const row of ROWS) {
    const parts = row.key.split('.');
    const parents = parts.slice(0, -1);
    for (const [depth, name] of parents.entries()) {
      if (groups[depth] !== name) {
        lines.push(`${'  '.repeat(depth)}${name}:`);
        groups = parents.slice(0, depth + 1);
      }
    }
    groups = parents;
    const value = shown(loaded, row);
    const hidden = value !== valueAt(loaded.config, row.key);
    const line = `${parts.at(-1)}: ${JSON.stringify(value)}`;
    lines.push(
      `${'  '.repeat(parents.length)}${`${hidden ? '# ' : ''}${line}`.padEnd(44)} # ${where(loaded.sources[row.key])}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** One setting, as it is shown. */
interface ShownSetting {
  /** `***` for a secret that is set. */
  readonly value: unknown;
  readonly source: string;
  /** When a change holds while the server runs. */
  readonly reload: Reload;
}

/** The effective configuration by full key, secrets masked. */
export function shownSettings(loaded: LoadedConfig): Readonly<Record<string, ShownSetting>> {
  const entries = ROWS.map((row): [string, ShownSetting] => {
    const source = where(loaded.sources[row.key]);
    return [row.key, { value: shown(loaded, row), source, reload: reloadOf(row.setting) }];
  });
  return Object.fromEntries(entries);
}

/** The effective configuration as JSON: what {@link shownSettings} shows. */
export function describeJson(loaded: LoadedConfig): string {
  return `${JSON.stringify(shownSettings(loaded), null, 2)}\n`;
}

function shown(loaded: LoadedConfig, row: Row): unknown {
  const value = valueAt(loaded.config, row.key);
  const isSet = JSON.stringify(value) !== JSON.stringify(row.setting.default);
  if (row.setting.secret === true && isSet) return MASK;
  if (typeof value !== 'string') return value;
  if (row.setting.servers === true) return tellServers(value);
  return row.setting.place === true ? tellText(value) : value;
}

function where(source: Source | undefined): string {
  if (source === undefined || source.kind === 'default') return 'default';
  return source.kind === 'given' || source.kind === 'change' ? source.name : `${source.kind} ${source.name}`;
}
