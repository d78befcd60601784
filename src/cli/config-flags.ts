import { type ConfigInput, type LoadedConfig, loadConfig } from '../config/load.js';
import { ROWS } from '../config/table.js';
import { SluiceError } from '../core/errors.js';
import type { Io } from './io.js';

/** A flag for one setting. */
interface ConfigFlag {
  readonly key: string;
  /** In commander's form: `--rtmp <HOST:PORT>`. */
  readonly flags: string;
  /** The member that commander puts the value in: `logLevel` for `--log-level`. */
  readonly attribute: string;
  readonly doc: string;
}

/** Every setting that has a flag of its own. */
export const CONFIG_FLAGS: readonly ConfigFlag[] = ROWS.flatMap(({ key, env, setting }) => {
  if (setting.flag === undefined) return [];
  const [name = '', value = ''] = setting.flag.split(' ');
  const attribute = name.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const initial = setting.default === '' ? '' : `, default ${setting.default}`;
  return [{ key, flags: `${name} <${value}>`, attribute, doc: `${firstSentence(setting.doc)} (${env}${initial})` }];
});

/** The options that commander collected for a command that takes settings. */
export interface ConfigOptions {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly [attribute: string]: unknown;
}

/**
 * Loads the configuration from the command line, the environment and the file.
 *
 * @throws SluiceError ERR_CONFIG_*, ERR_CLI_USAGE
 */
export function configFrom(options: ConfigOptions, io: Io): LoadedConfig {
  return loadConfig(configSources(options, io));
}

/**
 * Where the configuration of a command comes from: the command line, the environment and the file.
 *
 * @throws SluiceError ERR_CLI_USAGE
 */
export function configSources(options: ConfigOptions, io: Io): ConfigInput {
  const flags: Record<string, unknown> = {};
  for (const { key, attribute } of CONFIG_FLAGS) {
    if (options[attribute] !== undefined) flags[key] = options[attribute];
  }
  for (const assignment of options.set ?? []) {
    const equals = assignment.indexOf('=');
    if (equals < 1) throw new SluiceError('ERR_CLI_USAGE', `--set ${assignment}; expected --set key=value`);
    flags[assignment.slice(0, equals)] = assignment.slice(equals + 1);
  }
  return { file: options.config, env: io.env, flags };
}

function firstSentence(text: string): string {
  return text.split(/(?<=\.) /)[0] ?? text;
}
