import type { EventType } from './event-types.js';

/**
 * What an event is worth when the journal has little room. `end`: always taken, its bytes are held back at the start. `stream`: what
 * a stream's consumers act on, taken until the journal is full. `optional`: what viewers and refused publishers cause; taken only
 * while it leaves the others their room. An end of what was told is no less than its stream's: there are no more of them than beginnings.
 */
export type EventPriority = 'end' | 'stream' | 'optional';

const OPTIONAL: ReadonlySet<EventType> = new Set([
  'io.sluice.play.started',
  'io.sluice.stream.active',
  'io.sluice.stream.rejected',
  'io.sluice.stream.data',
]);

/** The priority of an event by its type. */
export function priorityOf(type: EventType): EventPriority {
  if (type === 'io.sluice.stream.ended') return 'end';
  return OPTIONAL.has(type) ? 'optional' : 'stream';
}
