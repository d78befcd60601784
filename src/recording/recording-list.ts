import type { FileHandle } from 'node:fs/promises';
import { SluiceError } from '../core/errors.js';
import { unescapeToken } from '../core/escape.js';
import { FileStore } from './file-store.js';
import { partsOf } from './media-path.js';

/** Most entries of folders that one walk looks at. */
const MOST_ENTRIES = 20_000;
/** How long one walk serves all who ask, in ms. */
const SHARED_MS = 2000;
/** How a recorder names its files: start, stream id, and `.part` while it is open. */
const NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([0-9A-Z]{26})(?:-\d{1,3})?\.flv(\.part)?$/;
/** What the system says where this user may not look. */
const NO_RIGHT: readonly string[] = ['EACCES', 'EPERM'];
/** Bytes of a tag's header, and of its length behind it. */
const [TAG_BYTES, BACK_BYTES] = [11, 4];

/** A file that a recorder has made, or is making. */
interface Recording {
  readonly app: string;
  readonly name: string;
  readonly streamId: string;
  /** ISO 8601, to the second. */
  readonly startedAt: string;
  /** Media time from its first frame to its last; missing: it cannot be told. */
  readonly durationMs?: number;
  readonly bytes: number;
  /** Whether it is being written, or a crash has left it. */
  readonly isOpen: boolean;
  /** Below `media.root`. */
  readonly path: string;
}

/** One page of a list. */
interface RecordingPage {
  readonly recordings: readonly Recording[];
  /** Where the next page begins; missing: this is the last. */
  readonly cursor?: string;
  /** Whether there are more files than a list has. */
  readonly isPartial?: true;
}

/** Which recordings. */
interface Wanted {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly app?: string | undefined;
  readonly name?: string | undefined;
}

interface Found extends Pick<Recording, 'app' | 'name' | 'streamId' | 'startedAt' | 'isOpen' | 'path'> {
  /** Sorts by start, then by path. */
  readonly key: string;
}

/**
 * The recordings below one folder, found by their names: nothing is kept of them but for the next who ask within two
 * seconds. Other files there are nobody's business.
 */
export class RecordingList {
  readonly #root: string;
  readonly #nowMs: () => number;
  /** The newest walk; `untilMs`: how long it serves, which is not known while it goes on. */
  #walk: { untilMs: number; readonly found: Promise<{ files: readonly Found[]; isWhole: boolean }> } | undefined;

  /** @param root `media.root`; nothing is made there */
  constructor(root: string, nowMs: () => number) {
    this.#root = root;
    this.#nowMs = nowMs;
  }

  /** Recordings, the newest first. @throws the system's error */
  async list({ limit, cursor, app, name }: Wanted): Promise<RecordingPage> {
    const { files, isWhole } = await this.#files();
    const wanted = files.filter(
      (file) =>
        (cursor === undefined || file.key < cursor) &&
        (app === undefined || file.app === app) &&
        (name === undefined || file.name === name),
    );
    const page = wanted.slice(0, limit);
    const recordings: Recording[] = [];
    for (const found of page) {
      const facts = await this.#facts(found.path);
      const { key: _, ...shown } = found;
      // It may have got its name since, or be gone.
      if (facts !== undefined) recordings.push({ ...shown, ...facts });
    }
    const last = page.at(-1);
    return {
      recordings,
      ...(last === undefined || wanted.length <= page.length ? {} : { cursor: last.key }),
      ...(isWhole ? {} : { isPartial: true }),
    };
  }

  /**
   * Opens a recording to read it.
   *
   * @returns a handle that the caller closes
   * @throws SluiceError `ERR_MEDIA_MISSING` also for a file that is no recording, `ERR_MEDIA_PATH`; the system's error
   */
  async open(path: string): Promise<FileHandle> {
    const parts = partsOf(path);
    if (parts.length !== 3 || !NAME.test(parts[2]!)) throw new SluiceError('ERR_MEDIA_MISSING');
    return (await this.#store()).read(path).catch((error: NodeJS.ErrnoException) => {
      throw NO_RIGHT.includes(error.code ?? '') ? new SluiceError('ERR_MEDIA_MISSING', '', { cause: error }) : error;
    });
  }

  #files(): Promise<{ files: readonly Found[]; isWhole: boolean }> {
    if (this.#walk === undefined || this.#nowMs() >= this.#walk.untilMs) {
      const found = this.#find();
      // A slow disk is not asked anew before it has answered.
      const walk = { untilMs: Number.POSITIVE_INFINITY, found };
      this.#walk = walk;
      found.then(
        () => {
          walk.untilMs = this.#nowMs() + SHARED_MS;
        },
        () => {
          walk.untilMs = 0;
        },
      );
    }
    return this.#walk.found;
  }

  async #find(): Promise<{ files: readonly Found[]; isWhole: boolean }> {
    const store = await this.#store().catch(ifMissing);
    const files: Found[] = [];
    let left = MOST_ENTRIES;
    const entries = async (path: string, kind: 'file' | 'folder'): Promise<readonly string[]> => {
      const listed = left > 0 ? ((await store?.list(path, left).catch(ifMissing)) ?? []) : [];
      left -= listed.length;
      return listed.filter((entry) => entry.kind === kind && isPlain(entry.name)).map((entry) => entry.name);
    };
    for (const app of await entries('', 'folder'))
      for (const name of await entries(app, 'folder'))
        for (const file of await entries(`${app}/${name}`, 'file')) {
          const found = foundIn(app, name, file);
          if (found !== undefined) files.push(found);
        }
    files.sort((a, b) => (a.key < b.key ? 1 : -1));
    return { files, isWhole: left > 0 };
  }

  #store(): Promise<FileStore> {
    return FileStore.open(this.#root, false).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new SluiceError('ERR_MEDIA_MISSING', '', { cause: error }) : error;
    });
  }

  async #facts(path: string): Promise<Pick<Recording, 'bytes' | 'durationMs'> | undefined> {
    const handle = await this.open(path).catch(ifMissing);
    if (handle === undefined) return undefined;
    try {
      const { size: bytes } = await handle.stat();
      const durationMs = await lastTimestamp(handle, bytes);
      return { bytes, ...(durationMs === undefined ? {} : { durationMs }) };
    } finally {
      await handle.close();
    }
  }
}

function isPlain(name: string): boolean {
  try {
    return partsOf(name).length === 1;
  } catch {
    return false;
  }
}

function foundIn(app: string, name: string, file: string): Found | undefined {
  const [, year, month, day, hour, minute, second, streamId, part] = NAME.exec(file) ?? [];
  if (streamId === undefined) return undefined;
  const startedAt = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const path = `${app}/${name}/${file}`;
  return {
    ...{ app: unescapeToken(app) ?? app, name: unescapeToken(name) ?? name, streamId, startedAt, path },
    isOpen: part !== undefined,
    key: `${file.slice(0, 16)} ${path}`,
  };
}

/** The time of the last tag, in ms; undefined when the file does not end with a whole one. */
async function lastTimestamp(handle: FileHandle, bytes: number): Promise<number | undefined> {
  const back = Buffer.alloc(BACK_BYTES);
  await handle.read(back, 0, BACK_BYTES, bytes - BACK_BYTES).catch(() => undefined);
  const tagBytes = back.readUInt32BE(0);
  const at = bytes - BACK_BYTES - tagBytes;
  if (tagBytes < TAG_BYTES || at < 0) return undefined;
  const head = Buffer.alloc(TAG_BYTES);
  await handle.read(head, 0, TAG_BYTES, at);
  if (head.readUIntBE(1, 3) + TAG_BYTES !== tagBytes) return undefined;
  return head.readUIntBE(4, 3) + head[7]! * 2 ** 24;
}

/** What is gone, or is another user's such as `lost+found`, is left out. */
function ifMissing(error: unknown): undefined {
  const { code = '' } = error as { readonly code?: string };
  if (code !== 'ERR_MEDIA_MISSING' && code !== 'ERR_MEDIA_PATH' && !NO_RIGHT.includes(code)) throw error;
}
