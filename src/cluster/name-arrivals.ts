import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { MovedFacts } from '../events/stream-moves.js';
import type { MovedStream } from '../live/moved-stream.js';
import type { OwnedName } from '../live/owners.js';
import type { Epoch } from '../model/epoch.js';
import type { NameRegistry } from './name-registry.js';
import type { OwnerValue } from './owner-value.js';

/** How often the registry is asked whether a claim got through whose answer was lost, in ms. */
const AGAIN_MS = 250;

/** What arrivals need. */
interface NameArrivalsDeps {
  readonly registry: Pick<NameRegistry, 'read' | 'write'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Logger;
}

/** What the events have to know of a stream that is about to come: {@link StreamMoves}. */
interface Arrivals {
  announce(facts: MovedFacts): Promise<void>;
  settled(streamId: string): void;
  endArriving(streamId: string, reason: 'protocol_error' | 'server_drain'): void;
}

/** A stream that has left its node. */
interface Arriving {
  readonly of: OwnedName;
  /** Of the claim; it has the id of that stream. */
  readonly value: OwnerValue;
  readonly stream: MovedStream;
  /** Revision by which the name is `moving`. */
  readonly expected: number;
  /** Monotonic time until which the registry is waited for. */
  readonly untilMs: number;
  /** The claim was written and is of no use: the name is free. */
  readonly release: (epoch: Epoch) => void;
}

/** `again`: somebody else has written the name, so the stream does not come. `later`: it cannot come at present. */
type Arrived = { readonly epoch: Epoch } | 'again' | 'later' | 'down';

/**
 * Claims the names of streams that other nodes hand over. Before its claim is written, the journal knows of the stream:
 * after a crash the registry says whether it was this process that had it.
 */
export class NameArrivals {
  /** Undefined: no stream is taken. */
  arrivals: Arrivals | undefined;
  readonly #deps: NameArrivalsDeps;

  constructor(deps: NameArrivalsDeps) {
    this.#deps = deps;
  }

  /** Claims a name for a stream that has left its node. */
  async take(arriving: Arriving): Promise<Arrived> {
    const { arrivals } = this;
    const { facts } = arriving.stream;
    const { streamId } = facts;
    if (arrivals === undefined) return 'later';
    try {
      await arrivals.announce(facts);
    } catch (error) {
      const cause = (error as Error).message;
      this.#deps.log.warn({ streamId, cause }, 'a stream of another node is not taken: the journal cannot keep it');
      return 'later';
    }
    const claimed = await this.#claim(arriving);
    if (claimed === 'down') void this.#findOut(arriving);
    else if (typeof claimed === 'string') arrivals.settled(streamId);
    return claimed;
  }

  async #claim({ of, value, expected, untilMs }: Arriving): Promise<Arrived> {
    const { registry, clock, pause } = this.#deps;
    for (;;) {
      const wrote = await registry.write(of, value, expected);
      if (wrote.kind === 'ok') return { epoch: wrote.epoch };
      const held = wrote.kind === 'conflict' ? await registry.read(of) : wrote;
      if (held.kind === 'held') return held.value?.nonce === value.nonce ? { epoch: held.epoch } : 'again';
      if (clock.monotonicMs() >= untilMs) return 'down';
      await pause(AGAIN_MS);
    }
  }

  /** The publisher has gone by then, but the stream is here when the claim got through: it ends here. */
  async #findOut({ of, value, release }: Arriving): Promise<void> {
    const { streamId } = value;
    const { registry, pause } = this.#deps;
    for (;;) {
      const held = await registry.read(of);
      if (held.kind === 'down') {
        await pause(AGAIN_MS * 4);
        continue;
      }
      if (held.value?.nonce !== value.nonce) return this.arrivals?.settled(streamId);
      this.arrivals?.endArriving(streamId, 'protocol_error');
      return release(held.epoch);
    }
  }
}
