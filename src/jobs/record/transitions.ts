import { retryDelayMs } from '../../core/retry-delay.js';
import type { JobFacts, JobTemplate } from '../template/template.js';
import type { AttemptEnd, JobName, JobOutcome, JobReason, JobRecord } from './record.js';

// The ways of a record, each a function of the record before: what is not said here cannot happen to a job.
//
// (none) ─requested─▶ open ─claimed─▶ held ─started─▶ running ─settled─▶ done, or open for another attempt.
// Over is a stream: open ─stopped─▶ done; held and running ─stopping─▶ stopping ─settled─▶ done.

/** Longest end of a log in a record, in characters. */
const MAX_TAIL = 1024;

/** What every write needs. */
export interface Write {
  /** Unique. */
  readonly nonce: string;
  /** Wall clock, ms since the epoch. */
  readonly nowMs: number;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** A job that is asked for. @param sequence of the event that asks */
export function requested(of: JobName, facts: JobFacts, sequence: number, { nonce, nowMs }: Write): JobRecord {
  const { streamId, app, name, template } = of;
  return {
    v: 1,
    state: 'open',
    ...(streamId === undefined ? {} : { streamId }),
    ...{ app, name, template, templateRev: 0, attempt: 0, failures: 0, notBefore: nowMs },
    ...{ requestedAt: iso(nowMs), sequence, nonce, snapshot: facts },
  };
}

/** A job that was done and is asked for again: the stream is active again, or the name is wanted again. */
export function requestedAgain(record: JobRecord, facts: JobFacts, sequence: number, write: Write): JobRecord {
  const again = requested(record, facts, sequence, write);
  const { last } = record;
  return { ...again, attempt: record.attempt, ...(last === undefined ? {} : { last }) };
}

/** An open job that a runner takes. */
export function claimed(record: JobRecord, by: string, templateRev: number, { nonce }: Write): JobRecord {
  const { token: _token, startedAt: _started, ...rest } = record;
  return { ...rest, state: 'held', by, templateRev, attempt: record.attempt + 1, nonce };
}

/** A held job that runs now. @param token revision of the claim */
export function started(record: JobRecord, token: number, { nonce, nowMs }: Write): JobRecord {
  return { ...record, state: 'running', token, startedAt: iso(nowMs), nonce };
}

/** A job whose holder is to end it. @param token of the claim, so that its holder knows it still */
export function stopping(
  record: JobRecord,
  reason: JobReason,
  token: number,
  sequence: number,
  write: Write,
): JobRecord {
  return {
    ...record,
    state: 'stopping',
    reason,
    token,
    sequence: Math.max(sequence, record.sequence),
    nonce: write.nonce,
  };
}

/** A job that its runner has published: the worker that took it from there holds the same claim from now on. */
export function handedTo(record: JobRecord, by: string, token: number, { nonce, nowMs }: Write): JobRecord {
  const state = record.state === 'held' ? 'running' : record.state;
  return { ...record, state, by, token, startedAt: record.startedAt ?? iso(nowMs), nonce };
}

/**
 * A job that nobody holds, and that is over. It takes the number of the attempt that would have come next, so that each
 * attempt has one end.
 */
export function stopped(record: JobRecord, reason: JobReason, sequence: number, { nonce, nowMs }: Write): JobRecord {
  const never = { ...free(record), attempt: record.attempt + 1 };
  return {
    ...never,
    ...{ state: 'done', outcome: 'stopped', reason, endedAt: iso(nowMs), nonce },
    ...{ last: endOf(never, 'stopped', reason, nowMs, {}), sequence: Math.max(sequence, record.sequence) },
  };
}

/**
 * An attempt that gave the job back without having failed: its runner drains or is lost, or it got no ticket.
 *
 * @param lastSeenMs when its runner was heard last, for one that is lost
 */
export function reopened(
  record: JobRecord,
  reason: JobReason,
  delayMs: number,
  { nonce, nowMs }: Write,
  lastSeenMs = nowMs,
): JobRecord {
  const last = endOf(record, 'stopped', reason, Math.min(lastSeenMs, nowMs), {});
  return { ...free(record), state: 'open', notBefore: nowMs + delayMs, last, nonce };
}

/** What became of an attempt. */
export interface Settlement {
  readonly outcome: JobOutcome;
  readonly reason: JobReason;
  readonly exit?: AttemptEnd['exit'];
  readonly logTail?: string;
  /** Whether the job may be tried again: not when its stream is over. */
  readonly mayRetry: boolean;
  /** Whether the run lasted for `retry.stableMs`. */
  readonly wasStable: boolean;
  /** Runner on which the program could not be started. */
  readonly cannot?: string;
  /** How many runners there are, for a program that none can start. */
  readonly runners?: number;
}

/** After so many runners could not start a program, none is tried any more. */
const MOST_CANNOT = 3;

/**
 * The end of an attempt: the job is over, or open for the next one.
 *
 * @param random from 0 to 1, for the delay of ± 20 %
 */
export function settled(
  record: JobRecord,
  s: Settlement,
  retry: JobTemplate['retry'],
  random: number,
  { nonce, nowMs }: Write,
): JobRecord {
  const failures = s.outcome === 'failed' ? (s.wasStable ? 1 : record.failures + 1) : 0;
  const cannot = s.cannot === undefined ? record.cannot : [...new Set([...(record.cannot ?? []), s.cannot])];
  const isHopeless =
    (s.exit?.code !== undefined && retry.never.includes(s.exit.code)) ||
    s.reason === 'argument' ||
    (cannot?.length ?? 0) >= Math.min(MOST_CANNOT, Math.max(1, s.runners ?? MOST_CANNOT));
  const isUsedUp = isHopeless || failures > retry.max;
  const base = { ...free(record), failures, nonce, ...(cannot === undefined ? {} : { cannot }) };
  if (s.outcome !== 'failed' || !s.mayRetry || isUsedUp) {
    const last = endOf(record, s.outcome, s.reason, nowMs, { ...s, isAbandoned: s.outcome === 'failed' && s.mayRetry });
    return { ...base, state: 'done', outcome: s.outcome, reason: s.reason, endedAt: iso(nowMs), last };
  }
  const notBefore = nowMs + retryDelayMs(failures, retry.backoffMs, random);
  const last = endOf(record, 'failed', s.reason, nowMs, { ...s, retryAt: iso(notBefore) });
  return { ...base, state: 'open', notBefore, last };
}

/** An operator wants a job that is over to run again. */
export function retried(record: JobRecord, { nonce, nowMs }: Write): JobRecord {
  const { outcome: _outcome, reason: _reason, endedAt: _ended, cannot: _cannot, ...rest } = record;
  return { ...rest, state: 'open', failures: 0, notBefore: nowMs, nonce };
}

function free(record: JobRecord): JobRecord {
  const { by: _by, token: _token, reason: _reason, outcome: _outcome, ...rest } = record;
  return rest;
}

interface EndFacts {
  readonly exit?: AttemptEnd['exit'];
  readonly logTail?: string;
  readonly retryAt?: string;
  readonly isAbandoned?: boolean;
}

function endOf(
  record: JobRecord,
  outcome: JobOutcome,
  reason: JobReason,
  nowMs: number,
  { exit, logTail, retryAt, isAbandoned }: EndFacts,
): AttemptEnd {
  return {
    attempt: record.attempt,
    outcome,
    reason,
    ...(exit === undefined ? {} : { exit }),
    ...(logTail === undefined || logTail === '' ? {} : { logTail: logTail.slice(-MAX_TAIL) }),
    time: iso(nowMs),
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(isAbandoned === true ? { isAbandoned } : {}),
    ...(record.by === undefined ? {} : { by: record.by }),
    ...(record.token === undefined ? {} : { token: record.token }),
  };
}
