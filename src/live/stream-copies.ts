import type { MemoryAccount } from '../core/memory-account.js';
import type { RelayEvents } from '../events/relay-events.js';
import type { CopyOf } from '../model/copy-of.js';
import type { PublishRefusal } from '../model/refusals.js';
import type { ByteSide, NameRequest, PlayCounters, PublishAsk, Refusal } from './access.js';
import { nameKey } from './name-key.js';
import type { OpenAsk } from './open-asks.js';
import type { PlayedStream } from './played-stream.js';
import { BUSY, GONE, refusedWith } from './publish-refusals.js';
import { type CopyEnd, relayEndOf, StreamCopy } from './stream-copy.js';
import { toldEnd } from './told-end.js';

/** The parts with which copies are decided. */
interface StreamCopiesParts {
  readonly bytes: ByteSide;
  readonly lifecycle: { readonly relays: Pick<RelayEvents, 'ofCopy'> };
  readonly memory: Pick<MemoryAccount, 'isOver'>;
  /** Whether a stream of this node has the name, or is about to begin under it, by {@link nameKey}. */
  readonly isTaken: (key: string) => boolean;
  readonly plays: {
    adopt(stream: PlayedStream): void;
    streamEnded(stream: PlayedStream, plays: readonly PlayCounters[]): void;
  };
}

/**
 * The copies of streams that other nodes own. They begin as publishes of the server itself and skip what is decided
 * about publishers: who has the name was decided for the owner.
 */
export class StreamCopies {
  readonly #parts: StreamCopiesParts;
  readonly #byId = new Map<string, StreamCopy>();
  readonly #byName = new Map<string, StreamCopy>();

  constructor(parts: StreamCopiesParts) {
    this.#parts = parts;
  }

  get(streamId: string): StreamCopy | undefined {
    return this.#byId.get(streamId);
  }

  /** The copy under a name, by {@link nameKey}. */
  of(key: string): StreamCopy | undefined {
    return this.#byName.get(key);
  }

  /** Begins a copy, or gives it the connection that carries it from now on. Players that wait for the name join it. */
  decide({ id, facts, request }: PublishAsk, of: CopyOf, open: OpenAsk): void {
    const { streamId, attempts, nodeId: fromNode, epoch, url } = of;
    const held = this.#byName.get(nameKey(request));
    const isBack = held?.relayId === of.relayId && held.streamId === streamId;
    const refusal = open.withdrawn === undefined ? this.#refusal(request, isBack) : GONE;
    if (refusal !== undefined) {
      open.answer({ kind: 'publishRefused', id, refusal });
      return;
    }
    const copy = isBack ? held : this.#begin(of, request);
    const { connectionId, peer } = facts;
    copy.teller.started({ connectionId, peer, attempts, fromNode, epoch, url });
    if (!isBack) this.#parts.plays.adopt(copy);
    open.answer({ kind: 'publishAccepted', id, streamId, heldFor: [] });
  }

  /**
   * A stream of this node has won the name: the copy ends, and its players wait for the new stream.
   *
   * @returns resolves when it has ended; undefined: there is none
   */
  giveWay(key: string): Promise<void> | undefined {
    const copy = this.#byName.get(key);
    if (copy === undefined) return undefined;
    const code = 'ERR_PUBLISH_REPLACED';
    const told = { description: toldEnd(code), code } as const;
    this.#parts.bytes.order({ kind: 'endStream', streamId: copy.streamId, reason: 'takeover', ...told });
    return copy.over;
  }

  /** @param isBack whether the copy is there already */
  #refusal(request: NameRequest, isBack: boolean): Refusal<PublishRefusal> | undefined {
    if (isBack) return undefined;
    // A node that drains goes on for the players that it has, also when their stream has gone to another node.
    const key = nameKey(request);
    if (this.#byName.has(key) || this.#parts.isTaken(key)) return BUSY;
    return this.#parts.memory.isOver ? refusedWith('ERR_LIMIT_MEMORY') : undefined;
  }

  #begin(of: CopyOf, { app, name }: NameRequest): StreamCopy {
    const { relayId, streamId } = of;
    const teller = this.#parts.lifecycle.relays.ofCopy({ relayId, streamId, app, name });
    const copy = new StreamCopy(of, { app, name }, teller, (...ended) => this.#ended(...ended));
    this.#parts.bytes.order({ kind: 'nameWon', streamId, app, name });
    this.#byId.set(streamId, copy);
    this.#byName.set(nameKey(copy), copy);
    return copy;
  }

  #ended(copy: StreamCopy, { reason, counters, plays }: CopyEnd): void {
    const key = nameKey(copy);
    this.#byId.delete(copy.streamId);
    if (this.#byName.get(key) === copy) this.#byName.delete(key);
    this.#parts.plays.streamEnded(copy, plays);
    copy.teller.ended(relayEndOf(reason), { bytes: counters.payloadBytes, drops: counters.drops });
  }
}
