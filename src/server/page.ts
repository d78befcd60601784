import type { EventLayer } from '../events/event-layer.js';
import type { Health } from '../http/deps.js';
import type { ApiRoute } from '../model/api-route.js';
import { overviewRoute } from './overview.js';
import type { Parts } from './parts.js';

/** The routes that the page asks besides those of control. */
export function pageRoutes(
  { clock, memory, liveStreams, cluster }: Parts,
  eventLayer: EventLayer,
  { nodeId, bootId }: { readonly nodeId: string; readonly bootId: string },
  health: () => Health,
): ApiRoute[] {
  const events = () => eventLayer.stats();
  const isInCluster = cluster !== undefined;
  return [overviewRoute({ nodeId, bootId, clock, memory, liveStreams, isInCluster, health, events })];
}
