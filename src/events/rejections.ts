import type { Clock } from '../core/clock.js';
import { TokenBucket } from '../core/token-bucket.js';
import type { Peer } from '../model/peer.js';
import { clip } from './clip.js';
import { type Emitter, type Envelope, streamEvent } from './envelope.js';
import { type EventPriority, priorityOf } from './priority.js';

/** A publish attempt that was refused. */
export interface Rejection {
  readonly attemptId: string;
  readonly app: string;
  readonly name: string;
  readonly connectionId: string;
  readonly peer: Peer;
  readonly reason: string;
  readonly code: string;
  readonly latencyMs: number;
}

/** Tells refused publishes: a hundred a second, with bursts of 500. */
export class Rejections {
  readonly #emitter: Emitter;
  readonly #clock: Clock;
  readonly #append: (build: () => Envelope, priority: EventPriority) => unknown;
  readonly #bucket = new TokenBucket({ burst: 500, perSecond: 100 });

  constructor(emitter: Emitter, clock: Clock, append: (build: () => Envelope, priority: EventPriority) => unknown) {
    this.#emitter = emitter;
    this.#clock = clock;
    this.#append = append;
  }

  /** @returns false when there are too many */
  tell(d: Rejection): boolean {
    if (!this.#bucket.take(this.#clock.monotonicMs())) return false;
    const stream = { streamId: d.attemptId, app: clip(d.app, 256), name: clip(d.name, 256) };
    const { nodeId, bootId } = this.#emitter;
    const data = { ...d, ...stream, reason: clip(d.reason), code: clip(d.code, 128), nodeId, bootId };
    const { streamId: _streamId, ...rejected } = data;
    this.#append(
      () => streamEvent(this.#emitter, stream, 'io.sluice.stream.rejected', 1, this.#clock.wallMs(), rejected),
      priorityOf('io.sluice.stream.rejected'),
    );
    return true;
  }
}
