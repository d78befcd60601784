import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { SluiceError } from '../core/errors.js';
import { yamlProblem } from './yaml-problems.js';

/**
 * Reads a YAML (or JSON) configuration file.
 *
 * @param path where it is
 * @returns its top-level mapping, unchecked; an empty file is an empty mapping
 * @throws SluiceError ERR_CONFIG_FILE_UNREADABLE, ERR_CONFIG_FILE_SYNTAX
 */
export function readConfigFile(path: string): Record<string, unknown> {
  const content = readText(path);
  const { parseDocument } = yamlParser();
  const document = parseDocument(content, { prettyErrors: true });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const place = problem.linePos?.[0];
    const where = place === undefined ? path : `${path}:${place.line}:${place.col}`;
    throw new SluiceError('ERR_CONFIG_FILE_SYNTAX', `${where}: ${yamlProblem(problem.code)}`);
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
    if (hasCircle(value)) throw new Error('an alias (*) refers to the list or group that it stands in');
  } catch (error) {
    // The parser throws for aliases: one that points nowhere, or too many of them.
    throw new SluiceError('ERR_CONFIG_FILE_SYNTAX', `${path}: ${(error as Error).message}`, { cause: error });
  }
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new SluiceError(
      'ERR_CONFIG_FILE_SYNTAX',
      `${path} holds ${Array.isArray(value) ? 'a list' : `a ${typeof value}`}, not keys and values`,
    );
  }
  return value as Record<string, unknown>;
}

/**
 * Reads a file that holds one secret, without the line break at its end.
 *
 * @throws SluiceError ERR_CONFIG_FILE_UNREADABLE
 */
export function readSecretFile(path: string): string {
  return readText(path).replace(/\r?\n$/, '');
}

/** The value that a text of YAML or JSON holds; undefined when it is neither, or a list or group holds itself. */
export function parseYamlText(text: string): unknown {
  const { parse } = yamlParser();
  try {
    const value: unknown = parse(text, { maxAliasCount: 100 });
    return hasCircle(value) ? undefined : value;
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new SluiceError('ERR_CONFIG_FILE_UNREADABLE', `${path} ${code}`.trim(), { cause: error });
  }
}

/** Whether a list or group holds itself, by an alias: nothing that walks through a value would end. */
function hasCircle(value: unknown, around: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (around.includes(value)) return true;
  const within = [...around, value];
  return Object.values(value).some((part) => hasCircle(part, within));
}

/** The package that reads YAML. It is loaded only when there is a file, because it costs start-up time. */
export function yamlParser(): typeof import('yaml') {
  return createRequire(import.meta.url)('yaml') as typeof import('yaml');
}
