import type { EventType } from './event-types.js';

/**
 * The rank of an event when the journal has little room. `end`: always accepted, its bytes are reserved at the start.
 * `stream`: events on which a stream's consumers act, accepted until the journal is full. `optional`: events that
 * viewers and refused publishers cause; accepted only while there is room for the others. The end of something that was
 * told ranks as its stream's events: there are no more ends than beginnings.
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
