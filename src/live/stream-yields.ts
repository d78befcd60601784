import type { Clock } from '../core/clock.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { Epoch } from '../model/epoch.js';
import type { Conflict } from '../model/grant.js';
import { mayReplace, settleConflict } from './conflict.js';
import type { JobAccess } from './job-access.js';
import type { LiveStream } from './live-stream.js';
import type { MovedStream } from './moved-stream.js';
import type { PlayAccounting } from './play-accounting.js';
import type { YieldedReport } from './stream-reports.js';

/** A publish at another node that wants the name of a stream of this one. */
export interface YieldWish {
  readonly streamId: string;
  /** Node id of the other one. */
  readonly byNode: string;
  /** Id of the stream that begins there when this one is taken over. */
  readonly byStreamId: string;
  /** Whether the one who publishes there has this principal. */
  readonly isPrincipal: (principal: string) => boolean;
  readonly address: string;
  readonly conflict: Conflict;
  readonly isAnonymous: boolean;
  readonly isUnauthenticated: boolean;
}

/**
 * What becomes of a {@link YieldWish}. `moved`: the other node goes on with it. `ended`: its name is free. `busy`: it
 * stays with its publisher. `unacked`: NATS has not taken all of its events in time, so that nobody could count on.
 */
type YieldAnswer =
  | { readonly kind: 'moved'; readonly stream: MovedStream }
  | { readonly kind: 'ended' | 'unknown' | 'busy' | 'unacked' };

/** The parts that yields need. */
interface YieldParts {
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
  readonly plays: PlayAccounting;
  readonly jobs: JobAccess;
  readonly streams: ReadonlyMap<string, LiveStream>;
  /** Finds out whether the publisher of a stream is still there. */
  readonly readPublisher: (streamId: string) => Promise<unknown>;
  /** Whether nothing new is accepted here, and publishers are to go elsewhere. */
  readonly isDraining: () => boolean;
}

/** How long a yield waits until NATS has all events of its stream, in ms. */
const ACK_MS = 1000;

/** Gives streams to other nodes whose publishers have gone there. The newcomer's policy counts, as on one node. */
export class StreamYields {
  readonly #parts: YieldParts;

  constructor(parts: YieldParts) {
    this.#parts = parts;
  }

  /** Decides about a wish. A stream that has moved is undecided until {@link gone} or {@link takeBack}. */
  async yield(wish: YieldWish): Promise<YieldAnswer> {
    const { streams, readPublisher } = this.#parts;
    const stream = streams.get(wish.streamId);
    if (stream === undefined) return { kind: 'unknown' };
    if (stream.isMoving) return { kind: 'busy' };
    // An encoder that connects elsewhere at once is there before the end of its old connection was read.
    if (!stream.suspended) await readPublisher(wish.streamId);
    if (streams.get(wish.streamId) !== stream) return { kind: 'ended' };
    const outcome = stream.isMoving ? 'busy' : this.#settle(stream, wish);
    if (outcome === 'busy') return { kind: 'busy' };
    if (outcome !== 'take_over') return this.#move(stream, wish.byNode);
    this.#parts.lifecycle.streamTakenOver(stream.streamId, { byStreamId: wish.byStreamId });
    stream.end('takeover', 'ERR_PUBLISH_REPLACED', 'another publisher has taken over the name');
    await stream.whenEnded();
    return { kind: 'ended' };
  }

  /** Another node has the stream: it is over here, and its players wait for a copy of it. */
  gone(streamId: string): void {
    this.#parts.lifecycle.moves.settled(streamId);
    const stream = this.#parts.streams.get(streamId);
    if (stream?.isMoving === true) stream.order('takeover', '');
  }

  /** Nobody has taken the stream: it waits for its publisher here. @param epoch of the claim by which it is here */
  takeBack(streamId: string, epoch: Epoch): void {
    const { lifecycle, streams } = this.#parts;
    const ended = lifecycle.moves.takeBack(streamId, epoch);
    const stream = streams.get(streamId);
    if (stream !== undefined) stream.epoch = epoch;
    if (ended !== undefined) lifecycle.streamEnded(streamId, ended);
    else if (stream?.isMoving === true) this.#stays(stream, false);
  }

  #settle(stream: LiveStream, wish: YieldWish): ReturnType<typeof settleConflict> {
    const { clock, isDraining } = this.#parts;
    const { address, conflict, isAnonymous, isUnauthenticated } = wish;
    // A principal that is not this one is no matter here.
    const principal = wish.isPrincipal(stream.principal) ? stream.principal : '';
    const newcomer = { principal, address, grant: { conflict, isAnonymous, isUnauthenticated } };
    const outcome = settleConflict(stream, newcomer, clock.monotonicMs());
    // Where publishers are to go elsewhere, one that does takes its stream along, whatever its policy is.
    return outcome === 'busy' && isDraining() && mayReplace(stream, newcomer) ? 'replace' : outcome;
  }

  async #move(stream: LiveStream, byNode: string): Promise<YieldAnswer> {
    const { clock, lifecycle, plays } = this.#parts;
    const { streamId } = stream;
    const endMs = clock.monotonicMs() + ACK_MS;
    // Asked first while its publisher still runs: where NATS takes nothing, that one is not disturbed.
    if (!(await lifecycle.moves.whenAcked(streamId, ACK_MS))) return { kind: 'unacked' };
    if (stream.isMoving) return { kind: 'busy' };
    const wasHeld = stream.suspended;
    stream.isMoving = true;
    const yielded = await stream.yield();
    if (yielded === undefined) return { kind: 'ended' };
    plays.movedOut(stream, yielded.plays);
    const isOut =
      (await this.#acked(streamId, endMs)) && (await lifecycle.moves.out(streamId, byNode, stream.totals()));
    if (this.#parts.streams.get(streamId) !== stream && !isOut) return { kind: 'ended' };
    if (isOut) return { kind: 'moved', stream: this.#moved(stream, yielded) };
    this.#stays(stream, wasHeld);
    return { kind: 'unacked' };
  }

  /** Whether NATS has every event of the stream, those included that came while it was waited for. */
  async #acked(streamId: string, endMs: number): Promise<boolean> {
    const { clock, lifecycle } = this.#parts;
    for (;;) {
      const leftMs = endMs - clock.monotonicMs();
      const seq = lifecycle.openStreams.get(streamId)?.seq;
      if (leftMs <= 0 || !(await lifecycle.moves.whenAcked(streamId, leftMs))) return false;
      if (lifecycle.openStreams.get(streamId)?.seq === seq) return true;
    }
  }

  #moved(stream: LiveStream, { newestTimestamp }: YieldedReport): MovedStream {
    const { lifecycle, jobs, clock } = this.#parts;
    const fromNode = lifecycle.moves.nodeId;
    const { streamId, principal, counters, gapMs, labels, limits } = stream;
    const facts = lifecycle.moves.facts(streamId)!;
    const tickets = jobs.issuedFor(streamId);
    const replacedAgo = stream.replacements.ages(clock.monotonicMs());
    return { facts, fromNode, principal, counters, gapMs, newestTimestamp, labels, limits, replacedAgo, tickets };
  }

  #stays(stream: LiveStream, wasHeld: boolean): void {
    stream.stays(wasHeld);
    this.#parts.plays.movedBack(stream);
  }
}
