export type { BusState } from './bus/bus-state.js';
export type { EventsLogger } from './deps.js';
export { EventLayer, type EventsDeps, type EventsStats } from './event-layer.js';
export { EventLog, eventOf, type LogCursor, type LogEntry } from './event-log.js';
export * from './event-types.js';
export { type EndFacts, Lifecycle, type StreamIdentity } from './lifecycle.js';
export type { BusDownPolicy, EventsOptions, NatsOptions } from './options.js';
