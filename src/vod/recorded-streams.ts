import { SluiceError } from '../core/errors.js';
import type { MemoryAccount } from '../core/memory-account.js';
import type { RecordedPlayer, RecordedPlayers, RecordedRequest, RecordedSink } from '../doors/recorded-player.js';
import type { FileName, FoundFile, RecordedNames } from '../live/recorded-names.js';
import { BlockCache } from './block-cache.js';
import { MediaFiles, type MediaFolder } from './media-files.js';
import { Pacer } from './pacer.js';
import { RecordedPlay } from './recorded-play.js';
import { WindowBuffers } from './window-buffers.js';

/** Endings of names that are taken as they are. What the file holds says its first bytes. */
const ENDING = /\.(?:flv|f4v|mp4|m4v|m4a|mov)$/i;

/** Bounds of recorded streams: the settings of the group `vod`. */
interface RecordedStreamsOptions {
  readonly enabled: boolean;
  readonly maxPlays: number;
  readonly maxFiles: number;
  readonly maxIndexBytes: number;
  readonly cacheBytes: number;
  readonly maxBufferMs: number;
}

/** Files below `media.root` that clients play. */
export class RecordedStreams implements RecordedNames, RecordedPlayers {
  #options: RecordedStreamsOptions;
  readonly #nowMs: () => number;
  readonly #memory: MemoryAccount;
  readonly #cache: BlockCache;
  readonly #files: MediaFiles;
  readonly #pacer: Pacer;
  readonly #buffers = new WindowBuffers();
  /** Bytes of windows that are being sent. */
  #unsentBytes = 0;
  #startedPlays = 0;

  /** @param nowMs monotonic */
  constructor(options: RecordedStreamsOptions, folder: MediaFolder, nowMs: () => number, memory: MemoryAccount) {
    this.#options = options;
    this.#nowMs = nowMs;
    this.#memory = memory;
    this.#cache = new BlockCache(options.cacheBytes);
    this.#files = new MediaFiles(options, folder, this.#cache, nowMs);
    this.#pacer = new Pacer(nowMs);
    memory.register('recorded_files', () => this.#files.heldBytes + this.#cache.heldBytes);
    memory.register('recorded_unsent', () => this.#unsentBytes);
    memory.onRelief('free_memory', (overBytes) => {
      const freed = this.#cache.free(overBytes);
      return freed < overBytes ? freed + this.#files.closeIdle() : freed;
    });
  }

  /** Other bounds hold from now on. Plays that run go on. */
  change(options: RecordedStreamsOptions): void {
    this.#options = options;
    this.#files.change(options);
    this.#cache.maxBytes = options.cacheBytes;
  }

  /** For `/metrics`: plays that run, plays since the start, files that are open, and reads of files since the start. */
  get counts(): { readonly plays: number; readonly started: number; readonly files: number; readonly reads: number } {
    const { size: plays } = this.#pacer;
    return { plays, started: this.#startedPlays, files: this.#files.size, reads: this.#cache.reads };
  }

  /** Closes files that nobody plays any more. Call it about once a second. */
  tick(nowMs: number): void {
    this.#files.tick(nowMs);
  }

  /** Closes the files, when nobody plays any more. */
  close(): void {
    this.#files.closeIdle();
  }

  async find(of: FileName): Promise<FoundFile | undefined> {
    if (!this.#options.enabled) return undefined;
    const file = pathOf(of);
    try {
      const opened = await this.#files.open(file);
      const { firstMs, lastMs } = opened.source;
      // It stays open for a while, and a client that plays it finds it so.
      opened.release();
      if (this.#pacer.size >= this.#options.maxPlays) throw new SluiceError('ERR_LIMIT_VOD_PLAYS');
      if (this.#memory.isOver) throw new SluiceError('ERR_LIMIT_MEMORY');
      return { file, durationMs: lastMs - firstMs };
    } catch (error) {
      // Whether a path leads outside or nowhere is nothing that a client is told.
      const code = error instanceof SluiceError ? error.code : undefined;
      if (code === 'ERR_MEDIA_MISSING' || code === 'ERR_MEDIA_PATH') return undefined;
      throw error;
    }
  }

  play(request: RecordedRequest, sink: RecordedSink): RecordedPlayer {
    this.#startedPlays++;
    const parts = {
      pacer: this.#pacer,
      buffers: this.#buffers,
      nowMs: this.#nowMs,
      maxBufferMs: () => this.#options.maxBufferMs,
      held: (bytes: number) => {
        this.#unsentBytes += bytes;
      },
    };
    return new RecordedPlay(request, sink, parts, this.#files.open(request.file));
  }
}

/** The file that a name means: as Flash Media Server has it, `.flv` when nothing else is said. */
function pathOf({ app, name, container }: FileName): string {
  const path = app === '' ? name : `${app}/${name}`;
  return ENDING.test(name) ? path : `${path}.${container ?? 'flv'}`;
}
