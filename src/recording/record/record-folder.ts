import type { FileHandle } from 'node:fs/promises';
import { SluiceError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import type { Logger } from '../../core/log.js';
import type { RecordEvents, RecordedStream } from '../../events/record-events.js';
import type { RecordEndReason } from '../../model/recording.js';
import { FileStore } from '../file-store.js';
import { partFor } from '../media-path.js';
import { type DiskBounds, DiskGuard } from './disk-guard.js';
import { FlvHead } from './flv-head.js';
import { KeyframeIndex } from './keyframe-index.js';
import { type OpenRecordNote, OpenRecords } from './open-records.js';
import { completeHead, RecordFile, writeAll } from './record-file.js';
import type { OpenRecord } from './recorder.js';
import { scanFile } from './scan-file.js';

/** Ending of a file that is not complete. */
const PART = '.part';
/** A file that goes on does so this long after its last tag, in ms: about one frame. */
const APPEND_STEP_MS = 40;
/** Most keyframes in the index of a file: one a second of the longest that is usual, in 36 KiB. */
const MAX_KEYFRAMES = 2000;
const LEAST_KEYFRAMES = 60;
/** Most names that are tried for a file of the same second. */
const MAX_NAMES = 100;

/** A file that is open, and what the next process would be told of it. */
export interface OpenedFile extends OpenRecord {
  readonly note: OpenRecordNote;
  readonly store: FileStore;
  /** Its size when it was opened. */
  readonly bytesBefore: number;
}

/** How a file is opened. */
interface OpenHow {
  readonly part: number;
  readonly metadata: Buffer | undefined;
  readonly wrote: (error: Error | undefined) => void;
  /** Whether the newest file of the stream's name is to go on. */
  readonly isAppended: boolean;
  readonly maxMs: number;
}

/** The parts that the folder needs. */
interface FolderParts {
  readonly events: RecordEvents;
  readonly log: Logger;
  readonly wallMs: () => number;
}

/**
 * The files of recordings: how they are named, opened, completed, and completed after a crash. A file has the ending
 * `.part` until it is complete and on disk, and a note of it is in the data folder until its end is told.
 */
export class RecordFolder {
  /** Why files cannot be written, as the last attempt found; empty when they can. */
  trouble = '';
  readonly #root: string;
  readonly #notes: OpenRecords;
  readonly #parts: FolderParts;
  #opened: Promise<{ readonly store: FileStore; readonly guard: DiskGuard }> | undefined;
  #guard: DiskGuard | undefined;
  /** Paths that are being recorded to. */
  readonly #inUse = new Set<string>();

  constructor(places: { readonly root: string; readonly notes: string }, parts: FolderParts) {
    this.#root = places.root;
    this.#notes = new OpenRecords(places.notes);
    this.#parts = parts;
  }

  /** Looks how much room there is, when it is time for that. Never rejects. */
  async look(bounds: DiskBounds, nowMs: number): Promise<void> {
    const opened = await this.#open().catch(() => undefined);
    await opened?.guard.look(bounds, nowMs);
  }

  /** Why nothing may be recorded, by what is known now. */
  refusal(bounds: DiskBounds): 'quota' | 'disk_full' | undefined {
    return this.#guard?.refusal(bounds);
  }

  /**
   * Opens a file with its head on disk, and notes it.
   *
   * @throws SluiceError; the system's error
   */
  async open(stream: RecordedStream, how: OpenHow): Promise<OpenedFile> {
    try {
      const { store } = await this.#open();
      const folder = `${partFor(stream.app)}/${partFor(stream.name)}`;
      const before = how.isAppended ? await this.#newest(store, folder) : undefined;
      const appended = before === undefined ? undefined : await this.#goOn(store, before, stream, how);
      const opened = appended ?? (await this.#begin(store, folder, stream, how));
      this.trouble = '';
      return opened;
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  /**
   * Completes a file, gives it its name and tells its end. Never rejects.
   *
   * @returns bytes that it has gained; undefined when it has to wait for the next start
   */
  async complete(
    opened: OpenedFile,
    end: { readonly reason: RecordEndReason; readonly gaps: number; readonly detail: string | undefined },
  ): Promise<number | undefined> {
    const { note, store, file } = opened;
    try {
      const { bytes, lastMs } = await file.finish();
      await store.rename(`${note.file}${PART}`, lastPart(note.file));
      const gained = bytes - opened.bytesBefore;
      this.#guard?.added(note.file, bytes, opened.bytesBefore);
      await this.#tellEnd(note, { ...end, bytes, durationMs: lastMs });
      return gained;
    } catch (error) {
      this.#parts.log.error({ err: error, file: note.file }, 'recording: a file is completed at the next start only');
      this.trouble = error instanceof Error ? error.message : String(error);
      return undefined;
    } finally {
      this.#inUse.delete(note.file);
    }
  }

  /** Completes what the process before has left. Never rejects. @param ended is called with the reason of each */
  async recover(ended: (reason: RecordEndReason) => void): Promise<void> {
    const { log } = this.#parts;
    try {
      const unreadable = (name: string): void => log.warn({ name }, 'recording: this is no note of a recording');
      const left = await this.#notes.read(unreadable);
      const older = left.filter(({ file }) => !this.#inUse.has(file));
      for (const note of older) {
        try {
          await this.#recoverOne(note);
          ended('recovered');
        } catch (error) {
          log.error({ err: error, file: note.file }, 'recording: a file that a crash has left cannot be completed');
        }
      }
    } catch (error) {
      log.error({ err: error }, 'recording: it cannot be found out what a crash has left');
    }
  }

  async #recoverOne(note: OpenRecordNote): Promise<void> {
    const facts = await this.#completed(note);
    const end = { reason: 'recovered', gaps: 0, detail: undefined } as const;
    await this.#tellEnd(note, { ...end, bytes: facts?.bytes ?? 0, durationMs: facts?.lastMs ?? 0 });
    this.#parts.log.info(
      { file: note.file, bytes: facts?.bytes ?? 0 },
      'recording: a file that a crash had left is complete',
    );
  }

  /** @returns undefined when there is no file, or nothing in it */
  async #completed(note: OpenRecordNote): Promise<{ readonly bytes: number; readonly lastMs: number } | undefined> {
    const store = await FileStore.open(note.root, false).catch(ifMissing);
    if (store === undefined) return undefined;
    const part = `${note.file}${PART}`;
    const file = await store.update(part).catch(ifMissing);
    // It had its name already when the process died.
    if (file === undefined) return this.#known(store, note.file);
    try {
      const scanned = await scanFile(file);
      if (scanned === undefined) return undefined;
      const { head, state, index } = scanned;
      await file.truncate(state.bytes);
      await writeAll(file, completeHead(head, state, index), 0);
      await file.sync();
      await store.rename(part, lastPart(note.file));
      return state;
    } finally {
      await file.close();
    }
  }

  async #known(store: FileStore, path: string): Promise<{ bytes: number; lastMs: number } | undefined> {
    const file = await store.read(path).catch(ifMissing);
    if (file === undefined) return undefined;
    try {
      return (await scanFile(file))?.state;
    } finally {
      await file.close();
    }
  }

  async #tellEnd(
    note: OpenRecordNote,
    end: {
      readonly reason: RecordEndReason;
      readonly gaps: number;
      readonly detail: string | undefined;
      readonly bytes: number;
      readonly durationMs: number;
    },
  ): Promise<void> {
    const { recordId, file, part, startedMs } = note;
    const { detail, ...facts } = end;
    await this.#parts.events.ended(note, {
      ...{ recordId, file, part, ...facts },
      startedAt: new Date(startedMs).toISOString(),
      endedAt: new Date(this.#parts.wallMs()).toISOString(),
      ...(detail === undefined ? {} : { detail }),
    });
    await this.#notes.remove(recordId);
  }

  #open(): Promise<{ readonly store: FileStore; readonly guard: DiskGuard }> {
    this.#opened ??= FileStore.open(this.#root).then((store) => {
      const guard = new DiskGuard(store, this.#parts.log);
      this.#guard = guard;
      return { store, guard };
    });
    this.#opened.catch(() => {
      this.#opened = undefined;
    });
    return this.#opened;
  }

  async #begin(store: FileStore, folder: string, stream: RecordedStream, how: OpenHow): Promise<OpenedFile> {
    const startedMs = this.#parts.wallMs();
    const { path, handle } = await this.#make(store, `${folder}/${stamp(startedMs)}-${stream.streamId}`);
    const note = this.#note(stream, { file: path, part: how.part, startedMs });
    try {
      await this.#notes.write(note);
      const capacity = Math.min(MAX_KEYFRAMES, Math.max(LEAST_KEYFRAMES, Math.ceil(how.maxMs / 1000)));
      const head = FlvHead.of(how.metadata, capacity);
      await writeAll(handle, head.begin(), 0);
      // The event says that there is a file: it is there after a power loss, too.
      await handle.datasync();
      const file = new RecordFile(handle, head, RecordFile.begun(head), new KeyframeIndex(capacity), how.wrote);
      return { recordId: note.recordId, file, fromMs: 0, note, store, bytesBefore: 0 };
    } catch (error) {
      this.#inUse.delete(path);
      await handle.close();
      await store.remove(`${path}${PART}`).catch(() => undefined);
      await this.#notes.remove(note.recordId);
      throw error;
    }
  }

  /** Makes a file under a name that no file has, complete or not. */
  async #make(store: FileStore, base: string): Promise<{ readonly path: string; readonly handle: FileHandle }> {
    for (let n = 1; ; n++) {
      const path = `${base}${n === 1 ? '' : `-${n}`}.flv`;
      const handle = await this.#claim(store, path);
      if (handle !== undefined) return { path, handle };
      if (n === MAX_NAMES) throw new SluiceError('ERR_MEDIA_PATH', `${MAX_NAMES} files of one second`);
    }
  }

  /**
   * Makes a file, unless its name is in use. A part that is being completed still keeps its name: while it gets it,
   * there is a moment in which neither of the two names is looked at.
   */
  async #claim(store: FileStore, path: string): Promise<FileHandle | undefined> {
    if (this.#inUse.has(path)) return undefined;
    this.#inUse.add(path);
    let handle: FileHandle | undefined;
    try {
      const isTaken = (await store.size(path).catch(ifMissing)) !== undefined;
      handle = isTaken ? undefined : await store.create(`${path}${PART}`).catch(ifExisting);
      return handle;
    } finally {
      if (handle === undefined) this.#inUse.delete(path);
    }
  }

  /** The newest complete file of a folder, by its name; undefined when there is none. */
  async #newest(store: FileStore, folder: string): Promise<string | undefined> {
    const entries = await store.list(folder).catch(ifMissing);
    const names = (entries ?? []).filter(({ name, kind }) => kind === 'file' && /^\d.*\.flv$/.test(name));
    const newest = names
      .map(({ name }) => name)
      .sort()
      .pop();
    return newest === undefined ? undefined : `${folder}/${newest}`;
  }

  /** @returns undefined when the file is none of a recorder, or is in use */
  async #goOn(store: FileStore, path: string, stream: RecordedStream, how: OpenHow): Promise<OpenedFile | undefined> {
    if (this.#inUse.has(path)) return undefined;
    this.#inUse.add(path);
    const note = this.#note(stream, { file: path, part: how.part, startedMs: this.#parts.wallMs() });
    const part = `${path}${PART}`;
    let handle: FileHandle | undefined;
    try {
      handle = await store.update(path);
      const scanned = await scanFile(handle);
      if (scanned !== undefined) {
        await this.#notes.write(note);
        await store.rename(path, lastPart(part));
        const { head, state, index } = scanned;
        const file = new RecordFile(handle, head, state, index, how.wrote);
        const fromMs = state.lastMs + APPEND_STEP_MS;
        return { recordId: note.recordId, file, fromMs, note, store, bytesBefore: state.bytes };
      }
    } catch (error) {
      await this.#notes.remove(note.recordId);
      this.#inUse.delete(path);
      await handle?.close();
      throw error;
    }
    this.#inUse.delete(path);
    await handle.close();
    return undefined;
  }

  #note(
    { streamId, app, name, connectionId }: RecordedStream,
    of: Pick<OpenRecordNote, 'file' | 'part' | 'startedMs'>,
  ): OpenRecordNote {
    return { recordId: newId(), streamId, app, name, connectionId, root: this.#root, ...of };
  }
}

/** `20261126T225301Z`: sorts by time, and is a plain name. */
function stamp(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function ifMissing(error: unknown): undefined {
  const { code } = error as { readonly code?: string };
  if (code !== 'ERR_MEDIA_MISSING' && code !== 'ENOENT') throw error;
}

function ifExisting(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
}
