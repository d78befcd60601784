import type { Clock } from '../core/clock.js';
import { clip } from './clip.js';
import { type Emitter, type Envelope, ownEvent } from './envelope.js';
import type { RecordEnded, RecordStarted, StreamRef } from './event-types.js';
import { type EventPriority, priorityOf } from './priority.js';

/** The stream that is recorded, which may be over when its file is closed. */
export type RecordedStream = Pick<StreamRef, 'streamId' | 'app' | 'name' | 'connectionId'>;

/**
 * Tells of recordings. They count on their own, outside of the sequence of their stream: a file is closed after its
 * stream has ended.
 */
export class RecordEvents {
  readonly #emitter: Emitter;
  readonly #clock: Clock;
  readonly #sink: { sync(): Promise<void> };
  readonly #append: (build: () => Envelope, priority: EventPriority) => boolean;

  /** @param append returns whether the journal took the event */
  constructor(
    emitter: Emitter,
    clock: Clock,
    sink: { sync(): Promise<void> },
    append: (build: () => Envelope, priority: EventPriority) => boolean,
  ) {
    this.#emitter = emitter;
    this.#clock = clock;
    this.#sink = sink;
    this.#append = append;
  }

  /** A file was made. */
  started(stream: RecordedStream, d: Omit<RecordStarted, keyof StreamRef>): void {
    const type = 'io.sluice.record.started';
    const data = { ...this.#ref(stream), ...d };
    this.#append(
      () => ownEvent(this.#emitter, { stream, ownId: d.recordId, type, sequence: 1 }, this.#nowMs, data),
      'stream',
    );
  }

  /**
   * A file is complete, or there is none. The id is the same however often it is told: consumers see it once.
   *
   * @returns resolves when the journal has it on disk, or cannot store it
   */
  async ended(stream: RecordedStream, d: Omit<RecordEnded, keyof StreamRef>): Promise<void> {
    const type = 'io.sluice.record.ended';
    const detail = d.detail === undefined ? {} : { detail: clip(d.detail, 256) };
    const data = { ...this.#ref(stream), ...d, ...detail };
    const of = { stream, ownId: d.recordId, type, sequence: 2, isEnd: true } as const;
    this.#append(() => ownEvent(this.#emitter, of, this.#nowMs, data), priorityOf(type));
    await this.#sink.sync().catch(() => undefined);
  }

  get #nowMs(): number {
    return this.#clock.wallMs();
  }

  #ref({ streamId, app, name, connectionId }: RecordedStream): StreamRef {
    const { nodeId, bootId } = this.#emitter;
    return { streamId, app, name, connectionId, nodeId, bootId };
  }
}
