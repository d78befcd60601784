import { SluiceError } from '../../../src/core/errors.js';
import type { Table } from '../../../src/jobs/table.js';
import type { KvEntry, KvWrite } from '../../../src/nats/kv-bucket.js';

/** A bucket in memory that several runners share, each through a view of its own. */
export class SharedBucket<T> {
  readonly values = new Map<string, KvEntry<T>>();
  readonly views = new Set<SharedTable<T>>();
  /** Every write that was carried out, in order. */
  readonly writes: { readonly key: string; readonly value: T; readonly revision: number }[] = [];
  revision = 0;

  view(): SharedTable<T> {
    const view = new SharedTable<T>(this);
    this.views.add(view);
    return view;
  }

  /** Writes as another process would, whatever stands there. */
  put(key: string, value: T): number {
    const revision = ++this.revision;
    this.values.set(key, { value, revision });
    this.writes.push({ key, value, revision });
    for (const view of this.views) view.deliver(key);
    return revision;
  }
}

/** What one runner sees of a {@link SharedBucket}: changes come in a later turn, or not while it is cut off. */
export class SharedTable<T> implements Table<T> {
  isComplete = true;
  readonly #bucket: SharedBucket<T>;
  readonly #entries = new Map<string, KvEntry<T>>();
  readonly #listeners = new Set<(key: string, entry: KvEntry<T> | undefined) => void>();
  #isCut = false;
  /** The next write is carried out, and its answer lost. */
  losesAnswer = false;
  /** A key that cannot be written. */
  failsFor: string | undefined;

  constructor(bucket: SharedBucket<T>) {
    this.#bucket = bucket;
    for (const [key, entry] of bucket.values) this.#entries.set(key, entry);
  }

  /** Takes the connection away, or gives it back: then everything that was missed comes. */
  set isCut(isCut: boolean) {
    this.#isCut = isCut;
    if (isCut) return;
    for (const key of new Set([...this.#bucket.values.keys(), ...this.#entries.keys()])) this.deliver(key);
  }

  entries(): ReadonlyMap<string, KvEntry<T>> {
    return this.#entries;
  }

  onChange(listener: (key: string, entry: KvEntry<T> | undefined) => void): void {
    this.#listeners.add(listener);
  }

  async read(key: string): Promise<KvEntry<T> | undefined> {
    await turn();
    if (this.#isCut) throw new SluiceError('ERR_JOB_STORE', 'cut off');
    return this.#bucket.values.get(key);
  }

  async write(key: string, value: T, revision: number, isOurs: (value: T) => boolean): Promise<KvWrite> {
    await turn();
    if (this.#isCut || key === this.failsFor) return { kind: 'no_answer', text: 'cut off' };
    const held = this.#bucket.values.get(key);
    if ((held?.revision ?? 0) !== revision) {
      return held !== undefined && isOurs(held.value) ? { kind: 'ok', revision: held.revision } : { kind: 'conflict' };
    }
    const written = this.#bucket.put(key, structuredClone(value));
    if (!this.losesAnswer) return { kind: 'ok', revision: written };
    this.losesAnswer = false;
    return { kind: 'no_answer', text: 'the answer was lost' };
  }

  async purge(key: string, revision: number): Promise<void> {
    await turn();
    const held = this.#bucket.values.get(key);
    if (this.#isCut || held === undefined || held.revision > revision) return;
    this.#bucket.values.delete(key);
    for (const view of this.#bucket.views) view.deliver(key);
  }

  /** A value has changed: this runner sees it in a moment. */
  deliver(key: string): void {
    setImmediate(() => {
      if (this.#isCut) return;
      const entry = this.#bucket.values.get(key);
      if (entry?.revision === this.#entries.get(key)?.revision) return;
      if (entry === undefined) this.#entries.delete(key);
      else this.#entries.set(key, entry);
      for (const listener of this.#listeners) listener(key, entry);
    });
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
