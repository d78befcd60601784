import type { Clock } from '../core/clock.js';
import { clip } from './clip.js';
import { type CopiedStream, CopyEvents } from './copy-events.js';
import { type Emitter, type Envelope, ownEvent } from './envelope.js';
import type { EventData, RelayEnded, RelayFailed, RelayStarted, StreamRef } from './event-types.js';
import { type EventPriority, priorityOf } from './priority.js';

/** The stream that is carried. Before a pulled one begins, its id is that of the relay. */
export type RelayedStream = Pick<StreamRef, 'streamId' | 'app' | 'name' | 'connectionId'>;

type RelayType = 'io.sluice.relay.started' | 'io.sluice.relay.failed' | 'io.sluice.relay.ended';

/**
 * Tells of relays. They count on their own, outside of the sequence of their stream: a relay fails and connects again
 * while its stream goes on, and ends after it.
 */
export class RelayEvents {
  readonly #emitter: Emitter;
  readonly #clock: Clock;
  readonly #append: (build: () => Envelope, priority: EventPriority) => boolean;
  readonly #plays: boolean;

  /** @param append returns whether the journal took the event @param plays whether plays are told */
  constructor(
    emitter: Emitter,
    clock: Clock,
    append: (build: () => Envelope, priority: EventPriority) => boolean,
    plays: boolean,
  ) {
    this.#emitter = emitter;
    this.#clock = clock;
    this.#append = append;
    this.#plays = plays;
  }

  /** What tells of one copy of another node's stream, from its beginning. */
  ofCopy(of: CopiedStream): CopyEvents {
    return new CopyEvents(of, { emitter: this.#emitter, clock: this.#clock, append: this.#append, plays: this.#plays });
  }

  /** The other server carries the stream from now on. @param sequence number of the event in its relay, from 1 */
  started(stream: RelayedStream, sequence: number, d: Omit<RelayStarted, keyof StreamRef>): void {
    this.#tell('io.sluice.relay.started', stream, sequence, { ...this.#ref(stream), ...d });
  }

  /** An attempt failed, or a connection was lost; another follows. */
  failed(stream: RelayedStream, sequence: number, d: Omit<RelayFailed, keyof StreamRef>): void {
    this.#tell('io.sluice.relay.failed', stream, sequence, { ...this.#ref(stream), ...d, detail: clip(d.detail, 256) });
  }

  /** The relay is over. */
  ended(stream: RelayedStream, sequence: number, d: Omit<RelayEnded, keyof StreamRef>): void {
    this.#tell('io.sluice.relay.ended', stream, sequence, { ...this.#ref(stream), ...d });
  }

  #tell<T extends RelayType>(type: T, stream: RelayedStream, sequence: number, data: EventData[T]): void {
    const of = { stream, ownId: data.relayId, type, sequence, isEnd: type === 'io.sluice.relay.ended' };
    const timeMs = this.#clock.wallMs();
    this.#append(() => ownEvent(this.#emitter, of, timeMs, data), priorityOf(type));
  }

  #ref({ streamId, app, name, connectionId }: RelayedStream): StreamRef {
    const { nodeId, bootId } = this.#emitter;
    return { streamId, app, name, connectionId, nodeId, bootId };
  }
}
