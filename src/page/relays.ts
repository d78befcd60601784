import type { OutsideRelay, RelaySnapshot } from '../model/relay-snapshot.js';

/** A stream that a node fetches from another node. */
export type Copy = RelaySnapshot & { readonly nodeId: string };
/** A push or a pull, or a rule that carries nothing. */
export type Outside = OutsideRelay & { readonly nodeId: string };

/** `GET /v1/relays`: of this node, or with `scope=cluster` of all. */
export interface RelayList {
  readonly nodeId?: string;
  readonly relays?: readonly (RelaySnapshot | OutsideRelay)[];
  readonly items?: readonly (Copy | Outside)[];
  readonly missing?: readonly string[];
  readonly cursor?: string;
}

/** What each state is sorted by: what does not work first, what waits last. */
const RANK: Readonly<Record<OutsideRelay['state'], number>> = {
  failed: 0,
  retrying: 1,
  connecting: 2,
  running: 3,
  waiting: 4,
};

/** The two kinds of a list: copies within the cluster, and what goes to other servers or comes from them. */
export function relaysOf({ nodeId = '', relays = [], items }: RelayList): {
  readonly copies: readonly Copy[];
  readonly outside: readonly Outside[];
} {
  const all = items ?? relays.map((relay): Copy | Outside => ({ ...relay, nodeId }));
  const copies: Copy[] = [];
  const outside: Outside[] = [];
  // A node of an older version has copies only, and does not say so.
  for (const relay of all) {
    if (isOutside(relay)) outside.push(relay);
    else copies.push(relay);
  }
  outside.sort((a, b) => rankOf(a) - rankOf(b));
  return { copies, outside };
}

/** A node of an older version has copies only, and does not say so. */
function isOutside(relay: Copy | Outside): relay is Outside {
  return relay.direction === 'push' || relay.direction === 'pull';
}

function rankOf({ state }: Outside): number {
  return RANK[state] ?? 5;
}

/** What tells a push or a pull from all others. */
export function keyOfOutside({ nodeId, direction, app, name, match, rule, relayId }: Outside): string {
  return JSON.stringify([nodeId, direction, app, name, match, rule, relayId]);
}

/** The stream that is carried, or the streams that would be: `live/cam1`, `any of live/*`. */
export function carriedWords({ app, name, match }: Pick<Outside, 'app' | 'name' | 'match'>): string {
  return match === undefined ? `${app}/${name}` : `any of ${match}`;
}
