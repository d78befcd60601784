import type { JobFacts } from '../../jobs/template/template.js';
import type { RunProgress } from '../../model/run-progress.js';
import type { NatsOptions } from '../../nats/options.js';

/** How a worker is made. Everything but `templates` has a default. */
export interface JobWorkerOptions extends Partial<Omit<NatsOptions, 'urls'>> {
  /** `nats://HOST:PORT`, or several; default `nats://127.0.0.1:4222`. */
  readonly url?: string | readonly string[];
  /** `events.prefix` of the servers; default `sluice.v1`. */
  readonly prefix?: string;
  /** Names of templates with `worker`, or with `exec`; 1 to 64. */
  readonly templates: readonly string[];
  /** Labels of this worker, for `runners.labels` of templates. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Jobs at a time, 1 to 1000; default 1. */
  readonly slots?: number;
  /** Its name in records and events: up to 64 of `A-Z a-z 0-9 _ -`. Default: the host's name and the pid. */
  readonly worker?: string;
  /**
   * Told of what a worker bears by itself: no dispatcher answers, a job was fenced. At most one of a kind in a row.
   * Default: nobody.
   */
  readonly onNotice?: (text: string) => void;
}

/** What a handler says of how far it is: any of these numbers. */
export type JobProgress = RunProgress;

/** What is known of the stream of a job. */
export type JobStream = JobFacts;

/** A job as its handler gets it. */
export interface Job {
  /** `<streamId>/<template>`, or `want/<app>/<name>/<template>`. */
  readonly jobId: string;
  /** 1, 2, 3 …; outputs that have it in their name are never written by two attempts. */
  readonly attempt: number;
  /** Grows with every claim: a store that keeps the highest one refuses what an earlier attempt writes late. */
  readonly token: number;
  /** Where the stream is played, with the ticket of this attempt: a secret. `''` for names that are wanted. */
  readonly url: string;
  /** Program and arguments of a template with `exec`, `{out}` being a folder of your choice; else empty. */
  readonly argv: readonly string[];
  /** Environment of a template with `exec`. */
  readonly env: Readonly<Record<string, string>>;
  readonly stream: JobStream;
  /** Says how far it is; the newest is told with the next beat. */
  progress(progress: JobProgress): void;
}

/**
 * Runs one job. When it resolves, the job has succeeded and is over, also while its stream goes on. When it rejects,
 * the attempt failed, and the template says whether there is another one.
 *
 * @param signal aborts when the job is to end. Its reason is a SluiceError: ERR_JOB_STOPPING (the stream is over: that
 *   comes 2 s after its media, so that whoever reads it to the end ends by itself; or an operator wants it, or the
 *   worker stops) or ERR_JOB_FENCED (another worker has the job: nothing of this attempt counts any more)
 */
export type JobHandler = (job: Job, signal: AbortSignal) => Promise<void> | void;

/** A worker that takes jobs. */
export interface JobWorker {
  /** `jobId`s of what runs now. */
  readonly running: readonly string[];
  /**
   * Takes no more jobs, aborts the signals of those that run, and waits for their handlers. The jobs are given back:
   * other workers get them.
   */
  stop(): Promise<void>;
}
