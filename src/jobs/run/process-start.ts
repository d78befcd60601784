import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { findProgram, findSetpriv, limitArguments, type ProgramLimits } from './program.js';

/** What is run: everything is expanded already. */
interface StartOrder {
  /** Program and arguments; no shell reads them. */
  readonly argv: readonly [string, ...string[]];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly limits: ProgramLimits;
  /** PATH of the runner, where setpriv, nice, ionice and prlimit are looked for. */
  readonly toolPath: string;
  /** Path of the holder as JavaScript; default: the one that was built with this file. */
  readonly holder?: string;
}

/** How a process ended. */
export interface ProcessExit {
  readonly exit?: number;
  readonly signal?: string;
  /** The system's code when it could not be started. */
  readonly code?: string;
}

/** A process that was started, or why not. */
export type Started =
  | {
      readonly child: ChildProcess;
      /** stdout, stderr and progress. */
      readonly outputs: readonly [Readable, Readable, Readable];
      /** The connection to the holder; missing where there is none. */
      readonly control?: Readable;
    }
  | { readonly code: string; readonly why: string };

/**
 * Starts a program in a process group of its own, so that it dies with this process: by setpriv where there is one,
 * otherwise below a holder process.
 */
export function startProcess(order: StartOrder): Started {
  const { argv, env, cwd, limits, toolPath } = order;
  if (!isFolder(cwd)) return { code: 'ENOENT', why: `the folder that it should run in is not there: ${cwd}` };
  const program = findProgram(argv[0], cwd, env['PATH'] ?? '');
  if ('code' in program) return { code: program.code, why: `${argv[0]}: ${WORDS[program.code]}` };
  const command = [program.path, ...argv.slice(1)];
  for (const [name, ...args] of limitArguments(limits).reverse()) {
    const wrapper = findProgram(name!, '/', toolPath);
    if ('code' in wrapper) return { code: wrapper.code, why: `${name}, which the limits need: ${WORDS[wrapper.code]}` };
    command.unshift(wrapper.path, ...args);
  }
  const setpriv = findSetpriv(toolPath);
  try {
    if (setpriv === undefined) return startHeld(order, command);
    // It stands first, so that nothing is run before the signal is set; what comes after inherits it.
    return started(spawnGroup([setpriv, '--pdeathsig', 'KILL', '--', ...command], cwd, env, 'ignore'));
  } catch (error) {
    // E2BIG, ENOTDIR and bytes of zero in arguments are thrown, other failures are told by the child's `error`.
    const { code = 'UNKNOWN' } = error as NodeJS.ErrnoException;
    return { code, why: `${argv[0]} cannot be started: ${code}` };
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

const WORDS = {
  ENOENT: 'there is no such program',
  EACCES: 'it is no program, or may not be run by this user',
} as const;

function startHeld(order: StartOrder, command: readonly string[]): Started {
  const holder = order.holder ?? fileURLToPath(new URL('./holder.js', import.meta.url));
  // The program's environment is not the holder's: NODE_OPTIONS, say, is for the program alone.
  const child = spawnGroup([process.execPath, holder], order.cwd, {}, 'pipe');
  const control = child.stdio[4] as Readable & { write(text: string): boolean };
  // A holder that died is noticed by its exit.
  control.on('error', () => {});
  control.write(`${JSON.stringify({ argv: command, env: order.env })}\n`);
  return { ...started(child), control };
}

function spawnGroup(
  [file, ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  control: 'ignore' | 'pipe',
): ChildProcess {
  return spawn(file!, args, {
    cwd,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...(control === 'pipe' ? (['pipe'] as const) : [])],
    detached: true,
  });
}

function started(child: ChildProcess): Extract<Started, { child: ChildProcess }> {
  const [, stdout, stderr, progress] = child.stdio;
  return { child, outputs: [stdout as Readable, stderr as Readable, progress as Readable] };
}
