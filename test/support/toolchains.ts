import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
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
 * Prepares a script in Python that needs `nats-py`, which is installed into the folder, once, when it is not there.
 *
 * @returns undefined when the language or the package cannot be had on this machine
 */
export async function pythonWithNats(script: string, folder: string): Promise<Program | undefined> {
  const command = ['python3', script];
  if (await works(['python3', '-c', 'import nats'], folder)) return { command, env: {} };
  const packages = join(folder, 'python');
  const install = ['python3', '-m', 'pip', 'install', '-q', '--target', packages, 'nats-py==2.16.0'];
  return existsSync(packages) || (await works(install, folder))
    ? { command, env: { PYTHONPATH: packages } }
    : undefined;
}

/**
 * Builds a program of one file in Go that needs `nats.go`. Programs of one folder share a module.
 *
 * @returns undefined when the language or the package cannot be had on this machine
 * @throws Error when it does not compile
 */
export async function goWithNats(script: string, folder: string): Promise<Program | undefined> {
  const module = join(folder, 'go');
  const source = join(module, basename(script));
  const program = join(module, basename(script, '.go'));
  const isFirst = !existsSync(module);
  mkdirSync(module, { recursive: true });
  copyFileSync(script, source);
  if (
    isFirst &&
    !((await works(['go', 'mod', 'init', 'example'], module)) && (await works(['go', 'mod', 'tidy'], module)))
  )
    return undefined;
  const build = new Child(['go', 'build', '-o', program, source], { cwd: module });
  if ((await build.finish(240_000)).code !== 0) throw new Error(build.output);
  return { command: [program], env: {} };
}
