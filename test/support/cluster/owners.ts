import { connect, type NatsConnection } from 'nats';
import { type RawMessage, readMessages } from '../faults/checker.js';

/** What the registry holds for a name. */
export interface Owner {
  readonly state: 'live' | 'moving' | 'released';
  readonly nodeId: string;
  readonly bootId: string;
  readonly streamId: string;
}

/** One write to the registry. */
export interface OwnerRevision {
  /** `<app>.<name>`. */
  readonly key: string;
  readonly revision: number;
  /** When the server took it, milliseconds of its wall clock. */
  readonly timeMs: number;
  /** `undefined`: the key was deleted. */
  readonly value: Owner | undefined;
}

const BUCKET = 'SLUICE_OWNERS';

/** As many writes to one name are kept, the most that a bucket may. */
const HISTORY = 64;

/**
 * Makes the registry before any node does, the same as theirs but for its memory: it keeps the writes to a name instead
 * of the newest one, for {@link readOwners}.
 */
export async function keepOwners(servers: string[]): Promise<void> {
  const connection = await connect({ servers });
  try {
    await connection.jetstream().views.kv(BUCKET, { history: HISTORY, replicas: servers.length });
  } finally {
    await connection.close();
  }
}

/** Every write to the registry, in order. */
export async function readOwners(servers: string[]): Promise<OwnerRevision[]> {
  return (await readMessages(servers, `KV_${BUCKET}`)).map(asRevision);
}

/** The newest write for a name, as the leader of the registry has it; `undefined` without one, or without a leader. */
export async function newestOwner(connection: NatsConnection, key: string): Promise<OwnerRevision | undefined> {
  try {
    const manager = await connection.jetstreamManager({ timeout: 2000, checkAPI: false });
    const last = { last_by_subj: `$KV.${BUCKET}.${key}` };
    const message = await manager.streams.getMessage(`KV_${BUCKET}`, last);
    const { subject, seq, time } = message;
    return asRevision({ subject, position: seq, timeMs: time.getTime(), body: message.string() });
  } catch {
    return undefined;
  }
}

function asRevision({ position, subject, timeMs, body }: Omit<RawMessage, 'header'>): OwnerRevision {
  const key = subject.split('.').slice(2).join('.');
  return { key, revision: position, timeMs, value: body === '' ? undefined : (JSON.parse(body) as Owner) };
}

/** When a node could not be reached by the others: killed, standing still or cut off. */
export interface Absence {
  readonly nodeId: string;
  readonly fromMs: number;
  /** Until when others may act on it: until it was seen to be back. */
  readonly toMs: number;
}

/**
 * The registry's own history: a name goes from hand to hand only by release, by a move that its owner has begun, from
 * an older boot of the same node, or from a node that was not there; and nobody but its owner releases or moves it.
 */
export function checkOwners(owners: readonly OwnerRevision[], absences: readonly Absence[] = []): string[] {
  const out: string[] = [];
  const newest = new Map<string, OwnerRevision>();
  for (const write of owners) {
    const before = newest.get(write.key);
    newest.set(write.key, write);
    const says = (text: string): void => {
      out.push(`${write.key}, revision ${write.revision}: ${text}`);
    };
    const held = before?.value;
    const { value } = write;
    if (value === undefined) {
      if (held !== undefined && held.state !== 'released') says(`deleted while it is ${describe(held)}`);
    } else if (held === undefined || held.state === 'released') {
      if (value.state !== 'live') says(`${describe(value)} where nobody owned it`);
    } else if (value.state !== 'live') {
      if (value.streamId !== held.streamId) says(`${describe(value)} where the owner is ${describe(held)}`);
    } else if (!mayTake(value, held, write.timeMs, absences)) {
      says(`${describe(value)} takes it from ${describe(held)}`);
    }
  }
  return out;
}

/** @returns whether `next` may become the owner where `held` was */
function mayTake(next: Owner, held: Owner, timeMs: number, absences: readonly Absence[]): boolean {
  if (held.state === 'moving') return next.streamId === held.streamId;
  // The same node once more: an older boot, or the same value written again.
  if (next.nodeId === held.nodeId) return next.bootId !== held.bootId || next.streamId === held.streamId;
  return absences.some(({ nodeId, fromMs, toMs }) => nodeId === held.nodeId && timeMs >= fromMs && timeMs <= toMs);
}

function describe({ state, nodeId, streamId }: Owner): string {
  return `${state} ${streamId} on ${nodeId}`;
}

/** @returns every write of a node after a time, as {@link checkOwners} tells it */
export function writesOf(owners: readonly OwnerRevision[], nodeId: string, fromMs: number): string[] {
  return owners
    .filter(({ timeMs, value }) => value?.nodeId === nodeId && timeMs >= fromMs)
    .map(({ key, revision, value }) => `${key}, revision ${revision}: ${describe(value!)}`);
}
