import { SluiceError } from '../core/errors.js';
import type { PlainValue } from '../core/plain.js';
import type { Ban } from '../model/ban.js';
import type { PlaySnapshot } from '../model/play-snapshot.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { Facts, Ports, RequestContext } from './ports.js';

/** How many are ended at a time, and the most ids of an answer. */
const AT_ONCE = 64;
const MOST_IDS = 1000;

/** What a kick by selector says besides the selector. */
interface KickOptions {
  readonly reason: string;
  readonly banTtlMs?: number | undefined;
  readonly confirm?: number | undefined;
  readonly dryRun?: boolean | undefined;
}

type Kickable = (StreamSnapshot | PlaySnapshot) & { readonly keyFingerprint?: string | undefined };

/**
 * Ends all that a selector matches.
 *
 * @param matches what it matches
 * @param kick ends one
 * @throws SluiceError ERR_CTL_CONFLICT (details: count) when there is more than one and that was not confirmed
 */
export async function kickAll<T extends Kickable>(
  ports: Ports,
  matches: readonly T[],
  options: KickOptions,
  context: RequestContext,
  { idOf, kick }: { readonly idOf: (one: T) => string; readonly kick: (id: string) => Promise<unknown> },
): Promise<Facts> {
  const { nodeId } = ports;
  const matched = matches.length;
  if (options.dryRun === true) return { nodeId, matched, kicked: [] };
  if (matched > 1 && !isConfirmed(matched, options.confirm, context)) {
    throw new SluiceError(
      'ERR_CTL_CONFLICT',
      `the selector matches ${matched}; send confirm: ${matched} to kick them`,
      {
        details: { count: matched },
      },
    );
  }
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

/** What was seen must still be so. Over NATS the number is that of all nodes together. */
function isConfirmed(matched: number, confirm: number | undefined, { isFromBus }: RequestContext): boolean {
  if (confirm === undefined) return false;
  return isFromBus === true ? matched <= confirm : matched === confirm;
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
