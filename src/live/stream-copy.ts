import { TokenBucket } from '../core/token-bucket.js';
import type { CopyEvents } from '../events/copy-events.js';
import type { CopyOf } from '../model/copy-of.js';
import type { EndReason } from '../model/reasons.js';
import type { RelayEndReason } from '../model/relay.js';
import type { StreamReport } from './access.js';
import { STREAM_PLAYS } from './event-account.js';
import type { PlayedStream } from './played-stream.js';

/** How a copy ended, as the byte side tells it. */
export type CopyEnd = Extract<StreamReport, { kind: 'streamEnded' }>;

/**
 * The copy of a stream that another node owns. That node decides about it and tells its events. Here there are its
 * players, and the relay that fetches it.
 */
export class StreamCopy implements PlayedStream {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  /** How many may play it is a limit of its owner, which counts the players of its own node. */
  readonly limits = {};
  audience = 0;
  readonly tellablePlays = new TokenBucket(STREAM_PLAYS);
  readonly teller: CopyEvents;
  readonly relayId: string;
  /** Resolves when it is over. */
  readonly over: Promise<void>;
  readonly #ended: (copy: StreamCopy, end: CopyEnd) => void;

  /** @param ended called once, when it is over */
  constructor(
    { streamId, relayId }: CopyOf,
    { app, name }: { readonly app: string; readonly name: string },
    teller: CopyEvents,
    ended: (copy: StreamCopy, end: CopyEnd) => void,
  ) {
    this.streamId = streamId;
    this.app = app;
    this.name = name;
    this.teller = teller;
    this.relayId = relayId;
    let resolveOver = (): void => {};
    this.over = new Promise((resolve) => {
      resolveOver = resolve;
    });
    this.#ended = (...end) => {
      ended(...end);
      resolveOver();
    };
  }

  /** The relay tells the owner how many players there are, so that nothing is told here. */
  tellAudience(): void {}

  /** Takes what the byte side tells of it: what is of the stream itself, its owner tells. */
  take(report: StreamReport): void {
    if (report.kind === 'streamEnded') this.#ended(this, report);
  }
}

/** What the end of a copy says of its relay. */
export function relayEndOf(reason: EndReason): RelayEndReason {
  switch (reason) {
    case 'client_unpublish':
      return 'stream_ended';
    case 'idle':
      return 'idle';
    case 'server_drain':
      return 'shutdown';
    case 'client_closed':
      return 'lost';
    case 'protocol_error':
      return 'error';
    default:
      return 'ended_here';
  }
}
