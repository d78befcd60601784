import type { Clock } from '../core/clock.js';
import { newId } from '../core/ids.js';
import type { OwnedName, OwnerNews, Owners } from '../live/owners.js';
import type { Epoch } from '../model/epoch.js';
import type { NameRegistry } from './name-registry.js';
import type { OwnName, OwnNames } from './own-names.js';
import type { HeldName } from './owner-value.js';

/** How long a name stays `moving` before the one that had it takes it back, in ms. */
const MOVING_MS = 3000;
/** When the registry is asked again that did not answer, in ms. */
const AGAIN_MS = 1000;

/** What handing over names needs. */
interface NameHandoversDeps {
  readonly names: OwnNames;
  readonly nodeId: string;
  /** ULID of this process. */
  readonly bootId: string;
  readonly registry: Pick<NameRegistry, 'read' | 'write'>;
  readonly owners: Pick<Owners, 'listen'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly pause: (ms: number) => Promise<void>;
  /** Tells a change of the owner of a name. */
  readonly tell: (of: OwnedName, news: OwnerNews) => void;
  /** This process has a name again. */
  readonly keep: (name: OwnName) => void;
}

/** What becomes of streams whose name is handed over. */
interface HandoverEnds {
  /** Another node has the stream. */
  gone(streamId: string): void;
  /** Nobody has taken it. */
  takeBack(streamId: string, epoch: Epoch): void;
  /** Nobody has taken it, and another stream has its name. */
  lost(streamId: string): void;
}

interface Handover {
  readonly name: OwnName;
  readonly untilMs: number;
  /** Looks now. */
  wake: () => void;
}

/**
 * Hands names over to other nodes: writes that they are `moving`, and finds out who has them then. A name that nobody
 * takes in three seconds is claimed back over that write, so that either the other node's claim gets through or this
 * one's.
 */
export class NameHandovers {
  ends: HandoverEnds | undefined;
  readonly #deps: NameHandoversDeps;
  readonly #open = new Map<string, Handover>();

  constructor(deps: NameHandoversDeps) {
    this.#deps = deps;
  }

  /** Whether the registry says that a stream has its name here, so that it could be handed over. */
  has(streamId: string): boolean {
    return (this.#deps.names.ofStream(streamId)?.epoch.revision ?? 0) > 0;
  }

  /**
   * Hands the name of a stream over that has left.
   *
   * @param to node id
   * @returns the revision that its claim has to expect; undefined: it could not be written, and {@link ends} is told
   *   what becomes of the stream
   */
  async begin(streamId: string, to: string): Promise<number | undefined> {
    const { names, registry, clock, nodeId, tell } = this.#deps;
    const name = names.ofStream(streamId);
    if (name === undefined) return undefined;
    await name.checking;
    names.remove(name);
    const { of, value, epoch } = name;
    const moving = { ...value, state: 'moving', to, nonce: newId(), liveRevision: epoch.revision } as const;
    const wrote = await registry.write(of, moving, epoch.revision);
    const untilMs = clock.monotonicMs() + (wrote.kind === 'ok' ? MOVING_MS : 0);
    const handover: Handover = { name, untilMs, wake: () => {} };
    this.#open.set(streamId, handover);
    void this.#watch(handover);
    if (wrote.kind !== 'ok') return undefined;
    tell(of, { state: 'moving', nodeId, epoch: wrote.epoch });
    return wrote.epoch.revision;
  }

  async #watch(handover: Handover): Promise<void> {
    const { owners, nodeId, clock, pause } = this.#deps;
    const { of, streamId } = handover.name;
    const stop = owners.listen(of, (news) => {
      if (news.nodeId !== nodeId) handover.wake();
    });
    for (;;) {
      const leftMs = handover.untilMs - clock.monotonicMs();
      const woken = new Promise<void>((resolve) => {
        handover.wake = resolve;
      });
      if (leftMs > 0) await Promise.race([pause(leftMs), woken]);
      const looked = await this.#look(handover);
      if (looked === 'done') break;
      if (looked === 'down') await Promise.race([pause(AGAIN_MS), woken]);
    }
    stop();
    this.#open.delete(streamId);
  }

  /** @returns `wait`: nothing has changed, or it is to be looked at again at once; `down`: the registry is silent */
  async #look({ name, untilMs }: Handover): Promise<'done' | 'wait' | 'down'> {
    const { registry, clock, nodeId, tell } = this.#deps;
    const held = await registry.read(name.of);
    if (held.kind === 'down') return 'down';
    const state = this.#stateOf(name, held);
    if (state === 'gone') return this.#is(() => this.ends?.gone(name.streamId));
    if (state === 'live') return this.#back(name, held);
    if (state === 'lost') {
      // It is open here once more, and ends as one whose name another node has taken.
      return this.#is(() => {
        this.ends?.takeBack(name.streamId, held.epoch);
        this.ends?.lost(name.streamId);
      });
    }
    if (clock.monotonicMs() < untilMs) return 'wait';
    const value = { ...name.value, state: 'live', nonce: newId() } as const;
    const wrote = await registry.write(name.of, value, held.epoch.revision);
    if (wrote.kind === 'down') return 'down';
    if (wrote.kind === 'conflict') return 'wait';
    tell(name.of, { state: 'live', nodeId, epoch: wrote.epoch });
    return this.#back(name, { value, epoch: wrote.epoch });
  }

  #stateOf({ streamId }: OwnName, { value }: HeldName): 'gone' | 'live' | 'moving' | 'lost' {
    const { nodeId, bootId } = this.#deps;
    // A registry that was made again knows nobody, so that nobody has taken it.
    if (value === undefined) return 'moving';
    // Whoever had it by then has ended it, or hands it on, when its name is free or of another stream.
    if (value?.streamId !== streamId) return 'lost';
    if (value.nodeId !== nodeId || value.bootId !== bootId) return 'gone';
    return value.state === 'released' ? 'lost' : value.state;
  }

  #back(name: OwnName, { value, epoch }: HeldName): 'done' {
    if (value !== undefined) name.value = value;
    name.epoch = epoch;
    this.#deps.keep(name);
    return this.#is(() => this.ends?.takeBack(name.streamId, epoch));
  }

  #is(told: () => void): 'done' {
    told();
    return 'done';
  }
}
