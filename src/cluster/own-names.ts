import { nameKey } from '../live/name-key.js';
import type { OwnedName } from '../live/owners.js';
import type { Epoch } from '../model/epoch.js';
import type { OwnerValue } from './owner-value.js';

/** A name that this process has. */
export interface OwnName {
  readonly of: OwnedName;
  readonly streamId: string;
  /** As it was written; while the epoch has revision 0, as it would be. */
  value: OwnerValue;
  /** Revision 0: it was taken while the registry could not be asked. */
  epoch: Epoch;
  /** Revision that the claim expected. */
  readonly expected: number;
  /** Whether a write of the claim may have been done, or may still be, though no answer came. */
  isUnsure: boolean;
  /** Whether other nodes were told that its stream has begun. */
  isTold: boolean;
  /** Stops what was begun for it. */
  readonly stop: () => void;
  /** Resolves when nothing is being found out about it. */
  checking: Promise<void> | undefined;
}

/** The names that this process has, by name and by stream. */
export class OwnNames {
  readonly #byKey = new Map<string, OwnName>();
  readonly #byStream = new Map<string, OwnName>();

  get size(): number {
    return this.#byKey.size;
  }

  get all(): IterableIterator<OwnName> {
    return this.#byKey.values();
  }

  of(of: OwnedName): OwnName | undefined {
    return this.#byKey.get(nameKey(of));
  }

  ofStream(streamId: string): OwnName | undefined {
    return this.#byStream.get(streamId);
  }

  /** Whether this process has it still. */
  has(name: OwnName): boolean {
    return this.#byStream.get(name.streamId) === name;
  }

  /** Adds a name. An earlier stream of it is no owner any more. */
  add(name: OwnName): void {
    const earlier = this.of(name.of);
    if (earlier !== undefined) this.remove(earlier);
    this.#byKey.set(nameKey(name.of), name);
    this.#byStream.set(name.streamId, name);
  }

  remove(name: OwnName): void {
    if (!this.has(name)) return;
    name.stop();
    this.#byStream.delete(name.streamId);
    this.#byKey.delete(nameKey(name.of));
  }
}
