import {
  count,
  integer,
  type JsonSchema,
  listOf,
  object,
  oneOf,
  quantity,
  type Shape,
  type Shapes,
  text,
  time,
} from '../../model/shape.js';
import { DEFAULT_PREFIX } from '../subjects.js';

// What runners of jobs tell and keep. Nodes tell none of it: the types stand apart from EVENT_TYPES, whose events are
// in SLUICE_EVENTS and come out of a lifecycle.

/** Longest of two names with a slash between them, and of a wanted name's job id, in UTF-16 units. */
const MAX_ID = 1100;
/** Longest argument that is told. */
const MAX_ARGUMENT = 4096;

const flag: Shape<boolean> = { type: 'boolean' };
const anyObject: Shape<Readonly<Record<string, unknown>>> = { type: 'object' };
const textsByKey: Shape<Readonly<Record<string, string>>> = {
  type: 'object',
  additionalProperties: { type: 'string' },
};
const template = text(48);

/** The members that name a job and one attempt at it. */
const ofJob = { jobId: text(MAX_ID), app: text(), name: text(), template, attempt: count };
/** Missing for names that are wanted. `truncated`: what follows was cut so that the event has at most 8 KiB. */
const perhaps = { streamId: text(64), truncated: flag };

const OUTCOMES = ['succeeded', 'failed', 'stopped'] as const;
/** Why an attempt ended: `exit`, `stall`, `runner_lost` … More may come. */
const reason = text(64);

const ended = {
  by: text(320),
  exit: integer(0, 255),
  signal: text(32),
  logTail: text(2048),
  /** When the next attempt may begin. */
  retryAt: time,
};

function job<R extends Shapes, O extends Shapes>(required: R, optional: O): JsonSchema {
  return object({ ...ofJob, ...required }, { ...perhaps, ...optional });
}

/** An event of a job: what it says, its data, and the last tokens of its subject. */
interface JobEvent {
  readonly says: string;
  readonly data: JsonSchema;
  /** `<verb>.<number>`, or `<verb>.end` for the one end of an attempt. */
  readonly last: string;
}

/** Every event of jobs by its type. All are in the JetStream stream `SLUICE_JOB_EVENTS`. */
export const JOB_EVENTS: Readonly<Record<string, JobEvent>> = {
  'io.sluice.job.requested': {
    says: 'A template matches a stream, or a name that is wanted: a job is open.',
    data: job({}, {}),
    last: 'requested.1',
  },
  'io.sluice.job.started': {
    says: 'A runner, or a worker outside, runs the job.',
    data: job(
      {
        /** `<runnerId>.<bootId>`. */
        by: text(320),
        /** Fencing token of the claim. */
        token: integer(1),
        /** Secrets are masked. */
        argv: listOf(text(MAX_ARGUMENT), 256),
      },
      /** Missing for workers outside of a runner. */
      { host: text(255), pid: integer(1) },
    ),
    last: 'started.1',
  },
  'io.sluice.job.failed': {
    says: 'An attempt failed. Another one follows when `retryAt` is there.',
    data: job({ reason }, ended),
    last: 'failed.end',
  },
  'io.sluice.job.stopped': {
    says: 'An attempt was ended, or never began: its stream is over, its runner is gone, somebody wanted it.',
    data: job({ reason }, { ...ended, result: anyObject }),
    last: 'stopped.end',
  },
  'io.sluice.job.succeeded': {
    says: 'An attempt did what it was to do, and its files are in their place.',
    data: job({ reason }, { ...ended, result: anyObject }),
    last: 'succeeded.end',
  },
  'io.sluice.job.abandoned': {
    says: 'The failures of a job are used up: it is not tried again by itself.',
    data: job({ reason, failures: count }, {}),
    last: 'abandoned.3',
  },
};

/** Subject of an event of jobs, with the parts that vary in braces. */
export function jobSubjectTemplate(type: string): string {
  return `${DEFAULT_PREFIX}.job.{app}.{name}.{streamId}.{template}.{attempt}.${JOB_EVENTS[type].last}`;
}

/** Progress of a run: a signal on core NATS. */
export const JOB_SIGNALS = {
  'signal.jobtel': {
    address: `${DEFAULT_PREFIX}.jobtel.{app}.{name}.{streamId}.{template}`,
    says: 'How far a run is, every five seconds, where it says so.',
    schema: object({
      jobId: text(MAX_ID),
      attempt: integer(1),
      progress: object(
        {},
        {
          frame: quantity,
          fps: quantity,
          bitrateKbps: quantity,
          totalBytes: quantity,
          outTimeMs: { type: 'number' },
          dupFrames: quantity,
          dropFrames: quantity,
          speed: quantity,
        },
      ),
      time,
    }),
  },
} as const;

const attemptEnd = object(
  { attempt: integer(1), outcome: oneOf(OUTCOMES), reason, time },
  {
    exit: object({}, { code: integer(0, 255), signal: text(32) }),
    logTail: text(1024),
    retryAt: time,
    isAbandoned: flag,
    by: text(320),
    token: integer(1),
  },
);

const record = object(
  {
    v: { const: 1 },
    state: oneOf(['open', 'held', 'running', 'stopping', 'done']),
    ...{ app: text(), name: text(), template, templateRev: count },
    ...{ attempt: count, failures: count, notBefore: quantity, requestedAt: time, sequence: count, nonce: text(64) },
    snapshot: anyObject,
  },
  {
    streamId: text(64),
    ...{ by: text(320), token: integer(1), startedAt: time, endedAt: time, outcome: oneOf(OUTCOMES), reason },
    ...{ last: attemptEnd, cannot: listOf(text(128), 16) },
  },
);

const runnerState = object(
  {
    v: { const: 1 },
    state: oneOf(['up', 'draining', 'lost']),
    ...{ runnerId: text(128), bootId: text(64), host: text(255), slots: count, used: count },
    ...{ labels: textsByKey, leaseMs: integer(1), time },
  },
  { isWorker: flag },
);

const call = object({ url: { type: 'string' }, method: text(16), headers: textsByKey }, { body: { type: 'string' } });
const runs = [
  object({
    kind: { const: 'exec' },
    argv: listOf({ type: 'string' }, 1024),
    env: textsByKey,
    passEnv: { type: 'array' },
  }),
  object({ kind: { const: 'http' }, start: call }, { stop: call, beatUrl: { type: 'string' }, secretEnv: text(128) }),
  object({ kind: { const: 'queue' }, subject: { type: 'string' } }),
  object({ kind: { const: 'worker' } }),
];

const jobTemplate = object(
  {
    name: template,
    match: object({}, { app: text(), name: text(), labels: textsByKey, where: text(512) }),
    on: oneOf(['started', 'ready', 'active', 'wanted']),
    until: oneOf(['ended', 'idle', 'exit', 'unwanted']),
    run: { anyOf: runs },
    ...{ graceMs: quantity, stallMs: quantity, timeLimitMs: quantity },
    retry: object({
      max: count,
      backoffMs: { type: 'array', items: quantity, minItems: 2, maxItems: 2 },
      stableMs: quantity,
      never: listOf(integer(0, 255), 256),
    }),
    limits: object({}, { perRunner: count, memoryBytes: count, nice: { type: 'integer' }, ionice: integer(2, 3) }),
    runners: object({ labels: textsByKey }),
  },
  { out: object({ dir: { type: 'string' }, keepFailed: flag }) },
);

/** The values of the buckets of jobs, by the name of the schema's file. */
export const JOB_VALUES: Readonly<
  Record<string, { readonly title: string; readonly says: string; readonly schema: JsonSchema }>
> = {
  'kv.job-record': { title: 'JobRecord', says: 'A value in SLUICE_JOBS', schema: record },
  'kv.runner-state': { title: 'RunnerState', says: 'A value in SLUICE_RUNNERS', schema: runnerState },
  'kv.job-template': { title: 'JobTemplate', says: 'A value in SLUICE_TEMPLATES', schema: jobTemplate },
};
