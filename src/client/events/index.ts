export * from '../../events/event-types.js';
export { validateEvent } from '../../events/validate.js';
export { type ConnectOptions, connect, type OnStreamOptions, SluiceEvents } from './connect.js';
export type { StreamHandlers, StreamSubscription, SubscriptionOptions } from './subscription.js';
export type { StreamChange } from './watch-streams.js';
