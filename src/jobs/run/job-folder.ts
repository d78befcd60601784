import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../core/ids.js';
import type { Logger } from '../../core/log.js';
import { ownFolder } from '../../core/own-files.js';
import { BoundedHttp } from '../../http-client/bounded-http.js';
import { type JobRecord, keyOfJobId } from '../record/record.js';
import type { Table } from '../table.js';
import { JobLogs } from './job-logs.js';
import { recoverOutput } from './out-folder.js';
import { type NotedRun, PidFiles } from './pid-files.js';
import { RunTicker } from './run-ticker.js';

/** How a folder is used. */
interface FolderOptions {
  readonly log: Logger;
  /** `jobs.logKeepMs`, in ms. */
  readonly keepMs: number;
  /** `jobs.logMaxBytes`. */
  readonly maxBytes: number;
}

/** File of the runner's id. */
const ID_FILE = 'runner-id';

/** The folder of a runner, `<data>/jobs`: its id, logs, and the processes that it has started. */
export class JobFolder {
  readonly runnerId: string;
  readonly logs: JobLogs;
  readonly pids: PidFiles;
  /** Where programs without an output run, each in a folder of its own. */
  readonly workFolder: string;
  readonly ticker = new RunTicker();
  readonly http = new BoundedHttp();
  readonly #log: Logger;

  private constructor(folder: string, runnerId: string, { log, keepMs, maxBytes }: FolderOptions) {
    this.runnerId = runnerId;
    this.workFolder = join(folder, 'work');
    this.#log = log;
    this.logs = new JobLogs({ folder: join(folder, 'logs'), keepMs, maxBytes, wallMs: () => Date.now() });
    this.pids = new PidFiles(join(folder, 'pids'));
  }

  /**
   * Opens the folder, made when it is missing. The caller has locked it.
   *
   * @throws ERR_DATA_FOLDER_NOT_OURS; the system's error when it cannot be used
   */
  static async open(folder: string, options: FolderOptions): Promise<JobFolder> {
    await ownFolder(folder);
    const file = join(folder, ID_FILE);
    let runnerId = await readFile(file, 'utf8').then(
      (text) => text.trim(),
      () => '',
    );
    if (!/^[0-9A-Z]{26}$/.test(runnerId)) {
      runnerId = newId();
      await writeFile(file, `${runnerId}\n`, { mode: 0o600 });
    }
    const opened = new JobFolder(folder, runnerId, options);
    // What is there was left by a process that was killed.
    await rm(opened.workFolder, { recursive: true, force: true });
    await ownFolder(opened.workFolder);
    await opened.logs.sweep();
    return opened;
  }

  /**
   * Ends what an earlier process of this runner left running, and places what it wrote: what its record calls accepted
   * is, everything else is kept apart.
   */
  async recover(jobs: Table<JobRecord>): Promise<void> {
    const orphans = await this.pids.killOrphans();
    if (orphans.length > 0)
      this.#log.warn({ runs: orphans.length }, 'jobs: ended what an earlier process left running');
    for (const orphan of orphans) {
      if (orphan.outDir === undefined) continue;
      await this.#place(orphan, orphan.outDir, jobs).catch((error: unknown) =>
        this.#log.error({ job: orphan.jobId, cause: (error as Error).message }, 'jobs: an output could not be placed'),
      );
    }
  }

  /** Closes what is open. */
  close(): void {
    this.http.close();
  }

  async #place({ jobId, attempt, token }: NotedRun, outDir: string, jobs: Table<JobRecord>): Promise<void> {
    const key = keyOfJobId(jobId);
    const record = key === undefined ? undefined : (await jobs.read(key).catch(() => undefined))?.value;
    const isAccepted = record?.last?.attempt === attempt && record.last.outcome !== 'failed' && record.state === 'done';
    await recoverOutput(outDir, { jobId, attempt, token }, isAccepted);
  }
}
