import type { Clock } from '../core/clock.js';
import { bounded } from './clip.js';
import { type Emitter, type Envelope, nodeEvent } from './envelope.js';

/** The node events that a process publishes about itself. */
type OwnNodeEvent =
  | 'io.sluice.node.started'
  | 'io.sluice.node.ready'
  | 'io.sluice.node.draining'
  | 'io.sluice.node.stopped';

/** Numbers and publishes the events of this process. */
export class NodeEvents {
  readonly #emitter: Emitter;
  readonly #clock: Clock;
  readonly #sink: { sync(): Promise<void> };
  readonly #append: (build: () => Envelope) => void;
  readonly #told = new Map<OwnNodeEvent, number>();
  #sequence = 0;

  constructor(
    emitter: Emitter,
    clock: Clock,
    sink: { sync(): Promise<void> },
    append: (build: () => Envelope) => void,
  ) {
    this.#emitter = emitter;
    this.#clock = clock;
    this.#sink = sink;
    this.#append = append;
  }

  /**
   * Appends the event. Resolves when it survives a power loss, or cannot be stored: a node starts and stops on a full
   * disk too.
   */
  async tell(type: OwnNodeEvent, d: object): Promise<void> {
    const { nodeId, bootId } = this.#emitter;
    const ordinal = (this.#told.get(type) ?? 0) + 1;
    this.#told.set(type, ordinal);
    const sequence = ++this.#sequence;
    const data = { nodeId, bootId, ...bounded(d, 1024).value };
    const timeMs = this.#clock.wallMs();
    this.#append(() => nodeEvent(this.#emitter, { nodeId, bootId }, type, sequence, ordinal, timeMs, data));
    await this.#sink.sync().catch(() => undefined);
  }
}
