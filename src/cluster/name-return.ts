import type { Logger } from '../core/log.js';
import type { OwnedName, OwnerNews } from '../live/owners.js';
import type { Epoch } from '../model/epoch.js';
import type { HolderCheck } from './holder-check.js';
import type { NameRegistry } from './name-registry.js';
import type { OwnName, OwnNames } from './own-names.js';
import type { HeldName, OwnerValue } from './owner-value.js';

/** Names that are looked up at a time. */
const AT_ONCE = 16;
/** When names are looked up again that could not be, in ms. */
const AGAIN_MS = 2000;
/** How often it is looked whether the registry is still the same one, in ms. */
const LOOK_MS = 30_000;
/** Writes of one look that came too late. */
const MOST_WRITES = 5;

/** What is needed to find out what became of names. */
interface NameReturnDeps {
  readonly names: OwnNames;
  readonly nodeId: string;
  /** ULID of this process. */
  readonly bootId: string;
  readonly registry: Pick<NameRegistry, 'read' | 'write' | 'look' | 'trouble'>;
  readonly holders: Pick<HolderCheck, 'judge'>;
  readonly log: Logger;
  /** Tells a change of the owner of a name. */
  readonly tell: (of: OwnedName, news: OwnerNews) => void;
  /** An open stream has another epoch from now on. */
  readonly adopted: (streamId: string, epoch: Epoch) => void;
  /** Another node has the name of an open stream. */
  readonly lost: (streamId: string) => void;
}

/**
 * Finds out which of its names a process still has: after it could not write, after the registry was made again, and
 * when it is told that another node has claimed one. A name that is not in the registry is claimed again. One that
 * another node has is lost, and nothing is written over it, but for a name that was taken while the registry could not
 * be asked: of those the older claim stays.
 */
export class NameReturn {
  readonly #deps: NameReturnDeps;
  /** Looks at names that begin when the one that is under way has ended. */
  readonly #queued = new WeakMap<OwnName, Promise<boolean>>();
  #running = false;
  /** Whether all names are to be looked up, once more. */
  #isWanted = false;
  /** When names are looked up again, by the clock of ticks. */
  #dueMs: number | undefined;
  #lookMs: number | undefined;
  /** Why the registry could not be used, as was told. */
  #told = '';

  constructor(deps: NameReturnDeps) {
    this.#deps = deps;
  }

  /** Looks all names up. */
  all(): void {
    this.#isWanted = true;
    if (!this.#running) void this.#run();
  }

  /** Looks all names up in a while. */
  later(): void {
    this.#dueMs ??= Number.NEGATIVE_INFINITY;
  }

  /** Looks one name up. */
  check(name: OwnName): Promise<boolean> {
    if (!this.#deps.names.has(name)) return Promise.resolve(true);
    const open = name.checking;
    const queued = open && this.#queued.get(name);
    if (queued !== undefined) return queued;
    // What is under way may have read before the change that is told of now. One look after it sees all that was told.
    const checked = (open ?? Promise.resolve()).then(() => {
      this.#queued.delete(name);
      return this.#check(name);
    });
    if (open !== undefined) this.#queued.set(name, checked);
    const checking = checked.then(() => {
      if (name.checking === checking) name.checking = undefined;
    });
    name.checking = checking;
    return checked;
  }

  /** Does what is due by time. */
  tick(nowMs: number): void {
    if (this.#dueMs === Number.NEGATIVE_INFINITY) this.#dueMs = nowMs + AGAIN_MS;
    if (this.#dueMs !== undefined && nowMs >= this.#dueMs) {
      this.#dueMs = undefined;
      this.all();
    }
    this.#lookMs ??= nowMs + LOOK_MS;
    const { names, registry } = this.#deps;
    if (nowMs < this.#lookMs || (names.size === 0 && registry.trouble === '')) return;
    this.#lookMs = nowMs + LOOK_MS;
    void this.look();
  }

  /**
   * Looks whether the registry is there, and whether it is the one that knows these names: one that was made again
   * knows none. One that answers again is in no trouble, also where nobody claims anything.
   */
  async look(): Promise<void> {
    const { registry, names, log } = this.#deps;
    const looked = await registry.look();
    if (typeof looked !== 'string') {
      const { why: cause } = looked;
      if (cause !== this.#told) log.warn({ cause }, 'the registry of names cannot be used: no publish can get a name');
      this.#told = cause;
      return;
    }
    this.#told = '';
    if ([...names.all].some(({ epoch }) => epoch.registry !== looked)) this.all();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#isWanted) {
      this.#isWanted = false;
      const names = this.#deps.names.all;
      const turn = async (): Promise<void> => {
        for (const name of names) {
          if (await this.check(name)) continue;
          this.later();
          return;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, turn));
    }
    this.#running = false;
  }

  /** @returns whether the registry has answered */
  async #check(name: OwnName): Promise<boolean> {
    const { names, registry } = this.#deps;
    for (let writes = 0; writes < MOST_WRITES && names.has(name); writes++) {
      const held = await registry.read(name.of);
      if (held.kind === 'down') return false;
      if (!names.has(name)) return true;
      const { value } = held;
      if (value !== undefined && this.#isStill(name, value)) {
        if (value.state === 'live') this.#adopt(name, value, held.epoch);
        return true;
      }
      const isFree = value === undefined || value.state === 'released';
      if (!isFree && !(await this.#isOlder(name, value))) {
        this.#lose(name, held);
        return true;
      }
      const wrote = await registry.write(name.of, name.value, held.epoch.revision);
      if (wrote.kind === 'down') {
        name.isUnsure ||= wrote.isUnsure;
        return false;
      }
      if (wrote.kind === 'conflict') continue;
      this.#adopt(name, name.value, wrote.epoch);
      this.#deps.tell(name.of, { state: 'live', nodeId: this.#deps.nodeId, epoch: wrote.epoch });
      return true;
    }
    return true;
  }

  /** Whether the registry says that this stream has the name. */
  #isStill({ streamId }: OwnName, held: OwnerValue): boolean {
    const { nodeId, bootId } = this.#deps;
    return held.state !== 'released' && held.streamId === streamId && held.nodeId === nodeId && held.bootId === bootId;
  }

  /** Whether a name that was taken without the registry is claimed over its present holder. */
  async #isOlder({ epoch, value }: OwnName, held: OwnerValue): Promise<boolean> {
    if (epoch.revision > 0) return false;
    if (held.nodeId === this.#deps.nodeId && held.bootId === this.#deps.bootId) return true;
    if (Date.parse(value.claimedAt) < Date.parse(held.claimedAt)) return true;
    return (await this.#deps.holders.judge(held)) === 'gone';
  }

  #adopt(name: OwnName, value: OwnerValue, epoch: Epoch): void {
    const isSame = name.epoch.revision === epoch.revision && name.epoch.registry === epoch.registry;
    name.value = value;
    name.epoch = epoch;
    name.isUnsure = false;
    if (!isSame) this.#deps.adopted(name.streamId, epoch);
  }

  #lose(name: OwnName, held: HeldName): void {
    const { names, log, lost } = this.#deps;
    names.remove(name);
    const { app, name: stream } = name.of;
    const fields = { app, name: stream, streamId: name.streamId, holder: held.value?.nodeId };
    log.warn({ ...fields, code: 'ERR_CLUSTER_FENCED' }, 'another node has the name: the stream ends here');
    lost(name.streamId);
  }
}
