import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { OpenStream } from '../events/open-streams.js';
import type { NameRegistry } from './name-registry.js';

/** When what could not be found out is asked again, in ms. */
const AGAIN_MS = 2000;

/** What is needed to find out who has streams. */
interface LeftStreamsDeps {
  readonly registry: Pick<NameRegistry, 'read' | 'write'>;
  readonly moves: {
    readonly left: readonly OpenStream[];
    decide(streamId: string, isOurs: boolean): void;
  };
  /** The sequence of the last event that JetStream holds of a stream; `ended`: it has an end; undefined: unknown. */
  readonly lastOf: (streamId: string) => Promise<number | 'ended' | undefined>;
  readonly log: Logger;
}

/**
 * Decides about the streams that an earlier process of this node left while they were on their way to another node or
 * from one. This node ends such a stream only when the registry still names that process, or when nobody can have gone
 * on with it.
 */
export class LeftStreams {
  readonly #deps: LeftStreamsDeps;
  #dueMs = 0;
  #isRunning = false;

  constructor(deps: LeftStreamsDeps) {
    this.#deps = deps;
  }

  /** Asks what is not known yet. Call it a few times a second. @param nowMs monotonic, as {@link Clock} tells it */
  tick(nowMs: ReturnType<Clock['monotonicMs']>): void {
    if (this.#isRunning || nowMs < this.#dueMs || this.#deps.moves.left.length === 0) return;
    this.#dueMs = nowMs + AGAIN_MS;
    void this.run();
  }

  /** Asks once about each of them. */
  async run(): Promise<void> {
    this.#isRunning = true;
    for (const stream of this.#deps.moves.left) {
      const isOurs = await this.#isOurs(stream);
      if (isOurs === undefined) break;
      const { streamId, app, name } = stream;
      this.#deps.log.info({ streamId, app, name, ends: isOurs }, 'it is known who has a stream that was on its way');
      this.#deps.moves.decide(streamId, isOurs);
    }
    this.#isRunning = false;
  }

  /** @returns undefined: it cannot be found out now */
  async #isOurs(stream: OpenStream): Promise<boolean | undefined> {
    const { registry, lastOf } = this.#deps;
    const { streamId, seq } = stream;
    const held = await registry.read(stream);
    if (held.kind === 'down') return undefined;
    const { value } = held;
    const isNamed = value?.streamId === streamId && value.state !== 'released';
    if (isNamed && (value.nodeId !== stream.nodeId || value.bootId !== stream.bootId)) return false;
    if (isNamed) {
      // From here on no other node can take it.
      const wrote = await registry.write(stream, { ...value, state: 'released' }, held.epoch.revision);
      return wrote.kind === 'ok' ? true : undefined;
    }
    const last = await lastOf(streamId);
    return last === undefined ? undefined : last !== 'ended' && last <= seq;
  }
}
