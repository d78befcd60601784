import { type ChildProcess, spawn } from 'node:child_process';
import { waitFor, within } from './wait.js';

/** How a process ended: its exit code, or the signal that killed it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});
// Vitest ends its workers by a signal; without a handler there would be no `exit` event.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

/** A program started by a test: its output as text, its end as a promise, and no way to outlive the test process. */
export class Child {
  readonly name: string;
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  readonly #stdout: Buffer[] = [];
  #stderr = '';
  #exit: Exit | undefined;

  /**
   * @param command program and arguments
   * @param options.env environment to add; options.input bytes for standard input (closed after them); or
   *   options.keepsInput: standard input stays open for `write`
   */
  constructor(
    command: readonly string[],
    options: { env?: Record<string, string>; input?: Uint8Array; keepsInput?: boolean; cwd?: string } = {},
  ) {
    const [file, ...args] = command as [string, ...string[]];
    this.name = file.split('/').at(-1) ?? file;
    const child = spawn(file, args, {
      env: { ...process.env, ...options.env },
      stdio: [options.input === undefined && options.keepsInput !== true ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      cwd: options.cwd,
    });
    this.#process = child;
    alive.add(child);
    child.stdout?.on('data', (chunk: Buffer) => this.#stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString('utf8');
    });
    child.stdin?.on('error', () => {});
    if (options.keepsInput !== true) child.stdin?.end(options.input);
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        alive.delete(child);
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
    this.exited.catch(() => alive.delete(child));
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  /** Everything written to standard output so far, as bytes. */
  get stdoutBytes(): Buffer {
    return Buffer.concat(this.#stdout);
  }

  get stdout(): string {
    return this.stdoutBytes.toString('utf8');
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Both outputs, for messages of failed tests. */
  get output(): string {
    return `${this.stdout}${this.#stderr}`;
  }

  /** How it ended, or `undefined` while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Writes to standard input, which `keepsInput` left open. */
  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Waits for the end; kills the process and throws with its output when that takes longer than `timeoutMs`. */
  async finish(timeoutMs: number): Promise<Exit> {
    try {
      return await within(this.exited, timeoutMs, `${this.name} to end`);
    } catch (error) {
      this.#process.kill('SIGKILL');
      await this.exited.catch(() => {});
      throw new Error(`${String(error)}\n--- output of ${this.name}\n${this.output.slice(-4000)}`);
    }
  }

  /** Sends `signal`, then SIGKILL after `timeoutMs`; returns how it ended. Harmless when it has ended already. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', timeoutMs = 5000): Promise<Exit> {
    if (this.#exit !== undefined) return this.#exit;
    this.#process.kill(signal);
    try {
      return await within(this.exited, timeoutMs, `${this.name} to stop`);
    } catch {
      this.#process.kill('SIGKILL');
      return await this.exited;
    }
  }

  /** Waits until the output matches; throws with the output when the process ends or time is over before. */
  async waitForOutput(pattern: RegExp, timeoutMs = 10_000): Promise<RegExpExecArray> {
    return waitFor(
      () => {
        const match = pattern.exec(this.output);
        if (match !== null) return match;
        if (this.#exit !== undefined) {
          throw new Error(`${this.name} ended before ${String(pattern)}\n${this.output.slice(-4000)}`);
        }
        return undefined;
      },
      { timeoutMs, what: () => `${String(pattern)} from ${this.name}\n${this.output.slice(-4000)}` },
    );
  }
}

/** Runs a program to its end and returns it; throws with its output when it fails or takes longer than `timeoutMs`. */
export async function run(command: readonly string[], timeoutMs = 20_000): Promise<Child> {
  const child = new Child(command);
  const { code, signal } = await child.finish(timeoutMs);
  if (code !== 0) {
    throw new Error(`${command.join(' ')} ended with ${String(code ?? signal)}\n${child.output.slice(-4000)}`);
  }
  return child;
}
