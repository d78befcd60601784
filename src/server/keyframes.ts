import type { Clock } from '../core/clock.js';
import type { ErrorCode } from '../core/errors.js';
import type { MemoryAccount } from '../core/memory-account.js';
import { problemOf } from '../core/problem.js';
import type { Hub } from '../hub/hub.js';
import { type Keyframe, newestKeyframe } from '../hub/keyframe-file.js';
import type { LiveStreams } from '../live/live-streams.js';
import type { ApiAnswer, ApiRoute } from '../model/api-route.js';
import { afterIdle } from './after-idle.js';

/** Most bytes of one keyframe that is shown: one of 4K video has about a quarter. */
const MOST_FILE_BYTES = 2 * 2 ** 20;
/** Most bytes of all that are kept for the next who ask. */
const MOST_KEPT_BYTES = 16 * 2 ** 20;
/** How often one stream is read at most, in ms. */
const READ_EVERY_MS = 1000;

/** What keyframes are read from. */
interface KeyframesDeps {
  readonly clock: Clock;
  readonly memory: Pick<MemoryAccount, 'register' | 'onRelief'>;
  readonly hub: Pick<Hub, 'publicationOf'>;
  readonly liveStreams: Pick<LiveStreams, 'commands'>;
}

/** A file as it was read. */
interface Kept {
  readonly id: string;
  readonly file: Buffer;
  /** Monotonic. */
  readonly readMs: number;
}

/**
 * The newest keyframes of streams, as pages show them. They are read out of the logs when somebody asks, each stream at
 * most once a second, and what was read is kept for the next who ask, within a bound. It is no play: nothing is told of
 * it and no player is counted.
 */
export class Keyframes {
  readonly #deps: KeyframesDeps;
  /** By stream id; those that were asked for longest ago first. */
  readonly #kept = new Map<string, Kept>();
  #keptBytes = 0;
  readonly #asked = afterIdle(() => this.#clear());

  constructor(deps: KeyframesDeps) {
    this.#deps = deps;
    deps.memory.register('page', () => this.#keptBytes);
    deps.memory.onRelief('free_memory', () => this.#clear());
  }

  /** `GET /v1/streams/:streamId/keyframe`. */
  route(): ApiRoute {
    return {
      ...{ method: 'GET', path: '/v1/streams/:streamId/keyframe', scope: 'read' },
      handle: async ({ params, headers }) => this.#answer(params['streamId'] ?? '', headers['if-none-match']),
    };
  }

  #answer(streamId: string, asked: string | undefined): ApiAnswer {
    const stream = this.#deps.liveStreams.commands.nameOf(streamId);
    const kept = this.#kept.get(streamId);
    if (stream === undefined) {
      this.#forget(streamId, kept);
      return refused('ERR_CTL_STREAM_UNKNOWN', streamId);
    }
    const nowMs = this.#deps.clock.monotonicMs();
    if (kept !== undefined && nowMs - kept.readMs < READ_EVERY_MS) return shown(kept.id, kept.file, asked);
    const publication = this.#deps.hub.publicationOf(stream.app, stream.name);
    const newest = publication?.streamId === streamId ? newestKeyframe(publication) : undefined;
    // A group of pictures that became too long for the log: the last picture that was shown is better than none.
    if (newest === undefined && kept !== undefined) return shown(kept.id, kept.file, asked);
    if (newest === undefined) return refused('ERR_KEYFRAME_MISSING', streamId);
    if (newest.bytes > MOST_FILE_BYTES)
      return refused('ERR_KEYFRAME_TOO_LONG', `${newest.bytes} bytes; at most ${MOST_FILE_BYTES}`);
    // Who has it already makes nobody read it again.
    if (asked === tagOf(newest.id)) return shown(newest.id, undefined, asked);
    return shown(newest.id, this.#fileOf(streamId, newest, kept, nowMs), asked);
  }

  #fileOf(streamId: string, { id, read }: Keyframe, kept: Kept | undefined, nowMs: number): Buffer {
    this.#asked();
    this.#forget(streamId, kept);
    const file = kept?.id === id ? kept.file : read();
    this.#kept.set(streamId, { id, file, readMs: nowMs });
    this.#keptBytes += file.length;
    for (const [oldest, old] of this.#kept) {
      if (this.#keptBytes <= MOST_KEPT_BYTES) break;
      this.#forget(oldest, old);
    }
    return file;
  }

  #forget(streamId: string, kept: Kept | undefined): void {
    if (kept === undefined || !this.#kept.delete(streamId)) return;
    this.#keptBytes -= kept.file.length;
  }

  #clear(): number {
    const freed = this.#keptBytes;
    this.#kept.clear();
    this.#keptBytes = 0;
    return freed;
  }
}

function shown(id: string, file: Buffer | undefined, asked: string | undefined): ApiAnswer {
  const headers = { etag: tagOf(id), 'content-type': 'video/x-flv' };
  if (asked === headers.etag) return { status: 304, body: undefined, headers };
  return { status: 200, body: file, headers };
}

function tagOf(id: string): string {
  return `"${id}"`;
}

function refused(code: ErrorCode, detail: string): ApiAnswer {
  const problem = problemOf(code, detail);
  return { status: problem.status, body: problem };
}
