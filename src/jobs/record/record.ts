import { escapeToken } from '../../core/escape.js';
import type { JobFacts } from '../template/template.js';

/** Where a job stands. `stopping`: its holder is to end it. */
type JobState = 'open' | 'held' | 'running' | 'stopping' | 'done';

/** How a job that is over ended. `stopped`: its run was told to end, or never began. */
export type JobOutcome = 'succeeded' | 'failed' | 'stopped';

/** Why an attempt ended, or a job is stopping. */
export type JobReason =
  | 'exit'
  | 'early_exit'
  | 'stall'
  | 'time_limit'
  | 'spawn'
  | 'argument'
  | 'runner_lost'
  | 'runner_drained'
  | 'stream_ended'
  | 'stream_moved'
  | 'idle'
  | 'unwanted'
  | 'no_stream'
  | 'no_ticket'
  | 'operator'
  | 'template_removed';

/** The exit of a program. */
interface Exit {
  readonly code?: number;
  readonly signal?: string;
}

/** The end of one attempt. It is in the record so that whoever notices that its event is missing can publish it. */
export interface AttemptEnd {
  readonly attempt: number;
  readonly outcome: JobOutcome;
  readonly reason: JobReason;
  readonly exit?: Exit;
  /** The last lines of the log, at most 1 KiB here. */
  readonly logTail?: string;
  /** ISO 8601. */
  readonly time: string;
  /** When the next attempt may begin; missing: there is none, or at once. */
  readonly retryAt?: string;
  /** Whether the failures are used up. */
  readonly isAbandoned?: boolean;
  /** Runner and boot of that attempt. */
  readonly by?: string;
  /** Of the claim, where it ran: the worker whose answer was lost asks again with it. */
  readonly token?: number;
}

/** A value of the bucket `SLUICE_JOBS`: one job, which is a template for a stream. At most 8 KiB as JSON. */
export interface JobRecord {
  readonly v: 1;
  readonly state: JobState;
  /** Missing for names that are wanted. */
  readonly streamId?: string;
  readonly app: string;
  readonly name: string;
  readonly template: string;
  /** Revision of the template that the newest attempt runs; 0: it is not in the bucket of templates. */
  readonly templateRev: number;
  /** Number of claims; it never decreases. */
  readonly attempt: number;
  /** Failures in a row. */
  readonly failures: number;
  /** `<runnerId>.<bootId>` of the holder. */
  readonly by?: string;
  /** Revision of the claim, from the moment that it runs. While `held` it is the revision of the record itself. */
  readonly token?: number;
  /** Not claimed before, ms since the epoch. */
  readonly notBefore: number;
  /** ISO 8601. */
  readonly requestedAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly outcome?: JobOutcome;
  /** Why it is stopping, or is over. */
  readonly reason?: JobReason;
  /** Of the newest attempt that ended. */
  readonly last?: AttemptEnd;
  /** Runners on which the program could not be started. */
  readonly cannot?: readonly string[];
  /** `sequence` of the newest event of the stream that changed this record. */
  readonly sequence: number;
  /** Of the write: a write whose answer was lost is recognised by it. */
  readonly nonce: string;
  /** What was known of the stream when the job was asked for. */
  readonly snapshot: JobFacts;
}

/** What names a job. */
export interface JobName {
  readonly streamId?: string;
  readonly app: string;
  readonly name: string;
  readonly template: string;
}

/** First part of the keys of names that are wanted. No stream id is written so. */
const WANT = 'want';

/** Key of a job in `SLUICE_JOBS`. */
export function jobKey({ streamId, app, name, template }: JobName): string {
  return streamId === undefined
    ? `${WANT}.${escapeToken(app)}.${escapeToken(name)}.${template}`
    : `${escapeToken(streamId)}.${template}`;
}

/** `<streamId>/<template>`, as people and events name a job; for a wanted name `want/<app>/<name>/<template>`. */
export function jobIdOf({ streamId, app, name, template }: JobName): string {
  return streamId === undefined ? `${WANT}/${app}/${name}/${template}` : `${streamId}/${template}`;
}

/** The key of a job as people name it: {@link jobIdOf} read back; undefined when it is no such id. */
export function keyOfJobId(jobId: string): string | undefined {
  const template = jobId.slice(jobId.lastIndexOf('/') + 1);
  const rest = jobId.slice(0, Math.max(0, jobId.length - template.length - 1));
  if (!TEMPLATE.test(template) || rest === '' || rest === WANT) return undefined;
  if (!rest.startsWith(`${WANT}/`))
    return rest.includes('/') ? undefined : jobKey({ ...NOBODY, streamId: rest, template });
  // An app has no slash unless the name has none: the first slash divides them.
  const [, app = '', ...name] = rest.split('/');
  return name.length === 0 ? undefined : jobKey({ app, name: name.join('/'), template });
}

const NOBODY = { app: '', name: '' };

const STATES: readonly unknown[] = ['open', 'held', 'running', 'stopping', 'done'];
const OUTCOMES: readonly unknown[] = ['succeeded', 'failed', 'stopped'];
const TEMPLATE = /^[a-z0-9-]{1,48}$/;
/** Runner and boot, which stand in a key: nothing in them divides a key or stands for several. */
const HOLDER = /^[^\s.*>]{1,256}\.[^\s.*>]{1,256}$/;
const REASON = /^[a-z_]{1,64}$/;
/** Longest name of a stream, in characters: with every byte escaped it fits in a subject still. */
const MOST_NAME = 512;

/** Whether a value of the bucket is a record that this version understands: others may write there. */
export function isJobRecord(value: unknown): value is JobRecord {
  if (!isGroup(value)) return false;
  const { v, state, streamId, app, name, template, by, token, last, cannot, snapshot } = value;
  const isTaken = state === 'held' || state === 'running' || state === 'stopping';
  return (
    v === 1 &&
    STATES.includes(state) &&
    [app, name].every(isName) &&
    (streamId === undefined || (isName(streamId) && streamId !== '')) &&
    isText(template, TEMPLATE) &&
    [value['attempt'], value['failures'], value['sequence']].every(isCount) &&
    Number.isFinite(value['notBefore']) &&
    typeof value['nonce'] === 'string' &&
    isTime(value['requestedAt']) &&
    [value['startedAt'], value['endedAt']].every((time) => time === undefined || isTime(time)) &&
    (by === undefined ? !isTaken : isText(by, HOLDER)) &&
    (token === undefined ? !isTaken || state === 'held' : isCount(token)) &&
    (last === undefined || isAttemptEnd(last)) &&
    (cannot === undefined || (Array.isArray(cannot) && cannot.every((each) => typeof each === 'string'))) &&
    isGroup(snapshot) &&
    isGroup(snapshot['labels'])
  );
}

function isAttemptEnd(value: unknown): value is AttemptEnd {
  if (!isGroup(value)) return false;
  const { attempt, outcome, reason, time, exit, by, token } = value;
  return (
    isCount(attempt) &&
    OUTCOMES.includes(outcome) &&
    isText(reason, REASON) &&
    isTime(time) &&
    (exit === undefined || isGroup(exit)) &&
    (by === undefined || isText(by, HOLDER)) &&
    (token === undefined || isCount(token))
  );
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MOST_NAME;
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

/** Whether somebody runs it, or is about to. */
export function isHeld({ state, by }: JobRecord): boolean {
  return by !== undefined && (state === 'held' || state === 'running' || state === 'stopping');
}
