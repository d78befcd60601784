import type { ErrorCode } from '../core/errors.js';
import { beginMedia, endMedia } from '../doors/framed-media.js';
import type { RunningPublish } from '../doors/published-stream.js';
import type { Publication } from '../hub/publication.js';
import type { EndReason } from '../model/reasons.js';
import type { Action } from '../protocol/server/actions.js';
import type { ServerSession } from '../protocol/server/session.js';
import type { ChunkCodec } from '../wasm/chunk-codec.js';
import type { ConnectionDrops } from './connection-drops.js';
import { type PublishDeadlines, publishProblem } from './deadlines.js';

/** The publishes of one connection, by message stream id, and the destination of the codec's media. */
export class ConnectionPublishes {
  readonly #codec: ChunkCodec;
  readonly #drops: ConnectionDrops;
  readonly #runs = new Map<number, RunningPublish>();
  /** The publication of the last batch. */
  #current: Publication | undefined;
  #currentId = -1;
  #size = 0;

  /** @param codec of the connection; borrowed @param drops is told of media that belongs to no publish */
  constructor(codec: ChunkCodec, drops: ConnectionDrops) {
    this.#codec = codec;
    this.#drops = drops;
  }

  /** How many there are; see {@link ConnectionPlays.size}. */
  get size(): number {
    return this.#size;
  }

  /** The publication that got the last batch, when no other publish runs. */
  get only(): Publication | undefined {
    return this.#size === 1 ? this.#current : undefined;
  }

  /** A publish was accepted: media of its message stream belongs to it from here on. */
  begin(messageStreamId: number, run: RunningPublish): void {
    this.#runs.set(messageStreamId, run);
    this.#route();
    beginMedia(this.#codec, run, [messageStreamId]);
    this.#guardStreamZero(run.resumeTimestamp);
  }

  /** Carries out an action of the session for one of them. */
  act(action: Extract<Action, { kind: 'publishStopped' | 'data' | 'dataCleared' }>): void {
    const { messageStreamId } = action;
    if (action.kind === 'publishStopped') this.stop(messageStreamId, action.reason);
    else if (action.kind === 'dataCleared') this.#runs.get(messageStreamId)?.dataCleared(action.name);
    else {
      if (action.isMended === true) this.#drops.mended();
      this.#runs.get(messageStreamId)?.data(action);
    }
  }

  /** Ends the publish of a message stream, if there is one. */
  stop(messageStreamId: number, reason: EndReason, detail?: ErrorCode): void {
    const run = this.#runs.get(messageStreamId);
    this.#runs.delete(messageStreamId);
    this.#route();
    endMedia(this.#codec, [messageStreamId]);
    this.#guardStreamZero(undefined);
    run?.end(reason, detail);
    if (this.#size === 0) this.#codec.setPublishing(false);
  }

  stopAll(reason: EndReason, detail?: ErrorCode): void {
    for (const id of [...this.#runs.keys()]) this.stop(id, reason, detail);
  }

  /** The stream of a message stream, or the only one; empty when there is none. */
  at({ messageStreamId }: { readonly messageStreamId: number }): { readonly streamId?: string } {
    const run = this.#runs.get(messageStreamId) ?? (this.#size === 1 ? [...this.#runs.values()][0] : undefined);
    return run === undefined ? {} : { streamId: run.streamId };
  }

  /** So many bytes of chunk stream were read. They count for the stream of the last media, or for the only one. */
  received(bytes: number): void {
    const isOnly = this.#current === undefined && this.#size === 1;
    const publication = isOnly ? this.#runs.values().next().value?.publication : this.#current;
    if (publication !== undefined) publication.wireBytes += bytes;
  }

  /** Passes the codec's batch to its publication. Messages that belong to none are counted. */
  deliver(session: Pick<ServerSession, 'publishFor'>, nowMs: number): void {
    const id = this.#codec.batchMessageStreamId;
    if (id !== this.#currentId) {
      this.#currentId = id;
      this.#current = this.#runs.get(session.publishFor(id) ?? -1)?.publication;
    }
    if (this.#current === undefined) this.#drops.note('media_without_publish', this.#codec.batchCount);
    else this.#current.append(this.#codec, nowMs);
  }

  /** Media on message stream 0 belongs to the only publish, so its timestamps are guarded too. */
  #guardStreamZero(resumeTimestamp: number | undefined): void {
    if (this.#size === 1) this.#codec.beginTimeline(0, resumeTimestamp);
    else this.#codec.endTimeline(0);
  }

  /** A publish that has sent no media for too long, with the code for it. */
  problem(limits: PublishDeadlines, nowMs: number): { code: ErrorCode; streamId: string } | undefined {
    for (const { publication } of this.#runs.values()) {
      const code = publishProblem(publication, limits, nowMs);
      if (code !== undefined) return { code, streamId: publication.streamId };
    }
    return undefined;
  }

  /** A publish has begun or ended, so the next batch is routed again. */
  #route(): void {
    this.#size = this.#runs.size;
    this.#currentId = -1;
    this.#current = undefined;
  }
}
