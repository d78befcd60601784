import type { KvEntry } from '../../nats/kv-bucket.js';
import { type JobRecord, keyOfJobId } from '../record/record.js';
import type { RunnerState } from '../runner/runner-state.js';
import type { JobTemplate } from '../template/template.js';
import { type JobQuery, selectsJob } from './job-query.js';
import { type JobView, jobView, type RunnerView, runnerView, type TemplateView, templateView } from './views.js';

/** Values by key that are read where they are kept. Both methods throw ERR_JOB_STORE while that is impossible. */
export interface ReadableTable<T> {
  /** The keys that hold something, and some that held something. */
  keys(): Promise<readonly string[]>;
  read(key: string): Promise<KvEntry<T> | undefined>;
}

/** Where records, templates and runners are kept. */
export interface JobStore {
  readonly jobs: ReadableTable<JobRecord>;
  readonly templates: ReadableTable<JobTemplate>;
  readonly runners: ReadableTable<RunnerState>;
}

/** A part of the jobs. */
interface JobPage {
  readonly jobs: readonly JobView[];
  /** Where the next part begins; missing: there is no more. */
  readonly cursor?: string;
}

/** Most records that one page looks at: where a query selects few, a page has few, and a cursor. */
const MOST_READ = 2000;
/** Most templates and runners that are listed. */
const MOST_LISTED = 1000;
/** Values that are read at a time. */
const AT_ONCE = 32;

/** Reads what runners keep, without keeping anything of it. Everything here throws ERR_JOB_STORE. */
export class JobDesk {
  readonly #store: JobStore;

  constructor(store: JobStore) {
    this.#store = store;
  }

  /**
   * Jobs in the order of their keys, which is that of their streams.
   *
   * @param limit most jobs of the part
   * @param cursor of the part before
   */
  async list(query: JobQuery, limit: number, cursor?: string): Promise<JobPage> {
    const after = cursor === undefined ? '' : Buffer.from(cursor, 'base64url').toString('utf8');
    const keys = [...(await this.#store.jobs.keys())].filter((key) => key > after).sort();
    const jobs: JobView[] = [];
    let read = 0;
    while (read < Math.min(keys.length, MOST_READ) && jobs.length < limit) {
      const some = keys.slice(read, read + Math.min(AT_ONCE, MOST_READ - read));
      const entries = await Promise.all(some.map((key) => this.#store.jobs.read(key)));
      for (const entry of entries) {
        if (jobs.length >= limit) break;
        read += 1;
        if (entry !== undefined && selectsJob(query, entry.value)) jobs.push(jobView(entry));
      }
    }
    const last = keys[read - 1];
    if (read >= keys.length || last === undefined) return { jobs };
    return { jobs, cursor: Buffer.from(last).toString('base64url') };
  }

  /** One job. @returns undefined when there is none of this id */
  async get(jobId: string): Promise<JobView | undefined> {
    const key = keyOfJobId(jobId);
    const entry = key === undefined ? undefined : await this.#store.jobs.read(key);
    return entry === undefined ? undefined : jobView(entry);
  }

  /** All templates, by name. */
  async templates(): Promise<readonly TemplateView[]> {
    return (await all(this.#store.templates)).map(templateView);
  }

  /**
   * All runners that were not forgotten yet: those that are lost are among them for a while. Workers outside are none,
   * although their leases stand beside those of runners.
   */
  async runners(): Promise<readonly RunnerView[]> {
    const found = await all(this.#store.runners);
    return found.filter(({ value }) => value.isWorker !== true).map(runnerView);
  }
}

async function all<T>(table: ReadableTable<T>): Promise<KvEntry<T>[]> {
  const keys = [...(await table.keys())].sort();
  const found: KvEntry<T>[] = [];
  for (let at = 0; at < keys.length && found.length < MOST_LISTED; at += AT_ONCE) {
    const some = await Promise.all(keys.slice(at, at + AT_ONCE).map((key) => table.read(key)));
    found.push(...some.filter((entry) => entry !== undefined));
  }
  return found.slice(0, MOST_LISTED);
}
