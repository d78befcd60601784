import type { Clock } from '../core/clock.js';
import { SluiceError } from '../core/errors.js';
import type { Peer } from '../model/peer.js';
import type { EndReason } from '../model/reasons.js';
import type { Totals } from '../model/totals.js';
import type { MediaKind, Track } from '../model/track.js';
import { bounded, clip, clipChange, clipped, clipTracks } from './clip.js';
import { type Emitter, type Envelope, streamEvent } from './envelope.js';
import type { ChangedFacts, EventData, EventType, NodeCommand, NodeEvent, StreamRef } from './event-types.js';
import type { LifecycleCounts } from './lifecycle-counts.js';
import {
  type LifecycleStream,
  openStream,
  type PlayFacts,
  type StartFacts,
  startFacts,
  type WithoutRef,
} from './lifecycle-stream.js';
import { NodeEvents } from './node-events.js';
import { type EndFacts, exactEnd, NOTHING, type OpenStream } from './open-streams.js';
import { type EventPriority, priorityOf } from './priority.js';
import { RecordEvents } from './record-events.js';
import { type Rejection, Rejections } from './rejections.js';
import { RelayEvents } from './relay-events.js';
import type { EventSink, LifecycleParts, SignalSink, WantedName } from './sinks.js';
import { StreamMoves } from './stream-moves.js';

export type { EventSink } from './sinks.js';

/**
 * Turns committed facts into events: gives each its sequence, id and subject, and appends it to the journal. Every call
 * but {@link streamStarted} is a synchronous enqueue. Calls about a stream that is not open are ignored, so that an end
 * is told exactly once, whichever part reports it first.
 */
export class Lifecycle {
  readonly counts: LifecycleCounts = { emitted: 0, dropped: 0, withheld: 0, refusedStarts: 0, suppressedRejections: 0 };
  readonly #emitter: Emitter;
  readonly #sink: EventSink;
  readonly #signals: SignalSink;
  readonly #clock: Clock;
  readonly #bus: boolean;
  readonly #plays: boolean;
  readonly #refuseStart: () => SluiceError | undefined;
  /** Starts that are being written. */
  readonly #starts = new Set<Promise<number>>();
  readonly #openStreams = new Map<string, LifecycleStream>();
  readonly #totals = new Map<string, Totals>();
  /** Tells of recordings, which count on their own. */
  readonly records: RecordEvents;
  /** Streams that go to another node or come from one. */
  readonly moves: StreamMoves;
  /** Tells of relays, which count on their own. */
  readonly relays: RelayEvents;
  readonly #node: NodeEvents;
  #ending = false;
  readonly #rejections: Rejections;

  constructor(emitter: Emitter, o: LifecycleParts) {
    this.#emitter = emitter;
    this.#sink = o.sink;
    this.#signals = o.signals;
    this.#clock = o.clock;
    this.#bus = o.bus;
    this.#plays = o.plays;
    this.#refuseStart = o.refuseStart;
    const append = (build: () => Envelope, priority: EventPriority) => this.#append(build, priority) > 0;
    this.#rejections = new Rejections(emitter, o.clock, append);
    this.moves = new StreamMoves({
      ...{ emitter, sink: o.sink, clock: o.clock, bus: o.bus, open: this.#openStreams, starts: this.#starts },
      refusal: (streamId) => this.#refusal(streamId),
    });
    this.#node = new NodeEvents(emitter, o.clock, o.sink, append);
    this.records = new RecordEvents(emitter, o.clock, o.sink, append);
    this.relays = new RelayEvents(emitter, o.clock, append, o.plays);
  }

  /** The open streams, by stream id. */
  get openStreams(): ReadonlyMap<string, OpenStream> {
    return this.#openStreams;
  }

  /** Returns what an open stream has carried so far. Until it is set, the newest telemetry is used. */
  measure: (streamId: string) => Totals | undefined = (streamId) => this.#totals.get(streamId);

  /** What each open stream has carried by now. */
  get totals(): ReadonlyMap<string, Totals> {
    const out = new Map<string, Totals>();
    for (const streamId of this.#openStreams.keys()) {
      const totals = this.measure(streamId);
      if (totals !== undefined) out.set(streamId, totals);
    }
    return out;
  }

  /**
   * A publish was authorised and won its name.
   *
   * @returns resolves when `stream.started` survives a power loss: only then may the encoder be told Publish.Start.
   *   Rejects with ERR_EVENTS_JOURNAL_FULL, ERR_EVENTS_JOURNAL_FAILED, ERR_EVENTS_BUS_DOWN, ERR_EVENTS_CLOSED or
   *   ERR_EVENTS_STREAM_TAKEN when it cannot be stored: the publish has to be refused, and the event never becomes
   *   visible
   */
  async streamStarted(s: StartFacts): Promise<void> {
    const refusal = this.#refusal(s.streamId);
    if (refusal !== undefined) {
      this.counts.refusedStarts++;
      throw refusal;
    }
    const stream = openStream(this.#emitter, this.#clock, s, this.#bus);
    const data = { ...this.#ref(stream), ...startFacts(stream, s) };
    const type = 'io.sluice.stream.started';
    this.#openStreams.set(stream.streamId, stream);
    const written = this.#sink.appendStart(
      streamEvent(this.#emitter, stream, type, stream.seq, stream.startedMs, data, stream.traceparent),
    );
    this.#starts.add(written);
    try {
      stream.anchor = await written;
      stream.last = stream.anchor;
    } catch (error) {
      this.#openStreams.delete(stream.streamId);
      this.counts.refusedStarts++;
      throw error;
    } finally {
      this.#starts.delete(written);
    }
    this.counts.emitted++;
    const waiting = stream.waiting ?? [];
    stream.waiting = undefined;
    for (const call of waiting) call();
  }

  /** Sequence headers and the first keyframe were seen, or waiting for them is over. */
  streamReady(
    streamId: string,
    d: { tracks: readonly Track[]; gopMs?: number; timeToReadyMs: number; missing?: readonly Track['kind'][] },
  ): void {
    this.#with(streamId, (stream) => {
      stream.readyMs = this.#clock.wallMs();
      stream.state = 'ready';
      stream.tracks = clipTracks(d.tracks);
      const { tracks, urls } = stream;
      this.#emit(stream, 'io.sluice.stream.ready', { ...d, tracks, ...(urls === undefined ? {} : { urls }) });
    });
  }

  /**
   * Codec, resolution, track set, metadata or labels changed, or the stream is past a limit. `after.tracks` and
   * `after.labels`, when there, replace those of the stream.
   */
  streamUpdated(
    streamId: string,
    d: { before: ChangedFacts; after: ChangedFacts; overLimit?: { code: string; detail: string } },
  ): void {
    this.#with(streamId, (stream) => {
      const [before, after] = [clipChange(d.before), clipChange(d.after)];
      stream.tracks = after.tracks ?? stream.tracks;
      stream.labels = after.labels ?? stream.labels;
      const { overLimit } = d;
      this.#emit(stream, 'io.sluice.stream.updated', {
        before,
        after,
        ...(overLimit === undefined ? {} : { overLimit: { ...overLimit, detail: clip(overLimit.detail) } }),
      });
    });
  }

  /** A track has had no frames for `gapMs`. */
  streamStalled(streamId: string, d: { trackId: number; kind: MediaKind; gapMs: number; cause?: string }): void {
    this.#with(streamId, (stream) => this.#emit(stream, 'io.sluice.stream.stalled', d));
  }

  /** A stalled track has frames again after `gapMs`. */
  streamRecovered(streamId: string, d: { trackId: number; kind: MediaKind; gapMs: number; cause?: string }): void {
    this.#with(streamId, (stream) => this.#emit(stream, 'io.sluice.stream.recovered', d));
  }

  /** The connection is lost; the stream is held. */
  streamSuspended(streamId: string, d: { resumeWindowMs: number; cause?: string }): void {
    this.#with(streamId, (stream) => {
      stream.state = 'suspended';
      this.#emit(stream, 'io.sluice.stream.suspended', d);
    });
  }

  /** The same principal came back, on a new connection. */
  streamResumed(streamId: string, d: { connectionId: string; peer: Peer; gapMs: number; cause?: string }): void {
    this.#with(streamId, (stream) => {
      stream.state = stream.readyMs === undefined ? 'live' : 'ready';
      stream.connectionId = d.connectionId;
      this.#emit(stream, 'io.sluice.stream.resumed', {
        peer: d.peer,
        gapMs: d.gapMs,
        ...clipped('cause', d.cause, 64),
      });
    });
  }

  /** The conflict policy let a newer publisher in; `streamEnded` with reason `takeover` follows. */
  streamTakenOver(streamId: string, d: { byStreamId: string }): void {
    this.#with(streamId, (stream) => this.#emit(stream, 'io.sluice.stream.taken_over', d));
  }

  /** The stream is over. Only the first call counts. Players that are still noted get their `play.ended` first. */
  streamEnded(streamId: string, d: EndFacts): void {
    this.moves.noteEnd(streamId, d);
    this.#with(streamId, (stream) => {
      for (const playerId of [...stream.plays.keys()]) {
        this.playEnded(streamId, { playerId, bytes: 0, drops: 0, reason: 'stream_ended' });
      }
      this.#openStreams.delete(streamId);
      this.#totals.delete(streamId);
      const nowMs = this.#clock.wallMs();
      this.#emit(
        stream,
        'io.sluice.stream.ended',
        exactEnd(stream, d, nowMs, this.#clock.monotonicMs() - stream.startedMonoMs),
        nowMs,
      );
      this.#sink.releaseStream();
    });
  }

  /** A publish attempt was refused. Beyond a hundred a second, attempts are counted and not told. */
  streamRejected(d: Rejection): void {
    if (!this.#rejections.tell(d)) this.counts.suppressedRejections++;
  }

  /** The first player came. */
  streamActive(streamId: string, d: { players: number }): void {
    this.#with(streamId, (stream) => this.#emit(stream, 'io.sluice.stream.active', d));
  }

  /** The last player left. */
  streamIdle(streamId: string, d: { players: number }): void {
    this.#with(streamId, (stream) => this.#emit(stream, 'io.sluice.stream.idle', d));
  }

  /** Custom AMF data of the publisher; `values` are cut to 4 KiB of JSON. */
  streamData(streamId: string, d: { handler: string; timestamp: number; values: readonly unknown[] }): void {
    this.#with(streamId, (stream) => {
      const { value, truncated } = bounded(d.values, 4096);
      const data = { handler: clip(d.handler, 128), timestamp: d.timestamp, values: value };
      this.#emit(stream, 'io.sluice.stream.data', truncated ? { ...data, truncated } : data);
    });
  }

  /** A player began to receive the stream. */
  playStarted(streamId: string, d: PlayFacts): void {
    if (!this.#plays) return;
    this.#with(streamId, (stream) => {
      const { connectionId, playerId, peer, job } = d;
      const again = { connectionId, peer, ...(job === undefined ? {} : { job }) };
      // A play whose start is left out has no end to tell either.
      const told = this.#emit(stream, 'io.sluice.play.started', {
        ...{ ...again, playerId },
        ...clipped('transport', d.transport, 32),
        ...clipped('client', d.client, 256),
      });
      if (told) stream.plays.set(playerId, { sinceMs: this.#clock.monotonicMs(), again });
    });
  }

  /** A player stopped receiving the stream. The first call per player counts. */
  playEnded(streamId: string, d: { playerId: string; bytes: number; drops: number; reason: string }): void {
    if (!this.#plays) return;
    this.#with(streamId, (stream) => {
      const play = stream.plays.get(d.playerId);
      if (play === undefined) return;
      stream.plays.delete(d.playerId);
      const durationMs = Math.max(0, Math.round(this.#clock.monotonicMs() - play.sinceMs));
      const { playerId, bytes, drops } = d;
      const ended = { playerId, bytes, drops, durationMs, reason: clip(d.reason, 64), ...play.again };
      this.#emit(stream, 'io.sluice.play.ended', ended);
    });
  }

  /** Figures of a stream, every few seconds, sent on `tel.*` and not stored. `totals` go into the heartbeat record. */
  telemetry(streamId: string, d: { totals: Totals } & Readonly<Record<string, unknown>>): void {
    const stream = this.#openStreams.get(streamId);
    if (stream === undefined) return;
    this.#totals.set(streamId, d.totals);
    const figures = { ...this.#ref(stream), ...d, time: this.#now() };
    this.#signals.send(['tel', stream.app, stream.name, streamId], figures);
  }

  /** A connection was opened, rejected or closed. It is sent on `conn.*` and not stored. */
  connection(verb: 'opened' | 'rejected' | 'closed', connectionId: string, d: Readonly<Record<string, unknown>>): void {
    this.signal(['conn', this.#emitter.nodeId, connectionId, verb], { ...d, connectionId });
  }

  /** Whether a player waits for a name that is not published here has changed; sent on `want.*` and not stored. */
  want(verb: 'wanted' | 'unwanted', of: WantedName): void {
    this.signal(['want', of.app, of.name, verb], of);
  }

  /** Sends a message about something of this node that is not stored. */
  signal(tokens: readonly string[], d: object): void {
    const { nodeId, bootId } = this.#emitter;
    this.#signals.send(tokens, { ...d, nodeId, bootId, time: this.#now() });
  }

  /** The process began. Resolves when the journal has it. */
  nodeStarted(d: { version?: string } = {}): Promise<void> {
    return this.#node.tell('io.sluice.node.started', d);
  }

  /** The process accepts connections; told again when a drain was taken back. */
  nodeReady(): Promise<void> {
    return this.#node.tell('io.sluice.node.ready', {});
  }

  /** The process accepts nothing new; told again while it drains, with what still runs. */
  nodeDraining(d: Omit<NodeEvent, 'nodeId' | 'bootId'> = {}): Promise<void> {
    return this.#node.tell('io.sluice.node.draining', d);
  }

  /** Somebody changed something by control. */
  nodeCommand(d: Omit<NodeCommand, 'nodeId' | 'bootId'>): void {
    this.#node.command(d);
  }

  /** Ends every stream that is open or about to be, and accepts no more: for the end of the process. */
  endAll(reason: EndReason): void {
    this.#ending = true;
    for (const streamId of [...this.#openStreams.keys()]) {
      this.streamEnded(streamId, { ...(this.#totals.get(streamId) ?? NOTHING), reason });
    }
  }

  /**
   * The process ends in order. Streams that the caller has not ended are ended with `server_drain` first, also those
   * whose start is still being written: their end comes before this.
   */
  async nodeStopped(d: { detail?: string } = {}): Promise<void> {
    this.endAll('server_drain');
    await Promise.allSettled(this.#starts);
    await this.#node.tell('io.sluice.node.stopped', d);
  }

  #refusal(streamId: string): SluiceError | undefined {
    if (this.#ending) return new SluiceError('ERR_EVENTS_CLOSED');
    if (this.#openStreams.has(streamId)) return new SluiceError('ERR_EVENTS_STREAM_TAKEN', streamId);
    return this.#refuseStart();
  }

  #with(streamId: string, call: (stream: LifecycleStream) => void): void {
    const stream = this.#openStreams.get(streamId);
    if (stream === undefined) return;
    if (stream.waiting === undefined) call(stream);
    else stream.waiting.push(() => this.#openStreams.has(streamId) && call(stream));
  }

  #emit<T extends EventType>(
    stream: LifecycleStream,
    type: T,
    data: WithoutRef<EventData[T]>,
    timeMs = this.#clock.wallMs(),
  ): boolean {
    const position = this.#append(() => {
      // The sequence is given only now, so that an event that is dropped leaves no gap.
      stream.seq++;
      const full = { ...this.#ref(stream), ...data } as unknown as EventData[T];
      return streamEvent(this.#emitter, stream, type, stream.seq, timeMs, full, stream.traceparent);
    }, priorityOf(type));
    if (position > 0) stream.last = position;
    return position > 0;
  }

  /** @returns its position in the journal; 0: the journal did not take it */
  #append(build: () => Envelope, priority: EventPriority): number {
    if (!this.#sink.admits(priority)) {
      if (priority === 'optional' && this.#sink.admits('stream')) this.counts.withheld++;
      else this.counts.dropped++;
      return 0;
    }
    this.counts.emitted++;
    return this.#sink.append(build());
  }

  #ref(stream: OpenStream): StreamRef {
    const { streamId, app, name, connectionId, nodeId, bootId } = stream;
    return { streamId, app, name, connectionId, nodeId, bootId };
  }

  #now(): string {
    return new Date(this.#clock.wallMs()).toISOString();
  }
}
