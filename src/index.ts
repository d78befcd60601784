/**
 * Sluice as a library: `createServer(config)` runs the whole server inside your process.
 *
 * @module
 */
export type { HostPort } from './config/listen.js';
export { resolveConfig } from './config/load.js';
export type { Config, DeepPartial } from './config/table.js';
export { type ErrorCode, SluiceError } from './core/errors.js';
export type { Logger } from './core/log.js';
export { type EventLog, eventOf, type LogCursor, type LogEntry } from './events/event-log.js';
export {
  type AnySluiceEvent,
  type EventData,
  type EventType,
  type SluiceEvent,
  sequenceOf,
} from './events/event-types.js';
export type { StreamSnapshot } from './model/snapshot.js';
export { createServer } from './server/server.js';
export type { ServerDeps, SluiceServer } from './server/sluice-server.js';
