import { randomUUID } from 'node:crypto';
import type { Logger } from '../../core/log.js';
import type { StartedRun } from '../runner/attempt-parts.js';
import { expandDir, expandExec, expandHttp, expandUrl, type JobValues } from '../template/expand.js';
import type { HttpRun, QueueRun } from '../template/template.js';
import { startExec } from './exec-run.js';
import { startHttp } from './http-run.js';
import type { JobFolder } from './job-folder.js';
import type { JobLog } from './job-log.js';
import { OutFolder } from './out-folder.js';
import type { Run, RunOrder } from './run.js';
import { secretsInUrls } from './secret-mask.js';

/** Hands a job of a `queue` template to whoever takes it from there. */
export type StartQueued = (run: QueueRun, order: RunOrder) => Run;

/**
 * Starts what a template says.
 *
 * @param queued undefined: templates with `queue` cannot be run here
 */
export function starter(
  folder: JobFolder,
  log: Logger,
  queued?: StartQueued,
): (order: RunOrder) => Promise<StartedRun> {
  return async (order) => {
    const { template, facts, jobId, attempt, token, url } = order;
    const secret = secretOf(template.run);
    const known: JobValues = {
      ...{ facts, jobId, attempt, token },
      ...(url === undefined ? {} : { url }),
      ...(secret === undefined ? {} : { secret }),
    };
    const outDir = template.out === undefined ? undefined : expandDir(template.out.dir, known);
    const out = outDir === undefined ? undefined : await OutFolder.make(outDir, { jobId, attempt, token });
    const values: JobValues = out === undefined ? known : { ...known, out: out.path };
    const secrets = [url, secret].filter((each) => each !== undefined);
    const keeps = template.out?.keepFailed ?? false;
    try {
      const run = startKind(
        order,
        values,
        folder,
        (texts) => folder.logs.open(jobId, attempt, [...secrets, ...secretsInUrls(texts)]),
        queued,
        out?.path,
      );
      const runId = run.runId;
      const { pid } = run.run;
      if (pid !== undefined) {
        // Without the file the run is as good; only what it leaves behind after a crash would not be found.
        await folder.pids
          .add({ ...{ pid, runId, jobId, attempt, token }, ...(outDir === undefined ? {} : { outDir }) })
          .catch((error: unknown) =>
            log.warn({ job: jobId, cause: (error as Error).message }, 'jobs: a process could not be written down'),
          );
        // The file stays until the output has its place: whoever starts after a crash finds both.
      }
      const placed = async <T>(place: (out: OutFolder) => Promise<T>): Promise<T | undefined> => {
        try {
          return out === undefined ? undefined : await place(out);
        } catch (error) {
          log.error(
            { job: jobId, attempt, cause: (error as Error).message },
            'jobs: an output could not be placed; it is where it was written',
          );
          return undefined;
        } finally {
          if (pid !== undefined) await folder.pids.remove(pid).catch(() => undefined);
        }
      };
      return {
        run: run.run,
        accept: async (times) => {
          const done = await placed((each) => each.accept(times));
          if (done === undefined) return undefined;
          const { path, result } = done;
          return { folder: path, files: result.files.slice(0, MOST_TOLD), bytes: result.bytes };
        },
        reject: async (reason) => {
          await placed((each) => each.reject(reason, keeps));
        },
      };
    } catch (error) {
      await out?.reject('spawn', false).catch(() => undefined);
      throw error;
    }
  };
}

/** Files of a result that its event lists. */
const MOST_TOLD = 20;

function startKind(
  order: RunOrder,
  values: JobValues,
  { ticker, http, workFolder }: JobFolder,
  openLog: (texts: readonly string[]) => JobLog,
  queued: StartQueued | undefined,
  out: string | undefined,
): { readonly run: Run; readonly runId: string } {
  const { run, graceMs, stallMs, timeLimitMs, limits } = order.template;
  const runId = randomUUID();
  switch (run.kind) {
    case 'exec': {
      const { argv, env } = expandExec(run, values);
      const passed = run.passEnv.map((name) => [name, process.env[name]]).filter(([, value]) => value !== undefined);
      const exec = {
        ...{ argv, graceMs, stallMs, timeLimitMs, limits, runId },
        env: { ...(Object.fromEntries(passed) as Record<string, string>), ...env },
        ...(out === undefined ? {} : { out }),
      };
      return { run: startExec(exec, openLog([...argv, ...Object.values(env)]), { ticker, workFolder }), runId };
    }
    case 'http': {
      const calls = callsOf(run, values);
      const urls = [calls.start.url, calls.stop?.url ?? '', calls.beatUrl ?? ''];
      return { run: startHttp({ ...calls, graceMs, timeLimitMs }, openLog(urls), { ticker, http }), runId };
    }
    case 'queue':
      if (queued === undefined) throw new Error('templates with queue need NATS');
      return { run: queued(run, order), runId };
    case 'worker':
      throw new Error('templates with worker are run by workers outside only');
  }
}

function callsOf({ start, stop, beatUrl }: HttpRun, values: JobValues) {
  return {
    start: expandHttp(start, values),
    ...(stop === undefined ? {} : { stop: expandHttp(stop, values) }),
    ...(beatUrl === undefined ? {} : { beatUrl: expandUrl(beatUrl, values) }),
  };
}

/** What `{secret}` stands for. */
function secretOf(run: RunOrder['template']['run']): string | undefined {
  return run.kind === 'http' && run.secretEnv !== undefined ? process.env[run.secretEnv] : undefined;
}
