import type { Clock } from '../../core/clock.js';
import type { EventsLogger } from '../deps.js';
import type { Emitter } from '../envelope.js';
import type { Journal } from '../journal/journal.js';
import type { Lifecycle } from '../lifecycle.js';
import type { NatsOptions, ResolvedEventsOptions } from '../options.js';
import type { BusState } from '../pipeline.js';

/** What the bus side counts. */
export interface BusCounts {
  published: number;
  retries: number;
  quarantined: number;
  superseded: number;
}

/** Everything that faces NATS. */
export class BusSide {
  readonly counts: BusCounts = { published: 0, retries: 0, quarantined: 0, superseded: 0 };
  state: BusState = 'connecting';
  detail = '';

  constructor(
    _nats: NatsOptions,
    _o: ResolvedEventsOptions,
    _emitter: Emitter,
    _deps: { journal: Journal; lifecycle: Lifecycle; log: EventsLogger; clock: Clock },
  ) {}

  start(_olderBoots: readonly string[]): void {}

  signal(_tokens: readonly string[], _data: object): void {}

  async close(_deadlineMs: number): Promise<void> {}
}
