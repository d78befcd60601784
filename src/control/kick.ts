import { SluiceError } from '../core/errors.js';
import type { PlainValue } from '../core/plain.js';
import type { Ban } from '../model/ban.js';
import type { PlaySnapshot } from '../model/play-snapshot.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { Facts, Ports, RequestContext } from './ports.js';

/** How many are ended at a time, and the most ids of an answer. */
const AT_ONCE = 64;
const MOST_IDS = 1000;
/** How long other nodes may take to count, in ms: whoever asked all nodes waits for a second. */
const COUNT_MS = 500;

/** What a kick by selector says besides the selector. */
interface KickOptions {
  readonly reason: string;
  readonly banTtlMs?: number | undefined;
  /** How many are ended in all, or on each node by its id. */
  readonly confirm?: number | Readonly<Record<string, number>> | undefined;
  readonly dryRun?: boolean | undefined;
  /** Of the selector: a play is on one node only. */
  readonly playId?: string | undefined;
}

/** How what is selected is ended. */
interface Kicking<T> {
  readonly verb: 'streams.kick' | 'plays.kick';
  readonly idOf: (one: T) => string;
  readonly kick: (id: string) => Promise<unknown>;
}

type Kickable = (StreamSnapshot | PlaySnapshot) & { readonly keyFingerprint?: string | undefined };

/**
 * Ends all that a selector matches.
 *
 * @param matches what it matches here
 * @param options the whole input, its selector included
 * @throws SluiceError ERR_CTL_CONFLICT (details: count, and counts by node where every node was asked) when there is
 *   more than one and that was not confirmed
 */
export async function kickAll<T extends Kickable>(
  ports: Ports,
  matches: readonly T[],
  options: KickOptions,
  context: RequestContext,
  { verb, idOf, kick }: Kicking<T>,
): Promise<Facts> {
  const { nodeId } = ports;
  const matched = matches.length;
  if (options.dryRun === true) return { nodeId, matched, kicked: [] };
  if (matched > 0) await checkConfirmed(ports, matched, options, context, verb);
  const bans = new Map<string, PlainValue>();
  const kicked: string[] = [];
  for (let from = 0; from < matched; from += AT_ONCE) {
    await Promise.all(
      matches.slice(from, from + AT_ONCE).map(async (one) => {
        const ban = await banOf(ports, one, options, context);
        if (ban !== undefined) bans.set(`${String(ban['kind'])} ${String(ban['value'])}`, ban);
        await kick(idOf(one));
        if (kicked.length < MOST_IDS) kicked.push(idOf(one));
      }),
    );
  }
  return {
    nodeId,
    matched,
    kicked,
    ...(matched === 0 ? { already: true } : {}),
    ...(bans.size === 0 ? {} : { banned: [...bans.values()].slice(0, MOST_IDS) }),
  };
}

/**
 * What was seen must still be so. Where every node was asked, each of them counts what the others have before it ends
 * anything: a number confirms what one node has alone. Several nodes are confirmed by their ids, because each can only
 * hold to a number of its own: the others end theirs meanwhile.
 */
async function checkConfirmed(
  ports: Ports,
  matched: number,
  options: KickOptions,
  context: RequestContext,
  verb: Kicking<unknown>['verb'],
): Promise<void> {
  const { confirm } = options;
  if (typeof confirm === 'object') {
    if (confirm[ports.nodeId] !== matched) throw unconfirmed({ [ports.nodeId]: matched }, []);
    return;
  }
  const isForAll = context.isForAll === true && options.playId === undefined;
  const { counts, missing } = isForAll
    ? await countElsewhere(ports, options, context, verb)
    : { counts: {}, missing: [] };
  const isAlone = Object.keys(counts).length === 0 && missing.length === 0;
  if (isAlone && (matched === 1 || confirm === matched)) return;
  throw unconfirmed({ [ports.nodeId]: matched, ...counts }, missing);
}

/** Has the other nodes count what a selector matches there. Those that match nothing are left out. */
async function countElsewhere(
  { cluster, nodeId }: Ports,
  { confirm, ...selector }: KickOptions,
  { actor, deadlineMs }: RequestContext,
  verb: Kicking<unknown>['verb'],
): Promise<{ readonly counts: Readonly<Record<string, number>>; readonly missing: readonly string[] }> {
  if (cluster === undefined) return { counts: {}, missing: [] };
  const asker = deadlineMs === undefined ? { actor } : { actor, deadlineMs };
  const body = { ...definedOf(selector), dryRun: true };
  const { answers, missing } = await cluster.gather(verb, body, asker, COUNT_MS);
  const counts = countsByNode(answers.filter(({ nodeId: other }) => other !== nodeId));
  return { counts, missing: missing.filter((other) => other !== nodeId) };
}

/** What nodes have counted with `dryRun`, by their ids. Those that match nothing are left out. */
export function countsByNode(answers: readonly Facts[]): Readonly<Record<string, number>> {
  const some = answers.filter(({ ok, matched }) => ok === true && Number(matched) > 0);
  return Object.fromEntries(some.map(({ nodeId, matched }) => [String(nodeId), Number(matched)]));
}

function definedOf(members: object): Facts {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Facts;
}

/**
 * The refusal of a kick that was not confirmed.
 *
 * @param counts matches by node
 * @param missing nodes that have not told theirs
 */
export function unconfirmed(counts: Readonly<Record<string, number>>, missing: readonly string[]): SluiceError {
  const count = Object.values(counts).reduce((sum, one) => sum + one, 0);
  const wanted = Object.keys(counts).length === 1 && missing.length === 0 ? count : JSON.stringify(counts);
  const who = missing.length === 0 ? '' : `, and ${missing.join(', ')} did not count`;
  const detail = `the selector matches ${count}${who}; send confirm: ${wanted} to kick them`;
  return new SluiceError('ERR_CTL_CONFLICT', detail, {
    details: { count, counts, ...(missing.length === 0 ? {} : { missing }) },
  });
}

/**
 * Bans whom a kick is about, when it says so: its principal, else its key, else its address. The ban is written before
 * anything is ended, so that an encoder that retries at once is refused.
 */
export async function banOf(
  { bans, clock }: Ports,
  one: Kickable,
  { reason, banTtlMs }: KickOptions,
  { actor }: RequestContext,
): Promise<Record<string, PlainValue> | undefined> {
  if (banTtlMs === undefined) return undefined;
  const ban: Ban = { ...whom(one), untilMs: clock.wallMs() + banTtlMs, reason, by: actor };
  const { kind, value, untilMs } = await bans.add(ban);
  return { kind, value, untilMs };
}

function whom({ principal, keyFingerprint, peer }: Kickable): Pick<Ban, 'kind' | 'value'> {
  // The principal of somebody who gave no credentials is made of the address.
  if (principal !== undefined && !principal.startsWith('peer:')) return { kind: 'principal', value: principal };
  if (keyFingerprint !== undefined) return { kind: 'key', value: keyFingerprint };
  return { kind: 'address', value: peer.address };
}
