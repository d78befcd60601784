import { SluiceError } from '../../core/errors.js';
import { type JobRecord, jobIdOf } from '../record/record.js';
import { SecretMask, secretsInUrls } from '../run/secret-mask.js';
import { expandExec } from '../template/expand.js';
import type { JobFacts, JobTemplate } from '../template/template.js';

/** What a worker outside gets to run a job with. */
export interface OutsideOrder {
  readonly jobId: string;
  /** 1, 2, 3 … */
  readonly attempt: number;
  /** Fencing number of the claim: every beat and the end are told with it. */
  readonly token: number;
  /** Where the stream is pulled, ticket included: a secret. Missing for names that are wanted. */
  readonly url?: string;
  /** Program and arguments of `exec`; `{out}` is left as it is, for a folder of the worker's choice. */
  readonly argv?: readonly string[];
  /** Its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What is known of the stream. */
  readonly snapshot: JobFacts;
  /** Without a beat for so long another one gets the job. */
  readonly leaseMs: number;
}

/**
 * What a worker runs a job with, and what may be told of that.
 *
 * @throws SluiceError ERR_JOB_ARGUMENT when a value of the stream cannot be put into what is run
 */
export function outsideOrder(
  { run }: JobTemplate,
  record: JobRecord,
  { token, url, leaseMs }: { readonly token: number; readonly url: string | undefined; readonly leaseMs: number },
): { readonly order: OutsideOrder; readonly shown: readonly string[] } {
  const { attempt, snapshot } = record;
  const jobId = jobIdOf(record);
  const withUrl = url === undefined ? {} : { url };
  const order = { jobId, attempt, token, ...withUrl, snapshot, leaseMs };
  if (run.kind !== 'exec') return { order, shown: [run.kind] };
  const { argv, env } = expandExec(run, { facts: snapshot, jobId, attempt, token, ...withUrl, out: '{out}' });
  const mask = new SecretMask([...(url === undefined ? [] : [url]), ...secretsInUrls(argv)]);
  return { order: { ...order, argv, env }, shown: argv.map((text) => mask.maskText(text)) };
}

/** Tickets in a text of a worker, which may quote the URL that it was given. */
export function withoutTickets(text: string): string {
  return text.replace(/\bjt(=|%3D)[\w.%-]+/gi, 'jt$1***');
}

/** The refusal of a token that is not that of the newest claim. */
export function fenced(jobId: string, token: number): SluiceError {
  return new SluiceError('ERR_JOB_FENCED', `${jobId}, token ${token}`);
}
