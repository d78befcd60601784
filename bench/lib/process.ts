import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { cpus } from 'node:os';

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 6_000;
const RETRY_MS = 2;

let ticks: number | undefined;
let pinning: boolean | undefined;
let prioritising: boolean | undefined;

/** Whether processes can be bound to cores: `taskset` is there and the machine has more than one core. */
export function canPin(): boolean {
  pinning ??= cpus().length > 1 && runs('taskset', ['--version']);
  return pinning;
}

/** Whether processes can be given the highest priority: this user may lower `nice`. */
export function canPrioritise(): boolean {
  // It runs the command also when it may not lower its niceness; `nice` alone prints it.
  prioritising ??= spawnSync('nice', ['-n', '-20', 'nice'], { encoding: 'utf8' }).stdout?.trim() === '-20';
  return prioritising;
}

/** Whether a command can be run at all. */
export function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** How a process is to be started. */
export interface StartOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Core to bind to; ignored when {@link canPin} is false. */
  readonly core?: number;
  /** Ahead of everything else on the machine (`nice` -20), where {@link canPrioritise} is true. */
  readonly priority?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A child process of a bench: output kept, CPU and memory read from /proc. */
export class BenchProcess {
  readonly #child: ChildProcess;
  #output = '';

  /** Starts the process. Its standard output and error are collected in {@link BenchProcess.output}. */
  constructor(options: StartOptions) {
    const [command, ...args] = [
      ...(options.priority === true && canPrioritise() ? ['nice', '-n', '-20'] : []),
      ...(options.core !== undefined && canPin() ? ['taskset', '-c', String(options.core)] : []),
      options.command,
      ...options.args,
    ];
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      cwd: options.cwd,
    });
    const keep = (chunk: Buffer): void => {
      this.#output += chunk.toString('utf8');
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    this.#child.on('error', (error) => {
      this.#output += String(error);
    });
  }

  /** Process id; `nice` and `taskset` replace themselves by the command, so it is the command's. */
  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** All it printed so far. */
  get output(): string {
    return this.#output;
  }

  /** Standard output, for a caller that reads lines. */
  get stdout(): NodeJS.ReadableStream {
    return this.#child.stdout!;
  }

  /** Whether it still runs. */
  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#child.pid !== undefined;
  }

  /** Sends a signal. */
  signal(name: NodeJS.Signals): void {
    if (this.running) this.#child.kill(name);
  }

  /** Waits for the end; returns the exit code, -1 after a signal. */
  async ended(): Promise<number> {
    if (this.running) await once(this.#child, 'exit');
    return this.#child.exitCode ?? -1;
  }

  /** SIGTERM, and SIGKILL if that did not end it within six seconds. */
  async stop(): Promise<void> {
    if (!this.running) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exit;
    clearTimeout(timer);
  }
}

/** User and system time of a process in seconds, from /proc/<pid>/stat (resolution: one clock tick, usually 10 ms). */
export function cpuSeconds(pid: number): number {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command name is in parentheses and may hold spaces: count fields after the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

/** Resident memory of a process in bytes (VmRSS). */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return line === null ? Number.NaN : Number(line[1]) * 1024;
}

/** A TCP port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Waits until something accepts connections on the port.
 * @returns ms since the call.
 * @throws Error with the process's output when it ends first or 15 seconds pass.
 */
export async function listening(port: number, child?: BenchProcess): Promise<number> {
  const start = performance.now();
  const deadline = start + START_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (await accepts(port)) return performance.now() - start;
    if (child !== undefined && !child.running) throw new Error(`it ended before it listened: ${child.output.trim()}`);
    await pause(RETRY_MS);
  }
  throw new Error(`nothing listens on port ${port} after ${START_TIMEOUT_MS} ms: ${child?.output.trim() ?? ''}`);
}

/** Resolves after `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Whether something accepts connections on a port of loopback now. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * Where the kernel divides the machine between sessions first (`autogroup`), niceness counts within a session only.
 * Both are lowered.
 */
export function raiseGroupPriority(): void {
  try {
    writeFileSync('/proc/self/autogroup', '-20');
  } catch {
    // There are no such groups, or this user may not change them.
  }
}
