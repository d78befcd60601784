import type { Stored } from '../faults/checker.js';
import type { OwnerRevision } from './owners.js';

/**
 * What must hold of a cluster, whatever fails. Each function returns one sentence for each violation and nothing when
 * there is none. They use none of the code under test.
 */

const TYPE = /^io\.sluice\./;

/** Events that a node tells of a refused publish: their id is that of the attempt, and they stand alone. */
const REFUSED = 'stream.rejected';

/** The type of an event without what all types begin with. */
export function typeOf({ event }: Stored): string {
  return event.type.replace(TYPE, '');
}

/** What counts on its own: the events of a relay carry its id, in whatever way they are told. */
function counterOf({ subject, event }: Stored): string | undefined {
  const last = subject.split('.').at(-1) ?? '';
  const own = /^(.+)-(?:\d+|end)$/.exec(last)?.[1];
  return event.relayid ?? own;
}

function grouped<T>(list: readonly T[], keyOf: (one: T) => string | undefined): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const key = keyOf(one);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

/**
 * Each stream: its events are numbered from 1 without a gap, in the order in which they lie there; it starts once and
 * first; it ends once and last, unless it is still open when the run is over.
 *
 * @param open streams that may lack an end
 */
export function checkStreams(stored: readonly Stored[], open: ReadonlySet<string> = new Set()): string[] {
  const out: string[] = [];
  const own = stored.filter((one) => counterOf(one) === undefined && typeOf(one).split('.')[0] !== 'node');
  for (const [id, events] of grouped(own, ({ event }) => event.streamid)) {
    const types = events.map(typeOf);
    if (types[0] === REFUSED) {
      if (events.length > 1) out.push(`${id}: was refused, and has ${types.join(', ')}`);
      continue;
    }
    events.forEach(({ event }, at) => {
      if (Number(event.sequence) !== at + 1) out.push(`${id}: position ${at} holds sequence ${event.sequence}`);
    });
    if (types[0] !== 'stream.started') out.push(`${id}: begins with ${types[0]}`);
    if (count(types, 'stream.started') > 1) out.push(`${id}: started ${count(types, 'stream.started')} times`);
    const ends = count(types, 'stream.ended');
    if (ends > 1 || (ends === 0 && !open.has(id))) out.push(`${id}: has ${ends} ends`);
    const end = types.indexOf('stream.ended');
    if (end >= 0 && end < types.length - 1) out.push(`${id}: ${types.slice(end + 1).join(', ')} follow its end`);
  }
  return out;
}

/** Processes that are over, by their boot ids: they were told to be lost, or their installation has started again. */
function bootsOver(stored: readonly Stored[]): Set<string> {
  const over = new Set<string>();
  const newest = new Map<unknown, string>();
  for (const one of stored) {
    const { nodeId, bootId } = one.event.data;
    if (typeOf(one) === 'node.lost') over.add(String(bootId));
    if (typeOf(one) !== 'node.started') continue;
    const before = newest.get(nodeId);
    if (before !== undefined) over.add(before);
    newest.set(nodeId, String(bootId));
  }
  return over;
}

/**
 * Each relay: its events are numbered from 1 without a gap, the first is its start, and its end is the last and the
 * only one. The end of a process is that of its relays, which nobody else tells.
 *
 * @param open relays that may lack an end
 */
export function checkRelays(stored: readonly Stored[], open: ReadonlySet<string> = new Set()): string[] {
  const out: string[] = [];
  const over = bootsOver(stored);
  for (const [id, events] of grouped(stored, counterOf)) {
    const types = events.map(typeOf);
    events.forEach(({ event }, at) => {
      if (Number(event.sequence) !== at + 1) out.push(`relay ${id}: position ${at} holds sequence ${event.sequence}`);
    });
    if (!/^relay\.(?:started|failed)$/.test(types[0] ?? '')) out.push(`relay ${id}: begins with ${types[0]}`);
    const ends = count(types, 'relay.ended');
    const isOver = open.has(id) || events.some(({ event }) => over.has(String(event.data['bootId'])));
    if (ends > 1 || (ends === 0 && !isOver)) out.push(`relay ${id}: has ${ends} ends`);
    const end = types.indexOf('relay.ended');
    if (end >= 0 && end < types.length - 1) out.push(`relay ${id}: ${types.slice(end + 1).join(', ')} follow its end`);
  }
  return out;
}

function count(types: readonly string[], type: string): number {
  return types.filter((one) => one === type).length;
}

/** An epoch: the registry that it is of, and its number there. */
function epochOf({ event }: Stored): { registry: string; epoch: number } | undefined {
  const { registry, epoch } = event.data;
  return typeof epoch === 'number' && epoch > 0 ? { registry: String(registry ?? ''), epoch } : undefined;
}

/** Events that name the epoch from which on their node owns the stream. */
function claims(stored: readonly Stored[]): Stored[] {
  return stored.filter((one) => /^stream\.(?:started|resumed)$/.test(typeOf(one)) && epochOf(one) !== undefined);
}

function nameOf({ event }: Stored): string {
  return `${String(event.data['app'])}/${String(event.data['name'])}`;
}

/**
 * One owner for each name and epoch; what a start says is what the registry says; the epochs of a name grow in the
 * order of its starts.
 *
 * @param owners every value that the registry has ever had; `undefined`: it is not compared
 */
export function checkEpochs(stored: readonly Stored[], owners?: readonly OwnerRevision[]): string[] {
  const out: string[] = [];
  const live = new Map(
    owners?.flatMap(({ revision, value }) => (value?.state === 'live' ? [[revision, value] as const] : [])),
  );
  for (const [name, starts] of grouped(claims(stored), nameOf)) {
    const seen = new Map<string, Stored>();
    let newest = 0;
    for (const start of starts) {
      const { registry, epoch } = epochOf(start)!;
      const { streamid, data } = start.event;
      const before = seen.get(`${registry}:${epoch}`);
      // A stream that is suspended and resumed on the same node keeps its epoch.
      if (before !== undefined && before.event.streamid !== streamid)
        out.push(`${name}: epoch ${epoch} is of ${before.event.streamid} and of ${streamid}`);
      seen.set(`${registry}:${epoch}`, start);
      if (epoch < newest) out.push(`${name}: epoch ${epoch} of ${streamid} comes after ${newest}`);
      newest = Math.max(newest, epoch);
      if (owners === undefined) continue;
      const owner = live.get(epoch);
      if (owner === undefined) out.push(`${name}: the registry has no owner of epoch ${epoch}`);
      else if (owner.streamId !== streamid || owner.nodeId !== data['nodeId'])
        out.push(
          `${name}: epoch ${epoch} is of ${owner.streamId} on ${owner.nodeId}, and ${String(data['nodeId'])} tells of ${streamid}`,
        );
    }
  }
  return out;
}

/**
 * No event of a stream whose claim was lost: each stream that tells anything had been written into the registry.
 *
 * @param alone streams that may have been let in while the registry was down
 */
export function checkLosers(
  stored: readonly Stored[],
  owners: readonly OwnerRevision[],
  alone: ReadonlySet<string> = new Set(),
): string[] {
  const won = new Set(owners.flatMap(({ value }) => (value === undefined ? [] : [value.streamId])));
  const tell = stored.filter((one) => typeOf(one).startsWith('stream.') && typeOf(one) !== REFUSED);
  const ids = new Set(tell.map(({ event }) => event.streamid));
  return [...ids]
    .filter((id) => !won.has(id) && !alone.has(id))
    .map((id) => `${id}: has events, and never was the owner of its name`);
}

/** @param most relays that may lie between a player and the encoder */
export function checkHops(stored: readonly Stored[], most: number): string[] {
  return stored.flatMap((one) => {
    const { hops } = one.event.data;
    return typeof hops === 'number' && hops > most ? [`${one.event.id}: ${hops} hops`] : [];
  });
}

/** No node pulls a name twice, and no name is pulled by more nodes than it has players on. */
export function checkPulls(stored: readonly Stored[], expected: ReadonlyMap<string, number>): string[] {
  const pulls = stored.filter((one) => typeOf(one) === 'relay.started' && one.event.relayid !== undefined);
  const out: string[] = [];
  for (const [name, of] of grouped(pulls, nameOf)) {
    const wanted = expected.get(name) ?? 0;
    if (of.length > wanted) out.push(`${name}: ${of.length} pulls where ${wanted} are enough`);
  }
  for (const [name, wanted] of expected)
    if (!pulls.some((one) => nameOf(one) === name) && wanted > 0) out.push(`${name}: no pull where ${wanted} are due`);
  return out;
}
