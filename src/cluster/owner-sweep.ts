import { newId } from '../core/ids.js';
import type { Logger } from '../core/log.js';
import type { Directory } from '../events/directory.js';
import { nodeKey } from '../events/subjects.js';
import type { OwnedName, OwnerNews } from '../live/owners.js';
import type { HolderCheck, HolderState } from './holder-check.js';
import type { NameRegistry } from './name-registry.js';
import type { OwnerValue } from './owner-value.js';

/** Time between two looks at the whole registry, in ms. */
const SWEEP_MS = 3_600_000;
/** How long a free name is kept at least, in ms: its node forgets it at that time, when it still runs. */
const KEPT_MS = 3_600_000;
/** Most names that are looked at in one turn; those of the next turn begin behind them. */
const MOST_NAMES = 20_000;

/** What the sweep needs. */
interface OwnerSweepDeps {
  readonly nodeId: string;
  /** ULID of this process. */
  readonly bootId: string;
  readonly registry: Pick<NameRegistry, 'names' | 'read' | 'write' | 'purge'>;
  readonly directory: Pick<Directory, 'nodes'>;
  readonly holders: Pick<HolderCheck, 'judge'>;
  readonly log: Logger;
  /** Wall clock, in ms since the epoch. */
  readonly wallMs: () => number;
  /** Tells a change of the owner of a name. */
  readonly tell: (of: OwnedName, news: OwnerNews) => void;
  /** From 0 to 1. */
  readonly random: () => number;
}

/**
 * Clears the registry of what nobody else does: names of processes that are gone and that nobody has claimed since, and
 * free names whose node forgets when it stops that it had to purge them. Of all nodes the one whose key is the first
 * does it, once an hour, one name after the other. When two do it at once, each write and purge still counts for what
 * was read alone.
 */
export class OwnerSweep {
  readonly #deps: OwnerSweepDeps;
  #dueMs: number | undefined;
  #isRunning = false;
  #from = 0;

  constructor(deps: OwnerSweepDeps) {
    this.#deps = deps;
  }

  /** Begins what is due by time. Call it a few times a second. */
  tick(nowMs: number): void {
    const { random } = this.#deps;
    this.#dueMs ??= nowMs + SWEEP_MS * random();
    if (nowMs < this.#dueMs || this.#isRunning) return;
    this.#dueMs = nowMs + SWEEP_MS * (0.8 + 0.4 * random());
    void this.run();
  }

  /** Looks at the registry once, when that is for this node to do. Never rejects. */
  async run(): Promise<void> {
    this.#isRunning = true;
    try {
      if (await this.#isFirst()) await this.#sweep();
    } finally {
      this.#isRunning = false;
    }
  }

  async #isFirst(): Promise<boolean> {
    const { directory, nodeId, bootId } = this.#deps;
    const nodes = await directory.nodes();
    if ('trouble' in nodes) return false;
    const own = nodeKey(nodeId, bootId);
    const others = nodes.value.filter(({ state }) => state !== 'lost').map((node) => nodeKey(node.nodeId, node.bootId));
    return others.every((key) => key >= own);
  }

  async #sweep(): Promise<void> {
    const { registry, log } = this.#deps;
    const names = await registry.names();
    if (names === undefined) return;
    const from = this.#from < names.length ? this.#from : 0;
    const turn = names.slice(from, from + MOST_NAMES);
    this.#from = from + turn.length;
    const judged = new Map<string, Promise<HolderState>>();
    const counts = { released: 0, purged: 0 };
    for (const of of turn) {
      const held = await registry.read(of);
      if (held.kind === 'down') return;
      const { value, epoch } = held;
      if (value === undefined) continue;
      if (value.state !== 'released') counts.released += await this.#release(of, value, epoch.revision, judged);
      else if (this.#isOld(value)) counts.purged += Number(await registry.purge(of, epoch.revision));
    }
    if (counts.released + counts.purged > 0) log.info(counts, 'the registry of names was cleared of what nobody has');
  }

  /** Frees a name whose process is gone. */
  async #release(
    of: OwnedName,
    value: OwnerValue,
    revision: number,
    judged: Map<string, Promise<HolderState>>,
  ): Promise<number> {
    const { nodeId, bootId } = value;
    if (nodeId === this.#deps.nodeId && bootId === this.#deps.bootId) return 0;
    const key = nodeKey(nodeId, bootId);
    const state = judged.get(key) ?? this.#deps.holders.judge(value);
    judged.set(key, state);
    if ((await state) !== 'gone') return 0;
    const { registry, tell } = this.#deps;
    const wrote = await registry.write(of, { ...value, state: 'released', nonce: newId() }, revision);
    if (wrote.kind !== 'ok') return 0;
    tell(of, { state: 'released', nodeId, epoch: wrote.epoch });
    return 1;
  }

  /** Its claim was long ago. A free name may go at any time; it is only not to be written once more each time. */
  #isOld({ claimedAt }: OwnerValue): boolean {
    return !(this.#deps.wallMs() - Date.parse(claimedAt) < KEPT_MS);
  }
}
