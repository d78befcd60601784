import type { Facts } from '../control/ports.js';
import { VERSION } from '../core/version.js';
import type { EventsStats } from '../events/event-layer.js';
import type { DrainProgress } from './node-drain.js';
import type { Places } from './places.js';

/** What `/v1/node` shows of this node. @param drain undefined while it does not drain */
export function nodeFacts(
  { nodeId, bootId }: Pick<Facts, 'nodeId' | 'bootId'>,
  places: Places['shown'],
  drain: DrainProgress | undefined,
  events: EventsStats,
): Facts {
  return {
    ...{ nodeId, bootId, version: VERSION, ...places },
    state: drain === undefined ? 'up' : 'draining',
    ...(drain === undefined ? {} : { drain: { ...drain } }),
    events: { ...events },
  };
}
