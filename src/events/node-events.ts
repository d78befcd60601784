import type { Clock } from '../core/clock.js';
import { bounded, clip } from './clip.js';
import { type Emitter, type Envelope, nodeEvent } from './envelope.js';
import type { EventData, NodeCommand } from './event-types.js';
import { type EventPriority, priorityOf } from './priority.js';

/** The node events that a process publishes about itself. */
type OwnNodeEvent =
  | 'io.sluice.node.started'
  | 'io.sluice.node.ready'
  | 'io.sluice.node.draining'
  | 'io.sluice.node.stopped'
  | 'io.sluice.node.command';

/** Numbers and publishes the events of this process. */
export class NodeEvents {
  readonly #emitter: Emitter;
  readonly #clock: Clock;
  readonly #sink: { sync(): Promise<void> };
  readonly #append: (build: () => Envelope, priority: EventPriority) => void;
  readonly #told = new Map<OwnNodeEvent, number>();
  #sequence = 0;

  constructor(
    emitter: Emitter,
    clock: Clock,
    sink: { sync(): Promise<void> },
    append: (build: () => Envelope, priority: EventPriority) => void,
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
    const data = { nodeId, bootId, ...bounded(d, 1024).value };
    this.#append(this.#next(type, data), 'end');
    await this.#sink.sync().catch(() => undefined);
  }

  /** Appends `node.command`. It is on disk with what comes next. */
  command(d: Omit<NodeCommand, 'nodeId' | 'bootId'>): void {
    const { nodeId, bootId } = this.#emitter;
    const data = {
      nodeId,
      bootId,
      verb: clip(d.verb, 64),
      actor: clip(d.actor, 128),
      requestId: clip(d.requestId, 128),
      target: bounded(d.target, 1024).value,
      result: clip(d.result, 64),
      latencyMs: d.latencyMs,
    };
    this.#append(this.#next('io.sluice.node.command', data), priorityOf('io.sluice.node.command'));
  }

  /** Numbers an event. It gets its number only when the journal takes it, so that one left out leaves no gap. */
  #next<T extends OwnNodeEvent>(type: T, data: EventData[T]): () => Envelope {
    const timeMs = this.#clock.wallMs();
    return () => {
      const ordinal = (this.#told.get(type) ?? 0) + 1;
      this.#told.set(type, ordinal);
      const sequence = ++this.#sequence;
      return nodeEvent(this.#emitter, this.#emitter, type, sequence, ordinal, timeMs, data);
    };
  }
}
