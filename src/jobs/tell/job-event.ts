import { createHash } from 'node:crypto';
import { escapeToken } from '../../core/escape.js';
import { traceparentOf } from '../../events/envelope.js';
import { type JobRecord, jobIdOf } from '../record/record.js';

/** What is told of a job. `failed`, `stopped` and `succeeded` end an attempt: each attempt has exactly one of them. */
type JobVerb = 'requested' | 'started' | 'failed' | 'stopped' | 'succeeded' | 'abandoned';

/** A job's event: its subject, its id, and its JSON as JetStream stores it. */
export interface JobEnvelope {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly json: Buffer;
}

/** The runner that tells. */
export interface Teller {
  /** `events.prefix`. */
  readonly prefix: string;
  readonly runnerId: string;
  readonly bootId: string;
  readonly host: string;
}

/** Last token of the subject of an event that ends an attempt, whatever its number is. */
const END = 'end';
/** Numbers of the events of one attempt. They are the same whoever tells them, so that no event is stored twice. */
const NUMBERS: Readonly<Record<JobVerb, number>> = {
  requested: 1,
  started: 1,
  failed: 2,
  stopped: 2,
  succeeded: 2,
  abandoned: 3,
};
const ENDS: ReadonlySet<JobVerb> = new Set(['failed', 'stopped', 'succeeded']);
/** Longest event as JSON, in bytes. */
const MAX_BYTES = 8192;
/** What is left of arguments and of the end of a log in an event that would be longer, in characters. */
const SHORT_ARGUMENT = 256;
const SHORT_ARGUMENTS = 4;
const SHORT_TAIL = 256;

/** A job was asked for. */
export function requestedEvent(teller: Teller, record: JobRecord): JobEnvelope {
  return envelope(teller, record, 'requested', 0, record.requestedAt, {});
}

/** What is known of a run besides its record. */
export interface StartedFacts {
  readonly pid?: number;
  /** Secrets masked. */
  readonly argv: readonly string[];
  /** Whether a worker outside runs it: its host is not known. */
  readonly isOutside?: boolean;
}

/** An attempt began to run. */
export function startedEvent(teller: Teller, record: JobRecord, { pid, argv, isOutside }: StartedFacts): JobEnvelope {
  return envelope(teller, record, 'started', record.attempt, record.startedAt ?? record.requestedAt, {
    ...{ by: record.by, token: record.token, argv },
    ...(isOutside === true ? {} : { host: teller.host }),
    ...(pid === undefined ? {} : { pid }),
  });
}

/**
 * The events of the end of the newest attempt that ended: the end itself, and that the job is abandoned.
 *
 * @param result of a run that succeeded, where it is known
 */
export function endEvents(
  teller: Teller,
  record: JobRecord,
  result?: Readonly<Record<string, unknown>>,
): JobEnvelope[] {
  const { last } = record;
  if (last === undefined) return [];
  const { attempt, outcome, reason, exit, logTail, time, retryAt, by } = last;
  const data = {
    reason,
    ...(by === undefined ? {} : { by }),
    ...(exit?.code === undefined ? {} : { exit: exit.code }),
    ...(exit?.signal === undefined ? {} : { signal: exit.signal }),
    ...(logTail === undefined ? {} : { logTail }),
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(result === undefined ? {} : { result }),
  };
  const end = envelope(teller, record, outcome, attempt, time, data);
  if (last.isAbandoned !== true) return [end];
  return [end, envelope(teller, record, 'abandoned', attempt, time, { reason, failures: record.failures })];
}

/** The subject on which progress of a job is told, on core NATS. */
export function progressSubject(prefix: string, record: JobRecord): string {
  return `${prefix}.jobtel.${names(record)}`;
}

/** The filter of the ends of all attempts of a job. */
export function endsFilter(prefix: string, record: JobRecord, attempt: number): string {
  return `${prefix}.job.${names(record)}.${attempt}.*.${END}`;
}

/** The subject of the event that an attempt began to run. */
export function startedSubject(prefix: string, record: JobRecord, attempt: number): string {
  return `${prefix}.job.${names(record)}.${attempt}.started.${NUMBERS.started}`;
}

/** Names of a job in subjects. */
function names(record: JobRecord): string {
  const { app, name, template } = record;
  return `${escapeToken(app)}.${escapeToken(name)}.${escapeToken(streamOf(record))}.${template}`;
}

/**
 * The stream id of a job. A name that is wanted has none, and one that is wanted again is another job of the same id:
 * name and time of the request stand for it.
 */
function streamOf({ streamId, app, name, requestedAt }: JobRecord): string {
  if (streamId !== undefined) return streamId;
  const hash = createHash('sha256').update(`${app}/${name}@${requestedAt}`).digest('hex');
  return `want-${hash.slice(0, 20)}`;
}

function envelope(
  teller: Teller,
  record: JobRecord,
  verb: JobVerb,
  attempt: number,
  time: string,
  data: Readonly<Record<string, unknown>>,
): JobEnvelope {
  const { app, name, streamId, template } = record;
  const jobId = jobIdOf(record);
  const number = NUMBERS[verb];
  const last = ENDS.has(verb) ? END : String(number);
  const type = `io.sluice.job.${verb}`;
  const traceparent = streamId === undefined ? undefined : traceparentOf(streamId);
  const event = (members: Readonly<Record<string, unknown>>) => ({
    specversion: '1.0',
    id: `${streamOf(record)}/${template}/${attempt}:${last}`,
    source: `/sluice/${escapeToken(teller.runnerId)}/${teller.bootId}`,
    type,
    subject: `${app}/${name}`,
    time,
    datacontenttype: 'application/json',
    dataschema: `urn:sluice:schema:${type}:1`,
    sequence: String(number).padStart(10, '0'),
    streamid: streamOf(record),
    ...(traceparent === undefined ? {} : { traceparent }),
    data: { jobId, app, name, ...(streamId === undefined ? {} : { streamId }), template, attempt, ...members },
  });
  const whole = event(data);
  let json = Buffer.from(JSON.stringify(whole), 'utf8');
  if (json.length > MAX_BYTES) json = Buffer.from(JSON.stringify(event(shortened(data))), 'utf8');
  const subject = `${teller.prefix}.job.${names(record)}.${attempt}.${verb}.${last}`;
  return { id: whole.id, type, subject, json };
}

/** Data without what programs and their files can make long. Names stay whole, and so does how it ended. */
function shortened(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { argv, logTail, result, ...rest } = data;
  const { files: _files, ...counts } = (result ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ...rest,
    ...(Array.isArray(argv)
      ? { argv: argv.slice(0, SHORT_ARGUMENTS).map((each) => String(each).slice(0, SHORT_ARGUMENT)) }
      : {}),
    ...(typeof logTail === 'string' ? { logTail: logTail.slice(-SHORT_TAIL) } : {}),
    ...(result === undefined ? {} : { result: counts }),
    truncated: true,
  };
}
