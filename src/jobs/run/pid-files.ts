import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MAKE_NEW, openOwn, ownFolder, readOwn } from '../../core/own-files.js';
import { environmentValue, machineBootId, processIds, processStat } from './proc.js';
import { signalGroup } from './process-group.js';

/** Most rounds of looking for processes of orphaned runs. */
const MAX_ROUNDS = 8;

/** A run whose process is written down. */
export interface NotedRun {
  /** Of the program, and of its process group. */
  readonly pid: number;
  /** In its environment as SLUICE_RUN. */
  readonly runId: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly token: number;
  /** `out.dir` with its placeholders replaced; for outputs that the runner had no time to place. */
  readonly outDir?: string;
}

/** What a file says. */
interface PidFile extends NotedRun {
  readonly v: 1;
  /** When the process began, from /proc; empty where there is none. */
  readonly start: string;
  /** Boot of the machine: after another one no process is left, and pids mean others. */
  readonly machineBoot: string;
  /** The runner. */
  readonly by: { readonly pid: number; readonly start: string };
}

/**
 * Files that name the processes of runs, one for each, so that a runner that starts again finds what an earlier one
 * left behind. The signal of setpriv reaches the program alone: what it had started itself lives on.
 */
export class PidFiles {
  readonly #folder: string;

  /** @param folder `<data>/jobs/pids`; made when the first file is written */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes down a run that has just been started. @throws the disk's error, ERR_DATA_FOLDER_NOT_OURS */
  async add(run: NotedRun): Promise<void> {
    const by = { pid: process.pid, start: processStat(process.pid)?.start ?? '' };
    const start = processStat(run.pid)?.start ?? '';
    const content: PidFile = { v: 1, ...run, start, machineBoot: machineBootId(), by };
    await ownFolder(this.#folder);
    // What lies there is of a process that has gone: its pid is in use again.
    await this.remove(run.pid);
    const file = await openOwn(this.#path(run.pid), MAKE_NEW);
    try {
      await file.writeFile(`${JSON.stringify(content)}\n`);
    } finally {
      await file.close();
    }
  }

  /** Forgets a run: it is over, and its output has its place. */
  async remove(pid: number): Promise<void> {
    await rm(this.#path(pid), { force: true });
  }

  /**
   * Kills what is left of runs whose runner is gone, and removes their files. A process is known by its pid together
   * with the time when it began, or by the id of its run in its environment: that also finds what a program had started
   * and what left its group. Runs of a runner that lives, this one included, stay.
   *
   * @returns the runs that were found, so that their outputs can be placed
   */
  async killOrphans(): Promise<NotedRun[]> {
    const orphans: PidFile[] = [];
    for (const name of await readdir(this.#folder).catch(() => [])) {
      if (!/^\d+\.json$/.test(name)) continue;
      const path = join(this.#folder, name);
      const file = readFile((await readOwn(path).catch(() => undefined))?.toString('utf8'));
      if (file !== undefined && isThere(file.by, file.machineBoot)) continue;
      if (file !== undefined) orphans.push(file);
      await rm(path, { force: true }).catch(() => undefined);
    }
    killRuns(orphans.filter(({ machineBoot }) => machineBoot === machineBootId()));
    return orphans.map(({ pid, runId, jobId, attempt, token, outDir }) => ({
      ...{ pid, runId, jobId, attempt, token },
      ...(outDir === undefined ? {} : { outDir }),
    }));
  }

  #path(pid: number): string {
    return join(this.#folder, `${pid}.json`);
  }
}

function killRuns(runs: readonly PidFile[]): void {
  if (runs.length === 0) return;
  for (const { pid, start, machineBoot } of runs) {
    if (isThere({ pid, start }, machineBoot) && processStat(pid)?.pgid === pid) signalGroup(pid, 'SIGKILL');
  }
  const ids = new Set(runs.map(({ runId }) => runId));
  // A process can start another one while the list is read, so the list is read again until nobody is found.
  for (let round = 0; round < MAX_ROUNDS && killMarked(ids); round++);
}

/** @returns whether there was a process of one of these runs */
function killMarked(runIds: ReadonlySet<string>): boolean {
  let found = false;
  for (const pid of processIds()) {
    const runId = environmentValue(pid, 'SLUICE_RUN');
    if (pid === process.pid || runId === undefined || !runIds.has(runId)) continue;
    try {
      process.kill(pid, 'SIGKILL');
      found = true;
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

/** Whether a process still is the one that was written down. Without /proc nobody can know, and nothing is killed. */
function isThere({ pid, start }: { pid: number; start: string }, machineBoot: string): boolean {
  if (start === '' || machineBoot !== machineBootId()) return false;
  const found = processStat(pid);
  return found !== undefined && found.start === start && found.state !== 'Z';
}

/** What a file says; undefined when it is not one that was written whole. */
function readFile(text: string | undefined): PidFile | undefined {
  try {
    const said = JSON.parse(text ?? '') as Partial<PidFile> | null;
    const { v, pid, runId, jobId, attempt, token, start, machineBoot, by } = said ?? {};
    const numbers = [pid, attempt, token, by?.pid];
    const texts = [runId, jobId, start, machineBoot, by?.start];
    const isWhole =
      v === 1 && numbers.every(Number.isSafeInteger) && texts.every((each) => typeof each === 'string') && pid! > 1;
    return isWhole && runId !== '' ? (said as PidFile) : undefined;
  } catch {
    return undefined;
  }
}
