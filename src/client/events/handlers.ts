import type { AnySluiceEvent, EventType, SluiceEvent } from '../../events/event-types.js';
import { eventName } from '../../events/subjects.js';

type Verb<T extends EventType> = T extends `io.sluice.stream.${infer V}` ? V : never;

/**
 * The handlers for the events of a stream: `started`, `ready`, `ended` … by the verb of `stream.*`; `event` for every
 * event, including `play.*` and types that this version does not know. A handler may be asynchronous: the event counts
 * as handled, and is acknowledged, when it resolves.
 */
export type StreamHandlers = {
  readonly [V in Verb<EventType>]?: (event: SluiceEvent<`io.sluice.stream.${V}` & EventType>) => unknown;
} & { readonly event?: (event: AnySluiceEvent) => unknown };

/** The handlers of an event, one after the other: the one for all, then the one for its kind. */
export function handlersOf(handlers: StreamHandlers, event: SluiceEvent): ((event: AnySluiceEvent) => unknown)[] {
  const [entity, verb] = eventName(event.type).split('.');
  const own =
    entity === 'stream' && verb !== 'event' && Object.hasOwn(handlers, verb)
      ? (handlers as Readonly<Record<string, ((e: AnySluiceEvent) => unknown) | undefined>>)[verb]
      : undefined;
  return [handlers.event, own].filter((handler) => handler !== undefined);
}
