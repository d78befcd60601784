import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ExecHost, type ExecOrder, startExec } from '../../../src/jobs/run/exec-run.js';
import { JobLogs } from '../../../src/jobs/run/job-logs.js';
import type { Run } from '../../../src/jobs/run/run.js';
import { RunTicker } from '../../../src/jobs/run/run-ticker.js';
import { repository } from '../repository.js';
import { tempDir } from '../temp.js';

/** The holder process that was built. */
export const HOLDER = join(repository(), 'dist', 'src', 'jobs', 'run', 'holder.js');

/** Runs that a test has not seen the end of. */
const going = new Set<Run>();

/** A run with its log. */
export interface StartedRun {
  readonly run: Run;
  /** What its log has on disk. */
  readLog(): Promise<string>;
}

/** Starts a program: long grace, no limits, no stall, but for what a test states. */
export function startRun(
  order: Pick<ExecOrder, 'argv'> & Partial<ExecOrder> & { readonly secrets?: readonly string[] },
  host: Partial<ExecHost> = {},
): StartedRun {
  const logs = new JobLogs({ folder: tempDir('job-logs'), keepMs: 1e9, maxBytes: 1e9, wallMs: Date.now });
  const { secrets = [], ...rest } = order;
  const run = startExec(
    { env: {}, graceMs: 60_000, stallMs: 0, timeLimitMs: 0, limits: {}, runId: 'a-run', ...rest },
    logs.open('stream/template', 1, secrets),
    { ticker: new RunTicker(), holder: HOLDER, workFolder: tempDir('work'), ...host },
  );
  going.add(run);
  void run.done.then(() => going.delete(run));
  return {
    run,
    readLog: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of logs.read('stream/template', 1)) chunks.push(chunk);
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}

/** Kills what a failed test has left. */
export async function killRuns(): Promise<void> {
  await Promise.all(
    [...going].map((run) => {
      run.stop('kill');
      return run.done;
    }),
  );
}

/** Command that runs a piece of JavaScript, which finds further arguments in `argv`. */
export function script(code: string, ...args: readonly string[]): [string, ...string[]] {
  return [process.execPath, '-e', `const argv = process.argv.slice(1); ${code}`, '--', ...args];
}

/** Processes whose command line has this text, zombies not among them. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        const isZombie = /\) [ZX] /.test(readFileSync(`/proc/${name}/stat`, 'latin1'));
        return !isZombie && readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}
