import type { Clock } from '../core/clock.js';
import type { SluiceError } from '../core/errors.js';
import { within } from '../core/within.js';
import type { Epoch } from '../model/epoch.js';
import type { Peer } from '../model/peer.js';
import type { Totals } from '../model/totals.js';
import { type Emitter, streamEvent, traceparentOf } from './envelope.js';
import type { MovedRecord } from './journal/record.js';
import type { LifecycleStream } from './lifecycle-stream.js';
import { type EndFacts, lateEnd, type OpenStream, toldEpoch } from './open-streams.js';
import type { EventSink } from './sinks.js';
import type { StreamNames } from './subjects.js';

/** What the events of a stream need at the node that goes on with it. */
export type MovedFacts = Omit<OpenStream, 'nodeId' | 'bootId' | 'state' | 'epoch' | 'bus' | 'anchor' | 'totals'> & {
  /** What it has carried so far. */
  readonly totals: Totals;
};

/** How a stream goes on here. */
interface ArrivedBy {
  readonly connectionId: string;
  readonly peer: Peer;
  /** Since its last publisher was read, in ms. */
  readonly gapMs: number;
  /** Node id of the one that had it before. */
  readonly fromNode: string;
  /** Of the claim by which it is here. */
  readonly epoch: Epoch;
}

/** What moves need of the lifecycle. */
interface MoveParts {
  readonly emitter: Emitter;
  readonly sink: EventSink;
  readonly clock: Clock;
  /** Whether events go to NATS. */
  readonly bus: boolean;
  readonly open: Map<string, LifecycleStream>;
  /** Starts that are being written. */
  readonly starts: Set<Promise<number>>;
  /** Why no stream may begin. */
  readonly refusal: (streamId: string) => SluiceError | undefined;
}

/** A stream that an earlier process of this node left while it was being moved. */
interface LeftStream {
  readonly stream: OpenStream;
  /** Last sign of life of that process, milliseconds since the epoch. */
  readonly endedMs: number;
}

/**
 * Open streams that go to another node and come from one, under the same stream id. The sequence is counted on by the
 * one that gets it. While a move is under way, and after a crash in it, the stream is undecided: the registry of names
 * knows which node has it, and only that one may tell its end.
 */
export class StreamMoves {
  /** Called when a stream has left, before its move is acknowledged. */
  onOut: (stream: StreamNames) => void = () => {};
  /** Called when another node has a stream that has left. */
  onGone: (streamId: string) => void = () => {};
  readonly #parts: MoveParts;
  /** Streams that are on their way from here, to be taken back when nobody gets them. */
  readonly #leaving = new Map<string, LifecycleStream>();
  /** How those have ended that were ended on their way. */
  readonly #ends = new Map<string, EndFacts>();
  /** Streams that are on their way here. */
  readonly #arriving = new Map<string, OpenStream>();
  readonly #left = new Map<string, LeftStream>();

  constructor(parts: MoveParts) {
    this.#parts = parts;
  }

  /** Node id of this node. */
  get nodeId(): string {
    return this.#parts.emitter.nodeId;
  }

  /** Streams of which it is not known who has them; the journal must keep them. */
  get undecided(): readonly OpenStream[] {
    const left = [...this.#left.values()].map(({ stream }) => stream);
    return [...this.#leaving.values(), ...this.#arriving.values(), ...left];
  }

  /** Streams that an earlier process left while they were being moved: {@link decide} says what they are. */
  get left(): readonly OpenStream[] {
    return [...this.#left.values()].map(({ stream }) => stream);
  }

  /** What another node needs to count on with a stream that leaves; undefined: it does not. */
  facts(streamId: string): MovedFacts | undefined {
    const stream = this.#leaving.get(streamId);
    if (stream?.totals === undefined) return undefined;
    const { app, name, connectionId, startedMs, readyMs, seq, tracks, labels, encoder, transport, urls, totals } =
      stream;
    return {
      ...{ streamId, app, name, connectionId, startedMs, seq, tracks, transport, totals },
      ...(readyMs === undefined ? {} : { readyMs }),
      ...(labels === undefined ? {} : { labels }),
      ...(encoder === undefined ? {} : { encoder }),
      ...(urls === undefined ? {} : { urls }),
    };
  }

  /** Whether JetStream has every event that the stream has by now, within so many ms. */
  whenAcked(streamId: string, withinMs: number): Promise<boolean> {
    const stream = this.#parts.open.get(streamId);
    if (stream === undefined) return Promise.resolve(false);
    return within(this.#parts.sink.whenCommitted(stream.last), withinMs);
  }

  /**
   * The stream leaves: it is closed here, and no event tells that. Until {@link settled} or {@link takeBack} it is
   * undecided.
   *
   * @param to node id of the one that shall have it
   * @returns whether that survives a power loss; false: it goes on here
   */
  async out(streamId: string, to: string, totals: Totals): Promise<boolean> {
    const { open, sink } = this.#parts;
    const stream = open.get(streamId);
    if (stream === undefined || stream.waiting !== undefined) return false;
    open.delete(streamId);
    stream.totals = totals;
    this.#leaving.set(streamId, stream);
    this.#note({ streamId, to, totals });
    try {
      await sink.sync();
    } catch {
      this.takeBack(streamId);
      return false;
    }
    this.onOut(stream);
    return true;
  }

  /**
   * Nobody has taken the stream: it is open here again.
   *
   * @param epoch of another claim by which it is here
   * @returns how it has ended meanwhile, which has to be told now; undefined: it has not
   */
  takeBack(streamId: string, epoch?: Epoch): EndFacts | undefined {
    const stream = this.#leaving.get(streamId);
    if (stream === undefined) return undefined;
    this.#leaving.delete(streamId);
    const ended = this.#ends.get(streamId);
    this.#ends.delete(streamId);
    delete stream.totals;
    if (epoch !== undefined) stream.epoch = epoch;
    this.#parts.open.set(streamId, stream);
    stream.anchor = this.#carry(stream);
    return ended;
  }

  /** A stream has ended here. While it leaves, that counts only when nobody takes it. */
  noteEnd(streamId: string, end: EndFacts): void {
    if (this.#leaving.has(streamId) && !this.#ends.has(streamId)) this.#ends.set(streamId, end);
  }

  /** Another node has the stream: this one has nothing more to do with it. */
  settled(streamId: string): void {
    const hasLeft = this.#leaving.delete(streamId);
    if (!hasLeft && !this.#arriving.delete(streamId)) return;
    if (hasLeft) this.onGone(streamId);
    this.#ends.delete(streamId);
    this.#note({ streamId });
    this.#parts.sink.releaseStream();
  }

  /**
   * A stream is about to come: a crash from now on leaves it undecided. Resolves when that survives a power loss.
   *
   * @throws the system's error when it cannot be stored
   */
  async announce(facts: MovedFacts): Promise<void> {
    const { emitter, bus, sink } = this.#parts;
    const { nodeId, bootId } = emitter;
    const stream: OpenStream = { ...facts, nodeId, bootId, state: 'suspended', bus, anchor: 0 };
    this.#arriving.set(facts.streamId, stream);
    sink.adoptStreams(1);
    stream.anchor = this.#carry(stream);
    try {
      await sink.sync();
    } catch (error) {
      this.settled(facts.streamId);
      throw error;
    }
  }

  /**
   * An announced stream goes on here: tells `stream.resumed`. Resolves when that survives a power loss.
   *
   * @throws SluiceError as {@link Lifecycle.streamStarted} does; then it is still announced, and {@link endArriving}
   *   or {@link settled} has to follow
   */
  async in(streamId: string, by: ArrivedBy): Promise<void> {
    const { open, sink, emitter, clock, starts } = this.#parts;
    const announced = this.#arriving.get(streamId);
    const refusal = this.#parts.refusal(streamId);
    if (refusal !== undefined) throw refusal;
    if (announced === undefined) throw new Error(`stream ${streamId} was not announced`);
    const { totals: _totals, ...facts } = announced;
    const { connectionId, peer, gapMs, fromNode, epoch } = by;
    const nowMs = clock.wallMs();
    const stream: LifecycleStream = {
      ...{ ...facts, connectionId, epoch, seq: facts.seq + 1, last: 0, plays: new Map(), waiting: [] },
      state: facts.readyMs === undefined ? 'live' : 'ready',
      startedMonoMs: clock.monotonicMs() - Math.max(0, nowMs - facts.startedMs),
      traceparent: traceparentOf(streamId),
    };
    const { app, name, nodeId, bootId, seq } = stream;
    const ref = { streamId, app, name, connectionId, nodeId, bootId };
    const data = { ...ref, peer, gapMs, cause: 'moved', fromNode, ...toldEpoch(epoch) };
    open.set(streamId, stream);
    const type = 'io.sluice.stream.resumed';
    const written = sink.appendStart(streamEvent(emitter, stream, type, seq, nowMs, data, stream.traceparent));
    starts.add(written);
    try {
      stream.last = await written;
    } catch (error) {
      open.delete(streamId);
      throw error;
    } finally {
      starts.delete(written);
    }
    this.#arriving.delete(streamId);
    // The announcement had held back the bytes of its end, and the event does so too.
    sink.releaseStream();
    const waiting = stream.waiting ?? [];
    stream.waiting = undefined;
    for (const call of waiting) call();
  }

  /** An announced stream that this node has cannot go on here: tells its end. */
  endArriving(streamId: string, reason: 'protocol_error' | 'server_drain'): void {
    const stream = this.#arriving.get(streamId);
    if (stream === undefined) return;
    this.#arriving.delete(streamId);
    this.#tellEnd(stream, { ...lateEnd(stream, { ...this.#now(), totals: stream.totals }), reason, totals: 'exact' });
  }

  /** What an earlier process left, at the start. @param endedMs its last sign of life */
  adopt(streams: Iterable<OpenStream>, endedMs: number): void {
    for (const stream of streams) this.#left.set(stream.streamId, { stream, endedMs });
  }

  /**
   * It is known who has a stream of {@link left}.
   *
   * @param isOurs whether it was the process that left it: then its end is told now
   */
  decide(streamId: string, isOurs: boolean): void {
    const left = this.#left.get(streamId);
    if (left === undefined) return;
    this.#left.delete(streamId);
    const { stream, endedMs } = left;
    if (isOurs) this.#tellEnd(stream, lateEnd(stream, { reason: 'node_restart', endedMs, totals: stream.totals }));
    else {
      this.#note({ streamId });
      this.#parts.sink.releaseStream();
    }
  }

  #tellEnd(stream: OpenStream, data: ReturnType<typeof lateEnd>): void {
    const { emitter, sink } = this.#parts;
    const endedMs = Date.parse(data.endedAt);
    sink.append(streamEvent(emitter, stream, 'io.sluice.stream.ended', stream.seq + 1, endedMs, data));
    sink.releaseStream();
  }

  #now(): { readonly reason: 'node_restart'; readonly endedMs: number } {
    return { reason: 'node_restart', endedMs: this.#parts.clock.wallMs() };
  }

  #note(record: MovedRecord): void {
    this.#parts.sink.note('Moved', Buffer.from(JSON.stringify(record), 'utf8'));
  }

  #carry(stream: OpenStream): number {
    return this.#parts.sink.note('Stream', storedStream(stream));
  }
}

/** The parts of an open stream that the journal keeps of it, besides its events. */
const STORED = [
  'streamId',
  'app',
  'name',
  'connectionId',
  'nodeId',
  'bootId',
  'startedMs',
  'readyMs',
  'seq',
  'state',
  'tracks',
  'labels',
  'encoder',
  'transport',
  'epoch',
  'bus',
  'totals',
] as const satisfies readonly (keyof OpenStream)[];

/** The payload of a journal record of an open stream. */
export function storedStream(stream: OpenStream): Buffer {
  return Buffer.from(JSON.stringify(Object.fromEntries(STORED.map((key) => [key, stream[key]]))), 'utf8');
}
