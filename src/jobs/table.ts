import type { KvEntry, KvWrite } from '../nats/kv-bucket.js';

/**
 * A table of values by key, each write of which may be bound to a revision: a bucket of NATS with a copy in memory, or
 * a folder of one runner.
 */
export interface Table<T> {
  /** Whether {@link entries} show all that was written when the connection was made. */
  readonly isComplete: boolean;
  /** The newest values that are known here; another runner may have written since. */
  entries(): ReadonlyMap<string, KvEntry<T>>;
  /**
   * Reads a value where it is kept.
   *
   * @returns undefined when there is none
   * @throws SluiceError ERR_JOB_STORE when it cannot be read now
   */
  read(key: string): Promise<KvEntry<T> | undefined>;
  /**
   * Writes a value if `revision` is still its newest; 0: if there is none. Never rejects. A write whose answer was lost
   * is looked up, and known by `isOurs`.
   */
  write(key: string, value: T, revision: number, isOurs: (value: T) => boolean): Promise<KvWrite>;
  /** Removes a value and every trace of it, up to a revision. Never rejects. */
  purge(key: string, revision: number): Promise<void>;
  /** Calls `listener` for each value that has changed; undefined: it was removed. */
  onChange(listener: (key: string, entry: KvEntry<T> | undefined) => void): void;
}
