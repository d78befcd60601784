import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { within } from '../../core/within.js';
import type { RunProgress } from '../../model/run-progress.js';
import { GrowthWatch } from './growth-watch.js';
import type { JobLog } from './job-log.js';
import { hasGroup, hasLivingMember, signalGroup } from './process-group.js';
import { type ProcessExit, type Started, startProcess } from './process-start.js';
import { type ProgramLimits, WRAPPERS } from './program.js';
import { ProgressReader } from './progress.js';
import type { Run, RunEnd } from './run.js';
import type { RunTicker, Ticking } from './run-ticker.js';
import { StallWatch } from './stall-watch.js';
import { type DueSignal, type StopCause, StopStages } from './stop-stages.js';

/**
 * Most bytes that are read of each output of a program between two ticks of 250 ms. What prints more waits until the
 * next tick, so it cannot take the CPU from other runs. ffmpeg writes 500 bytes of progress a second.
 */
const READ_A_TICK = { text: 256 * 1024, progress: 16 * 1024 };
/** How long outputs are read after the end: a process that left the group can keep them open for ever. */
const LAST_OUTPUT_MS = 1000;
/** How long the end waits for the disk to take the rest of the log. */
const LAST_WRITES_MS = 2000;
/** Names of the runner's environment that every program gets. */
const INHERITED = ['PATH', 'HOME', 'LANG'] as const;

/** A program to run; placeholders are expanded already. */
export interface ExecOrder {
  /** Program and arguments; no shell reads them. */
  readonly argv: readonly [string, ...string[]];
  /** Environment besides PATH, HOME and LANG of the runner, which it may replace. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Folder of the output. It is where the program runs, and its growth is progress. Missing: an empty folder that is
   * removed at the end.
   */
  readonly out?: string;
  readonly graceMs: number;
  /** 0: never. */
  readonly stallMs: number;
  /** 0: no limit. */
  readonly timeLimitMs: number;
  readonly limits: ProgramLimits;
  /** Stands in the program's environment as SLUICE_RUN; orphans are recognised by it. */
  readonly runId: string;
}

/** What runs share. */
export interface ExecHost {
  readonly ticker: RunTicker;
  /** Where folders for programs without an output are made; default: that of the system for temporary files. */
  readonly workFolder?: string;
  /** PATH of the runner; default: that of this process. */
  readonly toolPath?: string;
  /** Path of the holder process; default: beside this file. */
  readonly holder?: string;
}

/**
 * Starts a program. It has its own process group, no standard input, and a pipe at descriptor 3 for progress as
 * ffmpeg's `-progress pipe:3` writes it; outputs go to the log. When it cannot be started, the run is over at once with
 * kind `spawn`.
 *
 * Whether it has stalled is judged only where something can be seen to grow: an out folder, or progress. Without an out
 * folder that is from the first progress on, or from the beginning when an argument names `pipe:3`. Lack of progress
 * counts until it is switched off.
 *
 * @param log closed by the run before `done`; it masks the secrets
 */
export function startExec(order: ExecOrder, log: JobLog, host: ExecHost): Run {
  return new ExecRun(order, log, host);
}

class ExecRun implements Run, Ticking {
  readonly pid?: number;
  readonly shown: readonly string[];
  readonly done: Promise<RunEnd>;
  readonly #order: ExecOrder;
  readonly #log: JobLog;
  readonly #ticker: RunTicker;
  readonly #progress = new ProgressReader();
  readonly #stages: StopStages;
  readonly #stall: StallWatch;
  readonly #growth: GrowthWatch | undefined;
  readonly #limitMs: number;
  #cwd: string | undefined;
  #showsProgress: boolean;
  #outputs: readonly Readable[] = [];
  /** Makes reading begin anew at each tick. */
  readonly #paced: (() => void)[] = [];
  #exit: ProcessExit | undefined;
  #report: ProcessExit | undefined;
  #cause: StopCause | undefined;
  #leftoversUntilMs = Number.POSITIVE_INFINITY;
  #isOver = false;
  #resolve: (end: RunEnd) => void = () => {};

  constructor(order: ExecOrder, log: JobLog, host: ExecHost) {
    const { ticker } = host;
    const nowMs = ticker.nowMs();
    this.#order = order;
    this.#log = log;
    this.#ticker = ticker;
    this.#stages = new StopStages(order.graceMs);
    this.#stall = new StallWatch(order.stallMs, nowMs);
    this.#growth = order.out === undefined ? undefined : new GrowthWatch(order.out);
    this.#cwd = order.out;
    this.#limitMs = order.timeLimitMs > 0 ? nowMs + order.timeLimitMs : Number.POSITIVE_INFINITY;
    this.#showsProgress = order.out !== undefined || order.argv.some((argument) => argument.includes('pipe:3'));
    this.shown = order.argv.map((argument) => log.mask.maskText(argument));
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const started = this.#start(host);
    if ('code' in started) {
      log.note(started.why);
      void this.#end({ code: started.code });
      return;
    }
    this.pid = started.child.pid;
    this.#follow(started);
    ticker.add(this);
  }

  get progress(): RunProgress {
    return this.#progress.latest;
  }

  expectProgress(isExpected: boolean): void {
    this.#stall.expect(isExpected, this.#ticker.nowMs());
  }

  stop(how: 'afterEof' | 'now' | 'kill'): void {
    const nowMs = this.#ticker.nowMs();
    this.#send(this.#stages.ask(how, nowMs));
    // The rest of the group of a program that has ended has no more time than it would have.
    if (this.#exit !== undefined) {
      this.#leftoversUntilMs = Math.min(this.#leftoversUntilMs, this.#stages.leftoversUntilMs(nowMs));
    }
  }

  tick(nowMs: number): void {
    for (const readOn of this.#paced) readOn();
    if (this.#exit !== undefined) {
      this.#endGroup(nowMs);
      return;
    }
    if (nowMs >= this.#limitMs) this.#send(this.#stages.end('time_limit', nowMs));
    if (this.#showsProgress && this.#stall.look(nowMs)) this.#send(this.#stages.end('stall', nowMs));
    // A look at the folder is worth its cost only when nothing else has shown progress.
    if (this.#stall.isWatching && this.#stall.silentMs >= 1000) {
      this.#growth?.look(nowMs, () => this.#stall.grew(this.#ticker.nowMs()));
    }
    this.#send(this.#stages.due(nowMs));
  }

  #start({ workFolder = tmpdir(), toolPath = process.env['PATH'] ?? '', holder }: ExecHost): Started {
    const { argv, limits } = this.#order;
    try {
      this.#cwd ??= mkdtempSync(join(workFolder, 'sluice-job-'));
    } catch (error) {
      const { code = 'UNKNOWN' } = error as NodeJS.ErrnoException;
      return { code, why: `no temporary folder can be made: ${code}` };
    }
    return startProcess({ argv, env: environmentOf(this.#order), limits, cwd: this.#cwd, toolPath, holder });
  }

  #follow({ child, outputs, control }: Extract<Started, { child: unknown }>): void {
    const [stdout, stderr, progress] = outputs;
    this.#outputs = outputs;
    for (const output of [stdout, stderr]) {
      const lines = this.#log.output();
      this.#read(output, READ_A_TICK.text, (chunk) => lines.push(chunk));
    }
    this.#read(progress, READ_A_TICK.progress, (chunk) => {
      if (!this.#progress.push(chunk)) return;
      this.#showsProgress = true;
      this.#stall.grew(this.#ticker.nowMs());
    });
    let told = '';
    control?.on('data', (chunk: Buffer) => {
      told += chunk.toString('latin1');
      if (told.endsWith('\n')) this.#report = JSON.parse(told) as ProcessExit;
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      // Without a process there is no exit either.
      if (child.pid === undefined) void this.#end({ code: error.code ?? 'UNKNOWN' });
    });
    child.once('exit', (exit, signal) => {
      const nowMs = this.#ticker.nowMs();
      this.#exit = { exit: exit ?? undefined, signal: signal ?? undefined };
      this.#leftoversUntilMs = this.#stages.leftoversUntilMs(nowMs);
      this.#endGroup(nowMs);
    });
    if (control !== undefined) this.#outputs = [...outputs, control];
  }

  #read(output: Readable, mostBytes: number, take: (chunk: Buffer) => void): void {
    let left = mostBytes;
    this.#paced.push(() => {
      left = mostBytes;
      output.resume();
    });
    output.on('error', () => {});
    output.on('data', (chunk: Buffer) => {
      take(chunk);
      left -= chunk.length;
      // What is left after the end is bounded by the buffer of the system.
      if (left <= 0 && !this.#isOver) output.pause();
    });
  }

  #send(due: DueSignal | undefined): void {
    if (due === undefined || this.pid === undefined || this.#isOver) return;
    // A program that has ended just now ended by itself.
    if (signalGroup(this.pid, due.signal) && this.#exit === undefined) this.#cause ??= due.cause;
  }

  /** The program has ended: ends the rest of its group, then the run. */
  #endGroup(nowMs: number): void {
    const { pid } = this;
    if (pid === undefined || this.#isOver) return;
    if (hasGroup(pid)) {
      if (nowMs < this.#leftoversUntilMs) return;
      signalGroup(pid, 'SIGKILL');
      if (hasLivingMember(pid)) return;
    }
    void this.#end(this.#exit ?? {});
  }

  async #end(exit: ProcessExit): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ticker.delete(this);
    for (const output of this.#outputs) output.resume();
    await within(Promise.all(this.#outputs.map(ended)), LAST_OUTPUT_MS);
    for (const output of this.#outputs) output.destroy();
    const end = this.#describe(this.#report ?? exit);
    const { out } = this.#order;
    const removed = out === undefined && this.#cwd !== undefined ? removeFolder(this.#cwd) : undefined;
    // A disk that hangs holds up nothing: the run is over.
    await within(Promise.all([this.#log.close(), removed]), LAST_WRITES_MS);
    this.#resolve({ ...end, logTail: this.#log.tail() });
  }

  #describe({ exit, signal, code }: ProcessExit): RunEnd {
    if (code !== undefined) return { kind: 'spawn', text: code };
    const tail = this.#log.tail();
    if (this.#cause === undefined && isWrapperFailure(exit, tail)) {
      return { kind: 'spawn', exit, text: exit === 127 ? 'ENOENT' : 'EACCES' };
    }
    return { kind: this.#cause ?? 'exit', exit: exit ?? undefined, signal: signal ?? undefined };
  }
}

/** What cannot be removed stays; nothing is in the way of later runs. */
async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => undefined);
}

function environmentOf({ env, runId }: ExecOrder): Record<string, string> {
  const inherited = INHERITED.map((name) => [name, process.env[name]]).filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(inherited) as Record<string, string>), ...env, SLUICE_RUN: runId };
}

/**
 * Whether what ended is the program that should have run another in its place: the system refused to run a file that
 * looks like a program, for instance a script whose interpreter is missing.
 */
function isWrapperFailure(exit: number | undefined, tail: string): boolean {
  if (exit !== 126 && exit !== 127) return false;
  return !tail.includes('\n') && WRAPPERS.some((name) => new RegExp(`^(?:\\S*/)?${name}: `).test(tail));
}

function ended(output: Readable): Promise<void> {
  if (output.readableEnded || output.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    output.once('end', resolve);
    output.once('close', resolve);
  });
}
