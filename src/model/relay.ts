import { named, oneOf, type Shape } from './shape.js';

/** Which way a relay carries a stream. */
const RELAY_DIRECTIONS = [
  /** A stream of this server is published to another. */
  'push',
  /** A stream of another server is published here. */
  'pull',
  /** A stream that another node of the cluster owns is played here. */
  'copy',
] as const;

/** Which way a relay carries a stream. */
export type RelayDirection = (typeof RELAY_DIRECTIONS)[number];

/** The shape of a {@link RelayDirection}. */
export const relayDirectionShape: Shape<RelayDirection> = named('RelayDirection', oneOf(RELAY_DIRECTIONS));

/** Why a relay ended. */
const RELAY_END_REASONS = [
  /** The stream has ended here (push) or there (pull). */
  'stream_ended',
  /** Nobody plays it any more. */
  'idle',
  /** The settings do not want it any more. */
  'settings',
  /** The stream was ended by this server: kicked, past a limit, or its name was taken. */
  'ended_here',
  /** The node that has the stream was lost, and nobody published the name again in time. */
  'lost',
  'shutdown',
  /** A defect of Sluice. */
  'error',
] as const;

/** Why a relay ended. */
export type RelayEndReason = (typeof RELAY_END_REASONS)[number];

/** The shape of a {@link RelayEndReason}. */
export const relayEndReasonShape: Shape<RelayEndReason> = named('RelayEndReason', oneOf(RELAY_END_REASONS));
