import { loadConfig } from '../../config/load.js';
import { ROWS, type Row } from '../../config/table.js';
import type { Facts } from '../../control/ports.js';
import { SluiceError } from '../../core/errors.js';
import { cleanText } from '../../core/log-fields.js';
import type { PlainValue } from '../../core/plain.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { type ControlOptions, newRequestId, withControl } from './connect.js';
import { nodeOf } from './nodes.js';
import { doneWords, report } from './report.js';
import { cleanJson } from './streams.js';
import { given, valuesOf } from './values.js';

/** Options of `sluice config get|set|reload|validate` besides those of every command of control. */
export interface SettingsOptions extends ControlOptions {
  readonly node?: string;
  readonly revision?: string;
  readonly reauthorise?: boolean;
}

/** `sluice config get [KEY]`: what holds on a running server. @returns the exit code, as all functions of this file */
export function configGet(key: string | undefined, options: SettingsOptions, io: Io): Promise<number> {
  return withControl(options, io, async (client) => {
    const outcome = await client.ask('config.get', {}, nodeOf(options));
    return report(outcome, options, io, ({ config }) => {
      const value = key === undefined ? config : settingIn(config as Facts, key);
      return typeof value === 'object' && value !== null ? cleanJson(value) : `${cleanText(String(value))}\n`;
    });
  });
}

/** `sluice config set KEY=VALUE…`: all of it or nothing. */
export function configSet(assignments: readonly string[], options: SettingsOptions, io: Io): Promise<number> {
  const { revision, reauthorise } = options;
  const body = { patch: patchOf(assignments), ...given({ revision, reauthorise }) };
  return withControl(options, io, async (client) => {
    const outcome = await client.ask('config.set', body, { requestId: newRequestId(), ...nodeOf(options) });
    return report(outcome, options, io, changeWords);
  });
}

/** `sluice config reload`: reads the file again, as SIGHUP does. */
export function configReload(options: SettingsOptions, io: Io): Promise<number> {
  const body = given({ reauthorise: options.reauthorise });
  return withControl(options, io, async (client) => {
    const outcome = await client.ask('config.reload', body, { requestId: newRequestId(), ...nodeOf(options) });
    return report(outcome, options, io, changeWords);
  });
}

/**
 * `sluice config validate [FILE]`: whether a server would start with a file; or with assignments, whether a running one
 * would take them.
 *
 * @throws SluiceError ERR_CONFIG_* with what is wrong in the file
 */
export function configValidate(words: readonly string[], options: SettingsOptions, io: Io): number | Promise<number> {
  if (!words.some((word) => word.includes('='))) return validateFile(words, options, io);
  return withControl(options, io, async (client) => {
    const outcome = await client.ask('config.validate', { patch: patchOf(words) }, nodeOf(options));
    const code = report(outcome, options, io, validWords);
    return outcome.ok && outcome.answer['valid'] !== true ? EXIT.usage : code;
  });
}

function validateFile([file, ...more]: readonly string[], { config, json }: SettingsOptions, io: Io): number {
  if (more.length > 0) throw new SluiceError('ERR_CLI_USAGE', 'one file, or KEY=VALUE, were expected');
  const { warnings } = loadConfig({ file: file ?? config, env: io.env });
  for (const warning of warnings) io.err(`sluice: ${warning}\n`);
  io.out(json === true ? '{"valid":true}\n' : 'valid\n');
  return EXIT.ok;
}

function changeWords(answer: Facts): string {
  const changed = answer['changed'] as readonly string[];
  const restart = (answer['restart'] ?? []) as readonly string[];
  const later = restart.length === 0 ? '' : `after a restart: ${restart.join(', ')}\n`;
  return `${doneWords(changed.length === 0 ? 'nothing changed' : `changed ${changed.join(', ')}`)(answer)}${later}`;
}

function validWords(answer: Facts): string {
  const problems = answer['problems'] as readonly Facts[];
  const lines = problems.map(({ key, message }) =>
    cleanText(key === '' ? String(message) : `${String(key)}: ${String(message)}`),
  );
  const restart = (answer['restart'] ?? []) as readonly string[];
  if (restart.length > 0) lines.push(`after a restart: ${restart.join(', ')}`);
  return `${[...lines, answer['valid'] === true ? 'valid' : 'not valid'].join('\n')}\n`;
}

/**
 * `log.level=debug` as a merge patch by full key. A value is JSON, or else a text; `null` takes back what was set.
 *
 * @throws SluiceError ERR_CLI_USAGE; ERR_CONFIG_SECRET_IN_FLAG, because other users of the machine can read it there
 */
function patchOf(assignments: readonly string[]): Facts {
  const values = new Map<string, PlainValue>();
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    if (equals < 1) throw new SluiceError('ERR_CLI_USAGE', `${assignment}; KEY=VALUE was expected`);
    const key = assignment.slice(0, equals);
    const [value] = valuesOf([assignment.slice(equals + 1)]);
    const secret = secretIn(key, value);
    if (secret !== undefined) {
      const detail = `${secret.key}; use ${secret.env}, the file, or PATCH /v1/config`;
      throw new SluiceError('ERR_CONFIG_SECRET_IN_FLAG', detail);
    }
    values.set(key, value);
  }
  return Object.fromEntries(values);
}

/** The secret setting that a value is for, or a member of it: `auth={"webhook":{"secret":"…"}}`. */
function secretIn(key: string, value: PlainValue): Row | undefined {
  const row = ROWS.find(({ key: known }) => key === known || key.startsWith(`${known}.`));
  if (row !== undefined) return row.setting.secret === true && value !== null ? row : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const secret = secretIn(`${key}.${name}`, inner);
    if (secret !== undefined) return secret;
  }
  return undefined;
}

/**
 * What is shown of one setting: its value; of a group, each of its settings by full key.
 *
 * @param config the settings of the answer, by full key
 * @throws SluiceError ERR_CLI_USAGE when there is no such setting
 */
function settingIn(config: Facts, key: string): PlainValue {
  const one = Object.hasOwn(config, key) ? config[key] : undefined;
  if (typeof one === 'object' && one !== null && 'value' in one) return one.value;
  const inside = Object.entries(config).filter(([name]) => name.startsWith(`${key}.`));
  if (inside.length === 0) throw new SluiceError('ERR_CLI_USAGE', `there is no setting ${key}`);
  return Object.fromEntries(inside);
}
