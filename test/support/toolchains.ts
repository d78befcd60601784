import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.js';

/** How a program of another language is started. */
export interface Program {
  readonly command: readonly string[];
  readonly env: Record<string, string>;
}

/** Whether a command ends with 0. */
async function works(command: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<boolean> {
  const child = new Child(command, { cwd, env });
  try {
    return (await child.finish(120_000)).code === 0;
  } catch {
    // There is no such program.
    return false;
  }
}

/**
 * Prepares a script in Python that needs `nats-py`, which is installed into the folder when it is not there.
 *
 * @returns undefined when the language or the package cannot be had on this machine
 */
export async function pythonWithNats(script: string, folder: string): Promise<Program | undefined> {
  const command = ['python3', script];
  if (await works(['python3', '-c', 'import nats'], folder)) return { command, env: {} };
  const packages = join(folder, 'python');
  const install = ['python3', '-m', 'pip', 'install', '-q', '--target', packages, 'nats-py==2.16.0'];
  return (await works(install, folder)) ? { command, env: { PYTHONPATH: packages } } : undefined;
}

/**
 * Builds a program of one file in Go that needs `nats.go`.
 *
 * @returns undefined when the language or the package cannot be had on this machine
 * @throws Error when it does not compile
 */
export async function goWithNats(script: string, folder: string): Promise<Program | undefined> {
  const module = join(folder, 'go');
  mkdirSync(module);
  copyFileSync(script, join(module, 'main.go'));
  const isThere =
    (await works(['go', 'mod', 'init', 'example'], module)) && (await works(['go', 'mod', 'tidy'], module));
  if (!isThere) return undefined;
  const build = new Child(['go', 'build', '-o', 'program', '.'], { cwd: module });
  if ((await build.finish(240_000)).code !== 0) throw new Error(build.output);
  return { command: [join(module, 'program')], env: {} };
}
