import type { StreamCheck } from './stream-setup.js';

/** The state of the bus in one word. `off`: no NATS is configured. */
export type BusState =
  | 'off'
  | 'connecting'
  | 'ready'
  | 'disconnected'
  | 'refused'
  | 'no_jetstream'
  | 'stream_missing'
  | 'stream_full'
  | 'stream_misconfigured'
  | 'unsafe_replicas'
  | 'denied'
  | 'not_answering'
  | 'closed';

/**
 * How a change to a state is logged: `info` that events are published, `warn` that they wait, `error` that somebody has
 * to do something about it. `undefined`: the connection itself tells of it.
 */
export const LOGGED_AS: Readonly<Record<BusState, 'info' | 'warn' | 'error' | undefined>> = {
  off: undefined,
  connecting: undefined,
  ready: 'info',
  disconnected: undefined,
  refused: undefined,
  no_jetstream: 'error',
  stream_missing: 'warn',
  stream_full: 'warn',
  stream_misconfigured: 'error',
  unsafe_replicas: 'error',
  denied: 'error',
  not_answering: 'warn',
  closed: undefined,
};

/** The state of the bus after a check of the stream, and why. */
export function stateOfCheck(check: StreamCheck): [BusState, string] {
  switch (check.kind) {
    case 'ok':
      return ['not_answering', 'it cannot be read whether other nodes have ended streams of this one'];
    case 'unavailable':
      return ['not_answering', check.text];
    case 'misconfigured':
      return ['stream_misconfigured', check.text];
    default:
      return [check.kind, check.text];
  }
}
