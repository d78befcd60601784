import type { RunProgress } from '../model/run-progress.js';
import { duration, size } from './format.js';

/** A job as `GET /v1/jobs` tells it. */
export interface Job {
  /** `<streamId>/<template>`, or `want/<app>/<name>/<template>`. */
  readonly jobId: string;
  readonly state: 'open' | 'held' | 'running' | 'stopping' | 'done';
  readonly streamId?: string;
  readonly app: string;
  readonly name: string;
  readonly template: string;
  readonly templateRev: number;
  readonly attempt: number;
  /** In a row. */
  readonly failures: number;
  /** `<runnerId>.<bootId>` of who has it. */
  readonly by?: string;
  /** Not begun before, in ms since the epoch. */
  readonly notBefore: number;
  readonly requestedAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly outcome?: string;
  readonly reason?: string;
  /** The newest attempt that ended. */
  readonly last?: AttemptEnd;
}

/** How an attempt ended. */
interface AttemptEnd {
  readonly attempt: number;
  readonly outcome: string;
  readonly reason: string;
  readonly exit?: { readonly code?: number; readonly signal?: string };
  /** The last lines of its log. */
  readonly logTail?: string;
  readonly time: string;
  readonly retryAt?: string;
  readonly isAbandoned?: boolean;
  readonly by?: string;
}

/** A part of a log, as `GET /v1/jobs/:jobId/log` tells it. */
export interface LogPart {
  readonly attempt: number;
  /** Those of which there are logs. */
  readonly attempts: readonly number[];
  readonly text: string;
  readonly isEnd: boolean;
  readonly cursor: string;
  readonly progress?: RunProgress;
}

/** A runner as `GET /v1/jobs/runners` tells it. */
export interface Runner {
  readonly runnerId: string;
  readonly state: string;
  readonly host: string;
  readonly slots: number;
  readonly used: number;
  readonly labels: Readonly<Record<string, string>>;
  /** How far the programs of its jobs are, by job id. */
  readonly progress?: Readonly<Record<string, RunProgress>>;
  /** Of its newest heartbeat. */
  readonly time: string;
}

/** How a job stands in one word: one that is over by what came of it. */
export function jobState({ state, outcome }: Pick<Job, 'state' | 'outcome'>): string {
  return state === 'done' ? (outcome ?? state) : state;
}

/** Jobs that run or wait first, then those that are over; the newest first in each. */
export function inOrder(jobs: readonly Job[]): readonly Job[] {
  const isOver = ({ state }: Job): number => (state === 'done' ? 1 : 0);
  return [...jobs].sort((a, b) => isOver(a) - isOver(b) || (a.requestedAt < b.requestedAt ? 1 : -1));
}

/** Since when a job stands as it does. */
export function sinceOf({ state, requestedAt, startedAt, endedAt }: Job): string {
  if (state === 'done') return endedAt ?? requestedAt;
  return state === 'open' ? requestedAt : (startedAt ?? requestedAt);
}

/** The runner of `<runnerId>.<bootId>`. */
export function runnerOf(by: string | undefined): string {
  return by?.split('.')[0] ?? '';
}

const REASONS: Readonly<Record<string, string>> = {
  exit: 'the program ended',
  early_exit: 'the program ended while the stream was live',
  stall: 'nothing moved for too long',
  time_limit: 'its time was over',
  spawn: 'the program could not be started',
  argument: 'a value of the stream could not be put into the command',
  runner_lost: 'its runner was lost',
  runner_drained: 'its runner drained',
  stream_ended: 'the stream ended',
  stream_moved: 'the stream went on at another node',
  idle: 'nobody plays the stream any more',
  unwanted: 'nobody waits for the name any more',
  no_stream: 'the stream was gone',
  no_ticket: 'the stream gave no ticket',
  operator: 'somebody stopped it',
  template_removed: 'its template was removed',
};

/** Why something ended, in words; a reason that is not known as the server names it. */
export function reasonWords(reason: string): string {
  return (Object.hasOwn(REASONS, reason) ? REASONS[reason] : undefined) ?? reason.replaceAll('_', ' ');
}

/** How a program ended: `exit code 1`, `signal SIGKILL`; `''`: there is nothing to say. */
export function exitWords(exit: AttemptEnd['exit']): string {
  if (exit?.signal !== undefined) return `signal ${exit.signal}`;
  return exit?.code === undefined ? '' : `exit code ${exit.code}`;
}

/** How far a program is: `1:02 of media, 1860 frames, 30 fps, 4512 kbit/s, at speed 1`; `''`: it tells nothing. */
export function progressWords(progress: NonNullable<LogPart['progress']>): string {
  const { frame, fps, bitrateKbps, totalBytes, outTimeMs, dropFrames, speed } = progress;
  const known = <T>(value: T | undefined, words: (value: T) => string): string =>
    value === undefined ? '' : words(value);
  return [
    known(outTimeMs, (ms) => `${duration(ms)} of media`),
    known(frame, (frames) => `${frames} frames`),
    known(fps, (value) => `${Math.round(value * 10) / 10} fps`),
    known(bitrateKbps, (kbps) => `${Math.round(kbps)} kbit/s`),
    known(totalBytes, size),
    known(dropFrames === 0 ? undefined : dropFrames, (frames) => `${frames} dropped`),
    known(speed, (value) => `at speed ${Math.round(value * 100) / 100}`),
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** How far the program of a job is, as its runner said with the newest heartbeat; `''`: it is not known. */
export function progressOf(job: Pick<Job, 'jobId' | 'state'>, runners: readonly Runner[]): string {
  if (job.state !== 'running' && job.state !== 'stopping') return '';
  for (const { progress } of runners)
    if (progress !== undefined && Object.hasOwn(progress, job.jobId)) return shortProgress(progress[job.jobId]!);
  return '';
}

/** The two numbers that tell most: `1:02 of media, at speed 1`. */
function shortProgress({ outTimeMs, frame, totalBytes, speed }: RunProgress): string {
  const known = Object.entries({ outTimeMs, frame, totalBytes }).filter(([, value]) => value !== undefined);
  return progressWords({
    ...Object.fromEntries(known.slice(0, 1)),
    ...(speed === undefined ? {} : { speed }),
  });
}

/** Most characters of a log that are kept: what is older goes, in whole lines. */
const MOST_KEPT = 200_000;

/** A log with what came since. */
export function grownLog(before: string, more: string): string {
  const whole = before + more;
  if (whole.length <= MOST_KEPT) return whole;
  const from = whole.indexOf('\n', whole.length - MOST_KEPT) + 1;
  return whole.slice(from === 0 ? whole.length - MOST_KEPT : from);
}
