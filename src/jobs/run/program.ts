import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** A program that is there, or the system's code for why it cannot be run. */
type FoundProgram = { readonly path: string } | { readonly code: 'ENOENT' | 'EACCES' };

/**
 * Finds a program as execvp(3) does: a name with a slash is a path, others are looked for in the folders of a search
 * path. It is done here because the programs that start it (setpriv, nice …) tell the reason in words only.
 *
 * @param cwd folder that a path begins at
 * @param searchPath value of PATH
 */
export function findProgram(name: string, cwd: string, searchPath: string): FoundProgram {
  const paths = name.includes('/')
    ? [resolve(cwd, name)]
    : name === ''
      ? []
      : searchPath.split(delimiter).map((folder) => resolve(cwd, folder, name));
  let code: 'ENOENT' | 'EACCES' = 'ENOENT';
  for (const path of paths) {
    const found = look(path);
    if (found === 'yes') return { path };
    if (found === 'EACCES') code = 'EACCES';
  }
  return { code };
}

function look(path: string): 'yes' | 'ENOENT' | 'EACCES' {
  try {
    if (!statSync(path).isFile()) return 'EACCES';
    accessSync(path, constants.X_OK);
    return 'yes';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'EACCES' : 'ENOENT';
  }
}

const tried = new Map<string, boolean>();

/**
 * Finds a setpriv that can set the signal that a program gets when its parent dies. That of busybox cannot.
 *
 * @returns its path, or undefined
 */
export function findSetpriv(searchPath: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const found = findProgram('setpriv', '/', searchPath);
  if (!('path' in found)) return undefined;
  const { path } = found;
  if (!tried.has(path)) {
    // Once in the life of the process, 2 ms.
    const { status } = spawnSync(path, ['--pdeathsig', 'KILL', '--', path, '--version'], {
      stdio: 'ignore',
      timeout: 5000,
    });
    tried.set(path, status === 0);
  }
  return tried.get(path) === true ? path : undefined;
}

/** What bounds a program; see `limits` of a template. */
export interface ProgramLimits {
  /** Address space. */
  readonly memoryBytes?: number;
  readonly nice?: number;
  /** Class of `ionice`: 2 best effort, 3 idle. */
  readonly ionice?: 2 | 3;
}

/** Programs that this module puts before another: they run it in their place. */
export const WRAPPERS = ['setpriv', 'nice', 'ionice', 'prlimit'] as const;

/** Returns the arguments that stand before a program so that it runs within limits: programs by name, without paths. */
export function limitArguments(limits: ProgramLimits): string[][] {
  const wrappers: string[][] = [];
  if (limits.nice !== undefined) wrappers.push(['nice', '-n', String(limits.nice), '--']);
  if (limits.ionice !== undefined) wrappers.push(['ionice', '-c', String(limits.ionice), '--']);
  if (limits.memoryBytes !== undefined) wrappers.push(['prlimit', `--as=${limits.memoryBytes}`, '--']);
  return wrappers;
}
