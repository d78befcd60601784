export * from '../../events/event-types.js';
export { validateEvent } from '../../events/validate.js';
export { connect } from './connect.js';
export type { StreamHandlers } from './handlers.js';
export type { ConnectOptions, EventsConnection, OnStreamOptions, SluiceEvents } from './options.js';
export type { StreamChange } from './stream-change.js';
export type {
  DeadLetter,
  StreamSubscription,
  SubscriptionNotice,
  SubscriptionOptions,
} from './subscription-options.js';
