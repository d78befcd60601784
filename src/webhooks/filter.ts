import { SluiceError } from '../core/errors.js';
import { globMatcher } from '../core/glob.js';
import type { AnySluiceEvent } from '../events/event-types.js';
import { DATA_SCHEMAS } from '../events/schemas/catalog.js';
import { eventName } from '../events/subjects.js';

/** Which events a webhook is about. */
interface EventFilter {
  /** Whether events of a type may pass. */
  type(type: string): boolean;
  /** Whether an entry of such a type passes. Its event is read only where that is needed. */
  entry(entry: { readonly type: string; readonly event: Pick<AnySluiceEvent, 'subject'> }): boolean;
}

/** What `match` says when every event passes, those of nodes included. */
const EVERYTHING = ['*', '**'];

/**
 * Compiles `types` and `match` of a webhook. Types are matched with and without `io.sluice.`. An event of a node is
 * about no stream, so it passes only where `match` leaves nothing out.
 */
export function eventFilter({
  types,
  match,
}: {
  readonly types: readonly string[];
  readonly match: string;
}): EventFilter {
  const matchers = types.map(globMatcher);
  const matches = EVERYTHING.includes(match) ? undefined : globMatcher(match);
  return {
    type: (type) => matchers.some((fits) => fits(eventName(type)) || fits(type)),
    entry: (entry) =>
      matches === undefined || (!eventName(entry.type).startsWith('node.') && matches(entry.event.subject)),
  };
}

/**
 * Checks that each glob of `types` matches a type of event there is.
 *
 * @param name of the webhook
 * @throws SluiceError ERR_CONFIG_INVALID_VALUE
 */
export function checkTypes(name: string, types: readonly string[]): void {
  const known = Object.keys(DATA_SCHEMAS);
  for (const glob of types) {
    const { type } = eventFilter({ types: [glob], match: '**' });
    if (known.some(type)) continue;
    const why = /^(?:io\.sluice\.)?job\./.test(glob)
      ? 'events of jobs are not in the journal of the node; follow them over NATS'
      : `expected a glob of ${known.map(eventName).join(', ')}`;
    throw new SluiceError(
      'ERR_CONFIG_INVALID_VALUE',
      `webhooks: ${name} has the type ${glob}, which no event has; ${why}`,
    );
  }
}
