import type { AskOptions, ControlClient } from '../../control/client/control-client.js';
import type { Outcome } from '../../control/dispatcher.js';
import type { Verb } from '../../control/operations.js';
import type { Facts } from '../../control/ports.js';

/** The member of the answer of one node that is the list. */
const MEMBERS = {
  'streams.list': 'streams',
  'plays.list': 'plays',
  'relays.list': 'relays',
  'nodes.list': 'nodes',
  'bans.list': 'bans',
} as const satisfies Partial<Record<Verb, string>>;

/** An operation that answers with a list. */
type ListVerb = keyof typeof MEMBERS;

/** Items of one request. */
const PAGE = 1000;
/** Most items at all: more are no use to anybody who reads them. */
const MOST_ITEMS = 100_000;

/**
 * Asks for a list, page by page. The answer has one form, whoever was asked: `items`, `partial` and `missing`.
 *
 * @param most items; undefined: all
 */
export async function listAll(
  client: ControlClient,
  verb: ListVerb,
  input: Facts,
  options: AskOptions,
  most = MOST_ITEMS,
): Promise<Outcome> {
  const items: Facts[] = [];
  const missing = new Set<string>();
  let partial = false;
  let cursor: string | undefined;
  do {
    const limit = Math.min(PAGE, most - items.length);
    const paged = verb === 'nodes.list' ? {} : { limit, ...(cursor === undefined ? {} : { cursor }) };
    const outcome = await client.ask(verb, { ...input, ...paged }, options);
    if (!outcome.ok) return outcome;
    const { answer } = outcome;
    const nodeId = answer['nodeId'];
    const part = (answer['items'] ?? answer[MEMBERS[verb]]) as readonly Facts[];
    for (const item of part) items.push(nodeId === undefined ? item : { ...item, nodeId });
    for (const id of (answer['missing'] ?? []) as readonly string[]) missing.add(id);
    partial ||= answer['partial'] === true;
    cursor = part.length === 0 ? undefined : (answer['cursor'] as string | undefined);
  } while (cursor !== undefined && items.length < most);
  return { ok: true, answer: { items, partial, missing: [...missing].sort() } };
}
