import type { Clock } from '../../core/clock.js';
import type { Ban, BanKind } from '../../model/ban.js';
import { BanBucket, type BanBucketDeps } from './ban-bucket.js';
import type { BanFile, KeptBan } from './ban-file.js';
import type { BanList, BanStore } from './ban-list.js';

/**
 * Keeps the bans of a {@link BanList}: in a file for the next start, and, with NATS, in a bucket that all nodes share.
 * What could not be written to the bucket is written with the next connection.
 */
export class BanKeeper implements BanStore {
  readonly #list: BanList;
  readonly #file: BanFile;
  readonly #clock: Clock;
  readonly #bucket: BanBucket | undefined;
  #isOpen = false;
  /** Bans that the bucket does not have yet, and those that it still has, by kind and value. */
  readonly #unshared = new Map<string, { readonly ban: Pick<Ban, 'kind' | 'value'>; readonly isRemoved: boolean }>();

  /** @param nats undefined: bans are this node's alone */
  constructor(
    list: BanList,
    file: BanFile,
    clock: Clock,
    nats?: Pick<BanBucketDeps, 'link' | 'requests' | 'log' | 'replicas'>,
  ) {
    this.#list = list;
    this.#file = file;
    this.#clock = clock;
    if (nats !== undefined) {
      this.#bucket = new BanBucket({
        ...nats,
        found: (ban) => this.#found(ban),
        gone: (kind, value) => this.#gone(kind, value),
        read: (found) => this.#read(found),
        beforeRead: () => this.#share(),
      });
    }
  }

  /** Why bans are not shared with other nodes; empty when they are, or are not to be. */
  get problem(): string {
    return this.#bucket?.problem ?? '';
  }

  /**
   * Reads what was kept, hands it to the list, and begins to follow the bucket.
   *
   * @throws SluiceError ERR_DATA_FOLDER when the file cannot be read
   */
  async open(): Promise<void> {
    for (const kept of await this.#file.read()) {
      const { unshared, ...ban } = kept;
      if (this.#list.take(ban) !== undefined && unshared === true) this.#note(ban, false);
    }
    this.#isOpen = true;
    this.#bucket?.start();
  }

  async put(ban: Ban): Promise<boolean> {
    if (this.#bucket === undefined) return this.#write();
    this.#note(ban, false);
    const isShared = await this.#bucket.put(ban);
    if (isShared) this.#unshared.delete(keyOf(ban));
    await this.#write();
    return isShared;
  }

  async remove(kind: BanKind, value: string): Promise<boolean> {
    if (this.#bucket === undefined) return this.#write();
    this.#note({ kind, value }, true);
    const isShared = await this.#bucket.remove(kind, value);
    if (isShared) this.#unshared.delete(keyOf({ kind, value }));
    await this.#write();
    return isShared;
  }

  sweep(over: readonly Ban[]): void {
    if (over.length === 0) return;
    const nowMs = this.#clock.wallMs();
    for (const ban of over) this.#unshared.delete(keyOf(ban));
    void this.#write();
    void (async () => {
      for (const { kind, value } of over) await this.#bucket?.sweep(kind, value, nowMs);
    })();
  }

  async close(): Promise<void> {
    this.#bucket?.close();
    // What was never read must not be written over.
    if (this.#isOpen) await this.#write();
  }

  #note(ban: Pick<Ban, 'kind' | 'value'>, isRemoved: boolean): void {
    this.#unshared.set(keyOf(ban), { ban, isRemoved });
  }

  /** Writes what the bucket has missed. */
  async #share(): Promise<void> {
    const kept = new Map(this.#list.kept().map((ban) => [keyOf(ban), ban]));
    for (const [key, { ban, isRemoved }] of [...this.#unshared]) {
      const held = kept.get(key);
      const isDone = isRemoved
        ? await this.#bucket!.remove(ban.kind, ban.value)
        : held === undefined || (await this.#bucket!.put(held));
      if (isDone) this.#unshared.delete(key);
    }
  }

  #found(ban: Ban): void {
    if (this.#unshared.get(keyOf(ban))?.isRemoved === true) return;
    if (ban.untilMs > this.#clock.wallMs()) this.#list.take(ban);
    else void this.#bucket?.sweep(ban.kind, ban.value, this.#clock.wallMs());
    void this.#write();
  }

  #gone(kind: BanKind, value: string): void {
    if (this.#unshared.has(keyOf({ kind, value }))) return;
    if (this.#list.forget(kind, value)) void this.#write();
  }

  #read(found: readonly Ban[]): void {
    const keys = new Set(found.map(keyOf));
    for (const ban of this.#list.kept()) {
      if (!keys.has(keyOf(ban)) && !this.#unshared.has(keyOf(ban))) this.#list.forget(ban.kind, ban.value);
    }
    for (const ban of found) this.#found(ban);
    void this.#write();
  }

  #write(): Promise<boolean> {
    return this.#file.write(() => this.#records());
  }

  #records(): readonly KeptBan[] {
    return this.#list.kept().map((ban) => (this.#unshared.has(keyOf(ban)) ? { ...ban, unshared: true } : ban));
  }
}

function keyOf({ kind, value }: Pick<Ban, 'kind' | 'value'>): string {
  return `${kind} ${value}`;
}
