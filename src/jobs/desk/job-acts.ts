import { SluiceError } from '../../core/errors.js';
import { type JobRecord, keyOfJobId } from '../record/record.js';
import type { JobBook } from '../runner/job-book.js';
import type { ReadableTable } from './job-desk.js';
import { type JobView, jobView } from './views.js';

/** What came of something that was asked for a job. */
export interface Acted {
  /** Whether it was so before. */
  readonly isAlready: boolean;
  readonly job: JobView;
}

/** What people do to jobs: it changes records, and whoever holds the job sees that and acts. */
export class JobActs {
  readonly #book: JobBook;
  readonly #jobs: ReadableTable<JobRecord>;
  readonly #hasEnded: (streamId: string) => Promise<boolean>;

  /**
   * @param jobs the records of the book as they are kept
   * @param hasEnded whether the end of a stream is known
   */
  constructor(book: JobBook, jobs: ReadableTable<JobRecord>, hasEnded: (streamId: string) => Promise<boolean>) {
    this.#book = book;
    this.#jobs = jobs;
    this.#hasEnded = hasEnded;
  }

  /**
   * Has a job end. A runner that holds it is told by the record, and ends the run with the grace of its template.
   *
   * @throws SluiceError ERR_JOB_UNKNOWN, ERR_JOB_STORE
   */
  async stop(jobId: string): Promise<Acted> {
    const { key } = await this.#find(jobId);
    const stopped = await this.#book.stop(key, 'operator');
    if (stopped !== undefined) return { isAlready: false, job: jobView(stopped) };
    return { isAlready: true, job: jobView((await this.#find(jobId)).entry) };
  }

  /**
   * Has a job that is over run again. Its failures are forgotten, its attempts count on.
   *
   * @throws SluiceError ERR_JOB_UNKNOWN; ERR_JOB_STATE when its stream is over, or it is stopping; ERR_JOB_STORE
   */
  async retry(jobId: string): Promise<Acted> {
    const { key, entry } = await this.#find(jobId);
    const { streamId } = entry.value;
    if (streamId !== undefined && (await this.#hasEnded(streamId)))
      throw new SluiceError('ERR_JOB_STATE', `${jobId}: its stream has ended`, {
        details: { state: entry.value.state },
      });
    const retried = await this.#book.retry(key);
    if (retried !== undefined) return { isAlready: false, job: jobView(retried) };
    const now = (await this.#find(jobId)).entry;
    if (now.value.state === 'stopping')
      throw new SluiceError('ERR_JOB_STATE', `${jobId} is being stopped`, { details: { state: 'stopping' } });
    return { isAlready: true, job: jobView(now) };
  }

  /** Has every job of a template end that is not over. @returns how many */
  async stopAll(records: readonly JobView[]): Promise<number> {
    let stopped = 0;
    for (const { jobId } of records) {
      const key = keyOfJobId(jobId);
      if (key !== undefined && (await this.#book.stop(key, 'template_removed')) !== undefined) stopped += 1;
    }
    return stopped;
  }

  async #find(jobId: string) {
    const key = keyOfJobId(jobId);
    const entry = key === undefined ? undefined : await this.#jobs.read(key);
    if (key === undefined || entry === undefined) throw unknownJob(jobId);
    return { key, entry };
  }
}

/** The refusal of an id that no job has. */
export function unknownJob(jobId: string): SluiceError {
  return new SluiceError('ERR_JOB_UNKNOWN', jobId.slice(0, 1200));
}
