import type { NameRegistry, RegistryWrite } from '../../../src/cluster/name-registry.js';
import type { HeldName, OwnerValue } from '../../../src/cluster/owner-value.js';
import { nameKey } from '../../../src/live/name-key.js';
import type { OwnedName } from '../../../src/live/owners.js';

/** What a registry does with a write: its answer is `lost` after it was done, or it is not done at all (`away`). */
export type WriteFault = 'lost' | 'away' | undefined;

type Down = Extract<RegistryWrite, { kind: 'down' }>;

const AWAY: Down = { kind: 'down', why: 'away', isUnsure: false };
const LOST: Down = { kind: 'down', why: 'no answer', isUnsure: true };

/** The registry of all nodes of a test, in memory. */
export class SharedRegistry {
  created = '2026-01-01T00:00:00Z';
  revision = 0;
  readonly held = new Map<string, { readonly value: OwnerValue; readonly revision: number }>();
  /** Names that were ever written, by key. */
  readonly names = new Map<string, OwnedName>();
  /** Every write that was done, in order. */
  readonly log: { readonly key: string; readonly value: OwnerValue; readonly revision: number }[] = [];

  /** It is made again, and knows nothing. */
  remake(): void {
    this.created = new Date(Date.parse(this.created) + 1000).toISOString();
    this.revision = 0;
    this.held.clear();
  }

  of(of: OwnedName): HeldName {
    const held = this.held.get(nameKey(of));
    return { value: held?.value, epoch: { registry: this.created, revision: held?.revision ?? 0 } };
  }

  put(of: OwnedName, value: OwnerValue, expected: number): number | undefined {
    const key = nameKey(of);
    if ((this.held.get(key)?.revision ?? 0) !== expected) return undefined;
    const revision = ++this.revision;
    this.held.set(key, { value, revision });
    this.names.set(key, of);
    this.log.push({ key, value, revision });
    return revision;
  }
}

/** The registry as one node reaches it. */
export class NodeRegistry
  implements Pick<NameRegistry, 'names' | 'read' | 'write' | 'purge' | 'look' | 'trouble' | 'created'>
{
  trouble = '';
  created = '';
  reads = 0;
  writes = 0;
  /** Whether it can be asked. */
  isAway = false;
  /** Decides about each write. */
  fault: () => WriteFault = () => undefined;
  /** Awaited before each request is served. */
  delay: () => Promise<void> = () => Promise.resolve();
  readonly purged: string[] = [];
  readonly #shared: SharedRegistry;

  constructor(shared: SharedRegistry) {
    this.#shared = shared;
  }

  async look(): Promise<string | Down> {
    await this.delay();
    if (this.isAway) return AWAY;
    this.trouble = '';
    this.created = this.#shared.created;
    return this.created;
  }

  async read(of: OwnedName): Promise<({ readonly kind: 'held' } & HeldName) | Down> {
    this.reads++;
    await this.delay();
    if (this.isAway) return this.#is(AWAY);
    this.trouble = '';
    return { kind: 'held', ...this.#shared.of(of) };
  }

  async write(of: OwnedName, value: OwnerValue, expected: number): Promise<RegistryWrite> {
    this.writes++;
    await this.delay();
    const fault = this.isAway ? 'away' : this.fault();
    if (fault === 'away') return this.#is(AWAY);
    const revision = this.#shared.put(of, value, expected);
    if (fault === 'lost') return this.#is(LOST);
    this.trouble = '';
    return revision === undefined
      ? { kind: 'conflict' }
      : { kind: 'ok', epoch: { registry: this.#shared.created, revision } };
  }

  async names(): Promise<readonly OwnedName[] | undefined> {
    if (this.isAway) return undefined;
    return [...this.#shared.names.values()];
  }

  async purge(of: OwnedName, revision: number): Promise<boolean> {
    await this.delay();
    if (this.isAway) return false;
    const key = nameKey(of);
    if ((this.#shared.held.get(key)?.revision ?? 0) <= revision) this.#shared.held.delete(key);
    this.purged.push(key);
    return true;
  }

  #is(down: Down): Down {
    this.trouble = down.why;
    return down;
  }
}
