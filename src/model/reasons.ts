import { named, oneOf, type Shape } from './shape.js';

/** Why a publish ended. */
const END_REASONS = [
  'client_unpublish',
  'client_closed',
  'client_reset',
  'dead_peer',
  'idle',
  'kicked',
  'takeover',
  'limit',
  'auth_revoked',
  'auth_expired',
  'protocol_error',
  'server_drain',
  'node_restart',
  'node_lost',
] as const;

/** Why a publish ended. */
export type EndReason = (typeof END_REASONS)[number];

/** The shape of an {@link EndReason}. */
export const endReasonShape: Shape<EndReason> = named('EndReason', oneOf(END_REASONS));

/** Why a play ended. */
export type PlayEndReason =
  | 'client_stopped'
  | 'client_closed'
  | 'stream_ended'
  /** The stream goes on at another node, and the play with it. */
  | 'stream_moved'
  | 'stalled'
  | 'limit'
  | 'error'
  /** A newer run of the same job has got a ticket. */
  | 'fenced'
  | 'server_drain'
  | 'kicked';
