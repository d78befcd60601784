import type { Config } from '../../config/table.js';
import { ERRORS, SluiceError } from '../../core/errors.js';
import { tellServers } from '../../core/tell.js';
import { covers, isOlder } from '../../events/bus/stream-setup.js';
import { AnswerTimeout } from '../../nats/answer-timeout.js';
import { connectNats, type NatsConnection } from '../../nats/connection.js';
import { JsError, jsRequest, type StreamInfo } from '../../nats/jetstream.js';
import { eventsOptions } from '../../server/options.js';
import { type Finding, sizeText } from './finding.js';
import { neededSubjects } from './nats-subjects.js';

/** How long an answer of NATS is waited for, in ms. */
const ANSWER_MS = 2000;
/** Older servers lose acknowledged events of a stream with replicas. */
const SAFE_REPLICAS = '2.10.27';
/** A clock that is further off makes tokens and signed URLs fail, in ms. */
const MOST_SKEW_MS = 1000;
/** Nobody answers, or an error of the server: JetStream is not enabled, for this account or at all. */
const OFF: readonly string[] = ['503', '10039', '10076'];
/** Most subjects that are named. */
const MOST_SHOWN = 3;

/** What `$JS.API.INFO` says, as far as it is used. Minus one: no limit. */
interface AccountInfo {
  readonly streams: number;
  readonly storage: number;
  readonly limits: { readonly max_streams: number; readonly max_storage: number };
}

/** What `$SYS.REQ.USER.INFO` says, as far as it is used. No permissions: everything is allowed. */
interface UserInfo {
  /** When the server answered (RFC 3339). */
  readonly time: string;
  readonly permissions?: {
    readonly publish?: SubjectRights;
    readonly subscribe?: SubjectRights;
  };
}

interface SubjectRights {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/**
 * Whether NATS can be reached, has JetStream with room, and lets this user do what a server does. Changes nothing
 * there.
 */
export async function checkNats(config: Config): Promise<Finding[]> {
  const options = eventsOptions(config).nats;
  if (options === undefined) {
    const says = 'nats.url is empty: events stay in the journal of this server, and it has no jobs and no cluster';
    return [{ check: 'nats', state: 'ok', says }];
  }
  let connection: NatsConnection;
  try {
    connection = await connectNats({ ...options, name: 'sluice-doctor' });
  } catch (error) {
    const says = detailOf(error);
    const mend = says.includes('refuses') ? 'correct what is sent to it' : 'start it, or correct nats.url';
    return [{ check: 'nats', state: 'fail', says, todo: `${mend}; events wait in the journal meanwhile` }];
  }
  try {
    return await findings(connection, config);
  } finally {
    await connection.close();
  }
}

/** The words of an error without those that are about events, and about flags that this command does not have. */
function detailOf(error: unknown): string {
  if (!(error instanceof SluiceError)) return (error as Error).message;
  const { says, hint } = ERRORS[error.code];
  return error.message.replace(`${says}: `, '').replace(` (${hint})`, '');
}

async function findings(connection: NatsConnection, config: Config): Promise<Finding[]> {
  const answer = new AnswerTimeout(ANSWER_MS, ANSWER_MS);
  const { version = '0.0.0' } = connection.info ?? {};
  const roundTrip = await connection.rtt();
  const where = `nats-server ${version} at ${tellServers(config.nats.url)}, ${roundTrip} ms away`;
  const account = await jsRequest<AccountInfo>(connection, 'INFO', undefined, answer);
  const stream = await jsRequest<StreamInfo>(connection, `STREAM.INFO.${config.events.stream}`, undefined, answer);
  const asked = Date.now();
  const user = await userInfo(connection);
  const nowMs = (asked + Date.now()) / 2;
  const jetStream = jetStreamFinding(account.ok ? account.value : account.code, config);
  const rights = user === undefined ? unknownRights(version) : rightsFinding(user, config);
  const kept = streamFinding(stream.ok ? stream.value : stream.code, config, user);
  // One cause is told once: without JetStream there are no streams, and rights that lack are named by their subjects.
  const isTold = jetStream.state === 'fail' || (rights.state === 'fail' && kept.state === 'fail');
  return [
    replicasFinding(version, config, where),
    jetStream,
    ...(isTold ? [] : [kept]),
    rights,
    ...(user === undefined ? [] : [skewFinding(user, nowMs)]),
  ];
}

function replicasFinding(version: string, { nats }: Config, where: string): Finding {
  if (nats.replicas === 1 || !isOlder(version, SAFE_REPLICAS)) return { check: 'nats', state: 'ok', says: where };
  const says = `${where}; with nats.replicas ${nats.replicas}, ${SAFE_REPLICAS} or later was expected`;
  return { check: 'nats', state: 'fail', says, todo: 'update nats-server: older ones lose acknowledged events' };
}

/** What the account may keep. @param found a code: there was no answer but this */
export function jetStreamFinding(found: AccountInfo | number | string, { events }: Pick<Config, 'events'>): Finding {
  const check = 'jetstream';
  if (typeof found !== 'object') {
    if (found === 'PERMISSIONS_VIOLATION')
      return { check, state: 'ok', says: 'this user may not ask for the limits of its account ($JS.API.INFO)' };
    const todo = 'start nats-server with -js, or enable JetStream for the account of this user';
    const says = OFF.includes(String(found)) ? 'JetStream is off there, or for this user' : `no answer (${found})`;
    return { check, state: 'fail', says, todo };
  }
  const { streams, storage, limits } = found;
  const free = limits.max_storage < 0 ? Number.POSITIVE_INFINITY : limits.max_storage - storage;
  const says = `${streams} streams of ${most(limits.max_streams, String)}, ${sizeText(storage)} of ${most(limits.max_storage, sizeText)}`;
  if (limits.max_streams >= 0 && streams >= limits.max_streams)
    return { check, state: 'warn', says, todo: 'raise max_streams of the account: sluice keeps up to eight streams' };
  if (free >= events.maxJournalBytes) return { check, state: 'ok', says };
  const todo = 'raise max_storage of the account: when it is full, events wait in the journal of each node';
  return { check, state: 'warn', says, todo };
}

/**
 * The stream of events, or why there is none.
 *
 * @param found a code: there was no answer but this
 * @param user what is known of the rights of this user; undefined: nothing
 */
export function streamFinding(
  found: StreamInfo | number | string,
  { events }: Pick<Config, 'events'>,
  user?: UserInfo,
): Finding {
  const check = 'events.stream';
  if (typeof found === 'object')
    return { check, state: 'ok', says: `${events.stream} has ${found.state.messages} events` };
  const create = `$JS.API.STREAM.CREATE.${events.stream}`;
  if (found === JsError.StreamNotFound && !isAllowed(create, user?.permissions?.publish)) {
    const todo = `make it with another user, or allow ${create} for the first start`;
    return { check, state: 'fail', says: `there is no ${events.stream}, and this user may not make it`, todo };
  }
  if (found === JsError.StreamNotFound)
    return { check, state: 'ok', says: `${events.stream} will be made at the first start` };
  if (found === 'PERMISSIONS_VIOLATION') {
    const says = `this user may not ask for ${events.stream} ($JS.API.STREAM.INFO.${events.stream})`;
    return { check, state: 'fail', says, todo: 'allow what examples/nats-permissions.conf lists' };
  }
  const todo = 'see that JetStream runs, and has a leader where several servers are one';
  return { check, state: 'fail', says: `nothing is known of ${events.stream} (${found})`, todo };
}

/** Whether the user may publish and subscribe what a server does. */
export function rightsFinding({ permissions }: UserInfo, config: Config): Finding {
  const check = 'permissions';
  const { publish, subscribe } = neededSubjects(config);
  const missing = [
    ...publish.filter((subject) => !isAllowed(subject, permissions?.publish)).map((subject) => `publish ${subject}`),
    ...subscribe.filter((subject) => !isAllowed(subject, permissions?.subscribe)).map((each) => `subscribe ${each}`),
  ];
  if (missing.length === 0) return { check, state: 'ok', says: 'this user may do what a server does' };
  const shown = missing.slice(0, MOST_SHOWN).join(', ');
  const more = missing.length > MOST_SHOWN ? `, and ${missing.length - MOST_SHOWN} more` : '';
  const todo = 'allow what examples/nats-permissions.conf lists';
  return { check, state: 'fail', says: `this user may not ${shown}${more}`, todo };
}

/** How far this machine's clock is from the server's. @param nowMs here, in the middle of the request */
export function skewFinding({ time }: Pick<UserInfo, 'time'>, nowMs: number): Finding {
  const check = 'clock of NATS';
  const skewMs = Math.round(nowMs - Date.parse(time));
  const says = `this machine is ${Math.abs(skewMs)} ms ${skewMs < 0 ? 'behind' : 'ahead'}`;
  if (Math.abs(skewMs) <= MOST_SKEW_MS) return { check, state: 'ok', says };
  const todo = 'set both clocks, and keep them right with an NTP client';
  return { check, state: 'warn', says: `${says}; ${MOST_SKEW_MS} ms at most was expected`, todo };
}

/** Whether rights take everything that a subject stands for. */
function isAllowed(subject: string, rights: SubjectRights | undefined): boolean {
  const { allow = [], deny = [] } = rights ?? {};
  const isTaken = allow.length === 0 || allow.some((filter) => covers(withoutQueue(filter), subject));
  return isTaken && !deny.some((filter) => covers(withoutQueue(filter), subject));
}

/** A right to subscribe may name a queue group behind the subject. */
function withoutQueue(filter: string): string {
  return filter.split(' ')[0]!;
}

function unknownRights(version: string): Finding {
  const says = isOlder(version, '2.10.0')
    ? `nats-server ${version} does not tell what a user may do; 2.10 or later does`
    : 'this user may not ask what it may do ($SYS.REQ.USER.INFO)';
  return { check: 'permissions', state: 'ok', says };
}

async function userInfo(connection: NatsConnection): Promise<UserInfo | undefined> {
  try {
    const message = await connection.request('$SYS.REQ.USER.INFO', '', { timeout: ANSWER_MS });
    const { data, server } = message.json<{ data?: UserInfo; server?: { time?: string } }>();
    if (server?.time === undefined || data === undefined) return undefined;
    return { ...data, time: server.time };
  } catch {
    return undefined;
  }
}

function most(limit: number, text: (value: number) => string): string {
  return limit < 0 ? 'any number' : text(limit);
}
