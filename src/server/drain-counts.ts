import type { EventLayer } from '../events/event-layer.js';
import type { DrainCounts } from './drain.js';
import type { Parts } from './parts.js';

/** What runs on this node. @param parts undefined before they are made */
export function drainCounts(
  parts: Pick<Parts, 'liveStreams' | 'copies'> | undefined,
  eventLayer: EventLayer | undefined,
): DrainCounts {
  const { live: streams = 0, playing: plays = 0 } = parts?.liveStreams ?? {};
  const relays = parts?.copies?.running ?? 0;
  return { streams, plays, relays, journalPending: eventLayer?.stats().pending ?? 0 };
}
