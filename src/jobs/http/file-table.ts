import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KvEntry, KvWrite } from '../../nats/kv-bucket.js';
import type { Table } from '../table.js';

/** Ending of a file that holds a value; another one is of a write that was not finished. */
const ENDING = '.json';
/** File of a revision that is higher than all. */
const HIGHEST = '.highest';

/**
 * A table in a folder, for a runner that is alone: one file a value, whose revision counts over the whole table. Only
 * one process uses it; what it says of others' writes is what this process has written.
 */
export class FileTable<T> implements Table<T> {
  readonly isComplete = true;
  readonly #folder: string;
  readonly #entries = new Map<string, KvEntry<T>>();
  readonly #listeners = new Set<(key: string, entry: KvEntry<T> | undefined) => void>();
  #revision = 0;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Opens a table, made when it is missing.
   *
   * @param isValue whether a value is one that this version understands
   * @throws the system's error when the folder cannot be used
   */
  static async open<T>(folder: string, isValue: (value: unknown) => value is T): Promise<FileTable<T>> {
    const table = new FileTable<T>(folder);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const file of await readdir(folder)) {
      const path = join(folder, file);
      if (file === HIGHEST) continue;
      if (!file.endsWith(ENDING)) {
        await rm(path, { force: true, recursive: true });
        continue;
      }
      const entry = entryIn(await readFile(path, 'utf8'));
      if (entry === undefined || !isValue(entry.value)) continue;
      table.#entries.set(entry.key, { value: entry.value, revision: entry.revision });
      table.#revision = Math.max(table.#revision, entry.revision);
    }
    // A value with a higher revision may have been removed: tokens must grow over restarts as well.
    table.#revision = Math.max(table.#revision, await table.#highest()) + 1;
    await table.#store(HIGHEST, String(table.#revision + SPARE));
    return table;
  }

  entries(): ReadonlyMap<string, KvEntry<T>> {
    return this.#entries;
  }

  onChange(listener: (key: string, entry: KvEntry<T> | undefined) => void): void {
    this.#listeners.add(listener);
  }

  async read(key: string): Promise<KvEntry<T> | undefined> {
    return this.#entries.get(key);
  }

  /** Writes one after the other, so that a file is never older than what is told. */
  write(key: string, value: T, revision: number): Promise<KvWrite> {
    const written = this.#writing.then(() => this.#write(key, value, revision));
    this.#writing = written;
    return written;
  }

  purge(key: string, revision: number): Promise<void> {
    const purged = this.#writing.then(async () => {
      const entry = this.#entries.get(key);
      if (entry === undefined || entry.revision > revision) return;
      await rm(join(this.#folder, fileOf(key)), { force: true }).catch(() => undefined);
      this.#entries.delete(key);
      this.#tell(key, undefined);
    });
    this.#writing = purged;
    return purged;
  }

  async #write(key: string, value: T, revision: number): Promise<KvWrite> {
    if ((this.#entries.get(key)?.revision ?? 0) !== revision) return { kind: 'conflict' };
    const entry = { value, revision: this.#revision + 1 };
    try {
      if (entry.revision % SPARE === 0) await this.#store(HIGHEST, String(entry.revision + 2 * SPARE));
      await this.#store(fileOf(key), JSON.stringify({ key, ...entry }));
    } catch (error) {
      return { kind: 'refused', text: (error as Error).message };
    }
    this.#revision = entry.revision;
    this.#entries.set(key, entry);
    this.#tell(key, entry);
    return { kind: 'ok', revision: entry.revision };
  }

  async #store(file: string, text: string): Promise<void> {
    const path = join(this.#folder, file);
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  async #highest(): Promise<number> {
    const text = await readFile(join(this.#folder, HIGHEST), 'utf8').catch(() => '0');
    return Number(text) || 0;
  }

  #tell(key: string, entry: KvEntry<T> | undefined): void {
    for (const listener of this.#listeners) listener(key, entry);
  }
}

/**
 * The values of a table, whose runner may be at work: nothing is changed.
 *
 * @param isValue whether a value is one that this version understands
 * @returns nothing when there is no such folder
 * @throws the system's error when it cannot be read
 */
export async function readFileTable<T>(
  folder: string,
  isValue: (value: unknown) => value is T,
): Promise<ReadonlyMap<string, KvEntry<T>>> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const entries = new Map<string, KvEntry<T>>();
  for (const file of files) {
    if (!file.endsWith(ENDING)) continue;
    // It may have been removed meanwhile.
    const entry = entryIn(await readFile(join(folder, file), 'utf8').catch(() => ''));
    if (entry !== undefined && isValue(entry.value))
      entries.set(entry.key, { value: entry.value, revision: entry.revision });
  }
  return entries;
}

/** So many revisions are set aside at a time, so that the highest need not be stored with each write. */
const SPARE = 1000;

/** Longest key that is the name of its file: file systems take 255 bytes. */
const LONGEST_NAME = 200;

function fileOf(key: string): string {
  return `${key.length <= LONGEST_NAME ? key : createHash('sha256').update(key).digest('hex')}${ENDING}`;
}

function entryIn(
  text: string,
): { readonly key: string; readonly value: unknown; readonly revision: number } | undefined {
  try {
    const { key, value, revision } = JSON.parse(text) as { key?: unknown; value?: unknown; revision?: unknown };
    if (typeof key !== 'string' || !Number.isSafeInteger(revision)) return undefined;
    return { key, value, revision: revision as number };
  } catch {
    return undefined;
  }
}
