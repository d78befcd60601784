import type { MovedFacts } from '../events/stream-moves.js';
import type { Labels, StreamLimits } from '../model/grant.js';
import type { MovedTicket } from './job-tickets.js';
import type { StreamCounters } from './stream-counters.js';

/**
 * A stream that has left its node, with everything by which another one goes on with it. Plain JSON. What its publisher
 * may do there is what that node grants it; labels and limits are here for what an operator has set.
 */
export interface MovedStream {
  readonly facts: MovedFacts;
  /** Node id of the one that it has left. */
  readonly fromNode: string;
  readonly principal: string;
  readonly counters: StreamCounters;
  /** How long nobody had published it when it left, in ms. */
  readonly gapMs: number;
  /** The newest timestamp that players have got, in ms, unwrapped. */
  readonly newestTimestamp: number;
  readonly labels: Labels;
  readonly limits: StreamLimits;
  /** How long ago it was replaced, in ms: two encoders with one key do not go on for ever over two nodes either. */
  readonly replacedAgo: readonly number[];
  /** The highest token of each template that a ticket was issued for. */
  readonly tickets: readonly MovedTicket[];
}
