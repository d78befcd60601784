import type { KvEntry } from '../../nats/kv-bucket.js';
import { type JobRecord, jobIdOf } from '../record/record.js';
import type { RunnerState } from '../runner/runner-state.js';
import type { JobTemplate } from '../template/template.js';

/** A job as it is shown: its record without what only writers need. */
export interface JobView extends Omit<JobRecord, 'nonce' | 'v'> {
  readonly jobId: string;
  readonly revision: number;
}

/** Shows a job. */
export function jobView({ value, revision }: KvEntry<JobRecord>): JobView {
  const { nonce: _nonce, v: _version, ...record } = value;
  return { jobId: jobIdOf(value), ...record, revision };
}

/**
 * A template as it is shown. Environment, headers, bodies, arguments and what follows the host of a URL may hold
 * secrets and are left out.
 */
export interface TemplateView {
  readonly name: string;
  /** Its version. */
  readonly revision: number;
  readonly match: JobTemplate['match'];
  readonly on: string;
  readonly until: string;
  readonly kind: string;
  /** Program, method and host, or subject. */
  readonly runs: string;
  readonly limits: JobTemplate['limits'];
  readonly runners: JobTemplate['runners'];
}

/** Shows a template. What of it is no template of this version is shown as far as it goes. */
export function templateView({ value, revision }: KvEntry<JobTemplate>): TemplateView {
  const { name, match = {}, on = '', until = '', run, limits = {}, runners = { labels: {} } } = value;
  return { name, revision, match, on, until, kind: run?.kind ?? '', runs: runsOf(run), limits, runners };
}

function runsOf(run: JobTemplate['run'] | undefined): string {
  switch (run?.kind) {
    case 'exec':
      return String(run.argv?.[0] ?? '');
    case 'http':
      return `${run.start?.method ?? ''} ${hostOf(run.start?.url ?? '')}`.trim();
    case 'queue':
      return String(run.subject);
    default:
      return '';
  }
}

function hostOf(url: string): string {
  // Placeholders may stand where no URL has such characters.
  return /^[a-z]+:\/\/(?:[^/?#@]*@)?([^/?#]*)/i.exec(url)?.[1] ?? '';
}

/** A runner as it is shown. */
export type RunnerView = Omit<RunnerState, 'v'>;

/** Shows a runner. */
export function runnerView({ value }: KvEntry<RunnerState>): RunnerView {
  const { v: _version, ...state } = value;
  return state;
}
