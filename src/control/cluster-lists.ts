import { SluiceError } from '../core/errors.js';
import type { Verb } from './operations.js';
import { cursorOf, keyAt, pageOf } from './page.js';
import type { Cluster, Facts, RequestContext } from './ports.js';

/** How long nodes that have not answered are waited for, in ms. */
const WAIT_MS = 1000;

/** Lists that every node has a part of: the member of an answer that is the list, and what an item is known by. */
const LISTS: Partial<Record<Verb, { readonly member: string; readonly keyOf: (item: Facts) => string }>> = {
  'streams.list': { member: 'streams', keyOf: ({ streamId }) => String(streamId) },
  'plays.list': { member: 'plays', keyOf: ({ playId }) => String(playId) },
  'wants.list': {
    member: 'wants',
    keyOf: ({ app, name, nodeId }) => wantKey(String(app), String(name), String(nodeId)),
  },
  'relays.list': {
    member: 'relays',
    keyOf: relayKey,
  },
  'nodes.list': { member: 'nodes', keyOf: ({ nodeId }) => String(nodeId) },
};

/** Whether an operation can be asked of all nodes at once. */
export function isGathered(verb: Verb): boolean {
  return LISTS[verb] !== undefined;
}

/** What a name that players wait for, or play, on a node is known by. */
export function wantKey(app: string, name: string, nodeId: string): string {
  return `${app}/${name} ${nodeId}`;
}

/** What a relay is known by. A node of a version without pushes and pulls in its list tells no direction. */
export function relayKey({ app, name, match, nodeId, direction = 'copy', relayId, rule }: Partial<Facts>): string {
  const key = wantKey(String(match ?? app), String(match === undefined ? name : ''), String(nodeId));
  return direction === 'copy' ? key : `${key} ${String(direction)} ${String(relayId ?? rule ?? '')}`;
}

/**
 * Asks every node for its part of a list, and merges the answers.
 *
 * @param input valid
 * @returns `items`, each with its `nodeId`; `missing`: nodes that did not answer; `partial`: whether any did not, or
 *   has refused
 * @throws SluiceError ERR_CTL_BUS_DOWN
 */
export async function gatherList(
  cluster: Cluster | undefined,
  verb: Verb,
  input: Facts,
  context: RequestContext,
): Promise<Facts> {
  const list = LISTS[verb];
  if (list === undefined || cluster === undefined) throw new SluiceError('ERR_CTL_BUS_DOWN', 'nats.url is not set');
  const { limit = 1000, cursor } = input as { readonly limit?: number; readonly cursor?: string };
  const { answers, missing, silent = [] } = await cluster.gather(verb, input, context, WAIT_MS);
  // What another program answers, or a node of a version that has no such list, is no part of it.
  const good = answers.filter((answer) => answer['ok'] === true && isListOfObjects(answer[list.member]));
  const items = [...silent];
  for (const answer of good)
    for (const item of answer[list.member] as readonly Facts[]) items.push({ ...item, nodeId: answer['nodeId'] });
  // A node may send less than was asked for, and a cursor. What others have behind that is of the next page.
  const ends = good.flatMap(({ cursor: end }) => (typeof end === 'string' ? [keyAt(end)] : []));
  const whole = items.filter((item) => ends.every((end) => list.keyOf(item) <= end));
  const page = pageOf(whole, list.keyOf, limit, cursor);
  const last = page.items[page.items.length - 1];
  const hasMore = page.cursor !== undefined || ends.length > 0;
  const partial = missing.length > 0 || good.length < answers.length;
  const next = hasMore && last !== undefined ? { cursor: cursorOf(list.keyOf(last)) } : {};
  return { items: page.items, partial, missing, ...next };
}

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null);
}
