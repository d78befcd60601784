import type { Clock } from '../core/clock.js';
import type { SluiceError } from '../core/errors.js';
import type { StreamUrls } from '../model/stream-urls.js';
import type { Envelope } from './envelope.js';
import type { NotedKind } from './journal/entry.js';
import type { EventPriority } from './priority.js';

/** Where events go: the journal. */
export interface EventSink {
  admits(priority: EventPriority): boolean;
  append(event: Envelope): number;
  appendStart(event: Envelope): Promise<number>;
  releaseStream(): void;
  sync(): Promise<void>;
  /** Appends a record that is no event. @returns the position of the event before it */
  note(kind: NotedKind, json: Buffer): number;
  /** Notes that so many streams are open for which no start was appended. */
  adoptStreams(count: number): void;
  /** Resolves when the event at a position is stored in JetStream, or never will be. */
  whenCommitted(position: number): Promise<void>;
}

/** Best-effort messages that are not stored: `conn.*`, `tel.*` and `want.*`. */
export interface SignalSink {
  send(tokens: readonly string[], data: object): void;
}

/** What a lifecycle is made with. */
export interface LifecycleParts {
  readonly sink: EventSink;
  readonly signals: SignalSink;
  readonly clock: Clock;
  /** Whether events go to NATS. */
  readonly bus: boolean;
  /** Whether plays are told. */
  readonly plays: boolean;
  /** Asked before a start. */
  readonly refuseStart: () => SluiceError | undefined;
}

/** A name that players wait for. */
export interface WantedName {
  readonly app: string;
  readonly name: string;
  /** Where it can be published. */
  readonly urls: StreamUrls;
}
