import type { Clock } from '../core/clock.js';
import { newId } from '../core/ids.js';
import { retryDelayMs } from '../core/retry-delay.js';
import { nameKey } from '../live/name-key.js';
import type { OwnedName, OwnerNews } from '../live/owners.js';
import type { NameRegistry } from './name-registry.js';
import type { OwnerValue } from './owner-value.js';

/** How long the value of a released name is kept, in ms. */
const KEPT_MS = 3_600_000;
/** Names whose released value is known; more are purged sooner. */
const MOST_RELEASED = 20_000;
/** Names that are purged in one turn. */
const PURGED_AT_ONCE = 8;
/** First and longest time between attempts to release a name, in ms. */
const RETRY_MS = [250, 5000] as const;
/** When a purge that failed is tried again, in ms. */
const PURGE_AGAIN_MS = 60_000;

/** A name that this node leaves. */
interface LeftName {
  readonly of: OwnedName;
  /** As it was claimed. */
  readonly value: OwnerValue;
  /** Revision of the claim; or what the claim expected, when it is not known whether that was written. */
  readonly revision: number;
  readonly isUnsure: boolean;
}

/** What releases are made with. */
interface ReleasesDeps {
  readonly registry: Pick<NameRegistry, 'write' | 'read' | 'purge' | 'trouble'>;
  readonly clock: Clock;
  /** Tells a change of the owner of a name. */
  readonly tell: (of: OwnedName, news: OwnerNews) => void;
  readonly pause: (ms: number) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
}

interface Leaving {
  isStopped: boolean;
  /** Revision that the name has, as far as it is known. */
  revision: number;
  /** The write that is under way. */
  writing: Promise<void>;
}

interface Released {
  readonly of: OwnedName;
  readonly revision: number;
  dueMs: number;
}

/**
 * Releases names: writes that they are free, over what this node wrote and nothing else, until the registry has
 * answered. The values go an hour later. A write whose answer is lost may still be done, so a claim that was given up
 * is released by a write that expects the same revision: one of the two gets through.
 */
export class Releases {
  readonly #deps: ReleasesDeps;
  readonly #leaving = new Map<string, Leaving>();
  /** Oldest first. */
  readonly #released = new Map<string, Released>();
  #purging = false;
  #isClosed = false;

  constructor(deps: ReleasesDeps) {
    this.#deps = deps;
  }

  /** Names that are being released, while the registry answers. */
  get running(): number {
    return this.#deps.registry.trouble === '' ? this.#leaving.size : 0;
  }

  /** Releases a name. */
  release(left: LeftName): void {
    if (this.#isClosed) return;
    const leaving: Leaving = { isStopped: false, revision: left.revision, writing: Promise.resolve() };
    this.#leaving.set(nameKey(left.of), leaving);
    void this.#run(left, leaving);
  }

  /**
   * A name is claimed here again: its release is stopped.
   *
   * @returns the revision that the claim has to expect, as far as this node knows; 0: it knows nothing
   */
  async stop(of: OwnedName): Promise<number> {
    const key = nameKey(of);
    const leaving = this.#leaving.get(key);
    if (leaving !== undefined) {
      leaving.isStopped = true;
      await leaving.writing;
      this.#leaving.delete(key);
    }
    const released = this.#released.get(key);
    this.#released.delete(key);
    return released?.revision ?? leaving?.revision ?? 0;
  }

  /** Purges what was released long ago. Call it a few times a second. */
  tick(nowMs: number): void {
    if (this.#purging || this.#isClosed) return;
    const due: [string, Released][] = [];
    for (const entry of this.#released) {
      const isTooMany = this.#released.size - due.length > MOST_RELEASED;
      if (due.length >= PURGED_AT_ONCE || (entry[1].dueMs > nowMs && !isTooMany)) break;
      due.push(entry);
    }
    if (due.length > 0) void this.#purge(due);
  }

  /** Nothing more is released or purged. */
  close(): void {
    this.#isClosed = true;
    for (const leaving of this.#leaving.values()) leaving.isStopped = true;
    this.#leaving.clear();
  }

  async #run(left: LeftName, leaving: Leaving): Promise<void> {
    const { value, of } = left;
    const key = nameKey(of);
    const nonce = newId();
    let { isUnsure } = left;
    for (let failures = 1; !leaving.isStopped; failures++) {
      const attempt = this.#attempt(left, leaving, { ...value, nonce }, isUnsure);
      leaving.writing = attempt.then(() => undefined);
      const result = await attempt;
      if (result === 'done') break;
      isUnsure ||= result === 'unsure';
      if (leaving.isStopped) return;
      await this.#deps.pause(retryDelayMs(failures, RETRY_MS, this.#deps.random()));
    }
    if (!leaving.isStopped && this.#leaving.get(key) === leaving) this.#leaving.delete(key);
  }

  /** @param isUnsure whether an earlier write may have been done, so that a conflict may be its doing */
  async #attempt(
    { of, value: claimed }: LeftName,
    leaving: Leaving,
    value: OwnerValue,
    isUnsure: boolean,
  ): Promise<'done' | 'failed' | 'unsure'> {
    const { registry } = this.#deps;
    const free: OwnerValue = { ...value, state: 'released', liveRevision: leaving.revision };
    const wrote = await registry.write(of, free, leaving.revision);
    if (wrote.kind === 'ok') return this.#done(of, value.nodeId, wrote.epoch);
    if (wrote.kind === 'down') return wrote.isUnsure ? 'unsure' : 'failed';
    const held = await registry.read(of);
    if (held.kind === 'down') return 'failed';
    const { nonce } = held.value ?? {};
    if (isUnsure && nonce === value.nonce) return this.#done(of, value.nodeId, held.epoch);
    // Another node has the name now, or another stream: nothing is written. A late write of this process about the same
    // stream is written over, for nobody else would ever free the name while this process lives.
    if (nonce !== claimed.nonce && !isStillOf(claimed, held.value)) return 'done';
    leaving.revision = held.epoch.revision;
    return 'failed';
  }

  #done(of: OwnedName, nodeId: string, epoch: OwnerNews['epoch']): 'done' {
    const { clock, random, tell } = this.#deps;
    const dueMs = clock.monotonicMs() + KEPT_MS * (1 + random() / 10);
    this.#released.set(nameKey(of), { of, revision: epoch.revision, dueMs });
    tell(of, { state: 'released', nodeId, epoch });
    return 'done';
  }

  async #purge(due: readonly [string, Released][]): Promise<void> {
    this.#purging = true;
    for (const [key, released] of due) {
      const isPurged = await this.#deps.registry.purge(released.of, released.revision);
      if (this.#released.get(key) !== released) continue;
      this.#released.delete(key);
      if (isPurged) continue;
      released.dueMs = this.#deps.clock.monotonicMs() + PURGE_AGAIN_MS;
      this.#released.set(key, released);
    }
    this.#purging = false;
  }
}

/** Whether a value says that the same process has the same stream. */
function isStillOf({ nodeId, bootId, streamId }: OwnerValue, held: OwnerValue | undefined): boolean {
  if (held === undefined || held.state === 'released') return false;
  return held.nodeId === nodeId && held.bootId === bootId && held.streamId === streamId;
}
