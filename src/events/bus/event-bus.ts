import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import { within } from '../../core/within.js';
import { AckInbox } from '../../nats/ack-inbox.js';
import { AnswerTimeout } from '../../nats/answer-timeout.js';
import { type NatsConnection, NatsLink } from '../../nats/connection.js';
import { JsError, jsRequest } from '../../nats/jetstream.js';
import { KvBucket } from '../../nats/kv-bucket.js';
import { LinkRequests } from '../../nats/link-requests.js';
import type { NatsOptions } from '../../nats/options.js';
import { backoffMs, type WaitReason } from '../../nats/publish-outcome.js';
import type { NatsRequests } from '../../nats/requests.js';
import { SilenceTimer } from '../../nats/silence-timer.js';
import { StreamMaker } from '../../nats/stream-maker.js';
import { Directory } from '../directory.js';
import type { Emitter, Envelope } from '../envelope.js';
import type { NodeFacts, NodeState, StreamState } from '../event-types.js';
import type { Journal } from '../journal/journal.js';
import type { Lifecycle } from '../lifecycle.js';
import type { ResolvedEventsOptions } from '../options.js';
import { signalSubject } from '../subjects.js';
import { BusMachine } from './bus-machine.js';
import { type BusState, LOGGED_AS } from './bus-state.js';
import { JetStreamPublisher, type PublisherCounts } from './jetstream-publisher.js';
import { LiveState } from './live-state.js';
import { type LossEvidence, NodeLease } from './node-lease.js';
import { NodeReturn } from './node-return.js';
import { OtherNodes } from './other-nodes.js';
import { Quarantine } from './quarantine.js';
import { OWNERS_BUCKET, type OwnerEntry } from './stream-owners.js';
import { checkStream } from './stream-setup.js';

/**
 * Number of publish time-outs without any answer after which another server is tried. That is sooner than other nodes
 * may take this one for lost.
 */
const SILENT_TIMEOUTS = 3;

/** The longest time for which the `seq` of a live stream in the bucket may be behind its newest event. */
const MOST_REFRESH_MS = 30_000;
const NODES_DESCRIPTION = 'Sluice: node heartbeats';

/** What the event bus is made with. */
interface BusSideDeps {
  readonly journal: Journal;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Everything that speaks to NATS: connection, stream set-up, publisher, live state, heartbeat and reaper. */
export class EventBus {
  /** The connection, for control and tools. */
  readonly link: NatsLink;
  /** Requests and subscriptions over it. */
  readonly requests: NatsRequests;
  /** Which nodes there are and how streams ended. */
  readonly directory: Directory;
  readonly #o: ResolvedEventsOptions;
  readonly #emitter: Emitter;
  readonly #deps: BusSideDeps;
  readonly #publisher: JetStreamPublisher;
  readonly #liveState: LiveState;
  readonly #lease: NodeLease;
  readonly #nodes: KvBucket<NodeState>;
  readonly #others: OtherNodes;
  readonly #return: NodeReturn;
  readonly #stateListeners = new Set<(state: BusState) => void>();
  readonly #fencedListeners = new Set<(streamIds: readonly string[]) => void>();
  readonly #machine = new BusMachine((state, detail) => this.#changed(state, detail));
  /** Told when another process with the id of this node lives, and was there before. */
  onOlderTwin: (bootId: string) => void = () => {};
  #preparing = false;
  #draining = false;
  #nodeFacts: (() => NodeFacts) | undefined;
  #acks: { connection: NatsConnection; inbox: AckInbox } | undefined;
  #olderBoots: readonly string[] = [];
  readonly #silenceTimer: SilenceTimer;
  readonly #answerTimeout: AnswerTimeout;
  readonly #maker: StreamMaker;
  #pause: { timer: NodeJS.Timeout; wake: () => void } | undefined;

  constructor(nats: NatsOptions, o: ResolvedEventsOptions, emitter: Emitter, deps: BusSideDeps) {
    this.#o = o;
    this.#emitter = emitter;
    this.#deps = deps;
    const { journal, lifecycle, log, clock } = deps;
    this.link = new NatsLink({ name: `sluice ${emitter.nodeId}`, ...nats }, log);
    this.requests = new LinkRequests(this.link);
    // Longer answers would come too late for a heartbeat.
    const answerTimeout = new AnswerTimeout(o.publishTimeoutMs, o.leaseMs / 3);
    this.#answerTimeout = answerTimeout;
    this.directory = new Directory(o, () => this.link.connection, answerTimeout);
    this.#maker = new StreamMaker(o.stream, answerTimeout);
    const streams = new KvBucket<StreamState>(o.streamsBucket, answerTimeout);
    this.#nodes = new KvBucket<NodeState>(o.nodesBucket, answerTimeout);
    this.#silenceTimer = new SilenceTimer(clock, o.publishTimeoutMs * SILENT_TIMEOUTS);
    const common = { log, clock, connection: () => this.link.connection };
    const { nodeId, bootId } = emitter;
    const { openStreams } = lifecycle;
    const owners = new KvBucket<OwnerEntry>(OWNERS_BUCKET, answerTimeout);
    const lostNode = { streams, emitter, stream: o.stream, answerTimeout, owners };
    this.#return = new NodeReturn({ ...lostNode, nodes: this.#nodes, clock, openStreams });
    this.#publisher = new JetStreamPublisher(o, {
      ...{ journal, log, clock, answerTimeout },
      quarantine: new Quarantine(o.dir),
      connection: () => this.writable,
      acks: () => this.#ackInbox(),
      onWait: (why, text) => this.#onWait(why, text),
    });
    this.#liveState = new LiveState({
      ...{ ...common, nodeId, bootId, openStreams },
      writable: () => this.writable,
      bucket: streams,
      refreshMs: Math.max(1000, Math.min(MOST_REFRESH_MS, o.maxAgeMs / 4)),
    });
    lifecycle.moves.onOut = (stream) => this.#liveState.forget(stream);
    this.#lease = new NodeLease({
      ...{ ...common, nodeId, bootId, leaseMs: o.leaseMs, heartbeatMs: o.heartbeatMs },
      bucket: this.#nodes,
      ensure: (connection) => this.#nodes.ensure(connection, o.replicas, NODES_DESCRIPTION),
      describe: () => ({
        streams: openStreams.size,
        stateLagMs: this.#liveState.lagMs,
        draining: this.#draining,
        ...this.told,
      }),
      onReturned: (connection, evidence) => this.#onReturned(connection, evidence),
      onHeld: () => this.#onHeld(),
      onLapsed: (cause) => this.#onLapsed(cause),
      onHeartbeat: (answered) => this.#onHeartbeat(answered),
    });
    // What it has stored goes into the journal, too, for those that follow the log of this node.
    const stored = (event: Envelope): void => journal.commit(journal.append(event));
    this.#others = new OtherNodes({
      ...{ ...common, ...lostNode, stored, nodes: this.#nodes, leaseMs: o.leaseMs, reap: o.reap },
      requests: this.requests,
      signal: (tokens, data) => this.signal(tokens, data),
      joined: () => (this.#nodeFacts === undefined ? undefined : this.#lease.joined),
      onOlderTwin: (bootId) => this.onOlderTwin(bootId),
    });
  }

  get counts(): PublisherCounts {
    return this.#publisher.counts;
  }

  get state(): BusState {
    return this.#machine.state;
  }

  /** One sentence on the state; empty when it is `ready`. */
  get detail(): string {
    return this.link.state === 'connected' ? this.#machine.detail : this.link.detail;
  }

  /** Calls `listener` on every change of state. */
  onState(listener: (state: BusState) => void): void {
    this.#stateListeners.add(listener);
  }

  /**
   * Calls `listener` with the streams that another node has ended while this one could not be reached: they have to be
   * closed.
   */
  onFenced(listener: (streamIds: readonly string[]) => void): void {
    this.#fencedListeners.add(listener);
  }

  /** Says in the heartbeat that this node takes no more publishers. */
  setDraining(draining: boolean): void {
    this.#draining = draining;
    this.#lease.tell();
  }

  /** Whether NATS has taken no heartbeat for most of the lease, so that others may take this node for lost. */
  get isIsolated(): boolean {
    return this.#lease.hasLapsed;
  }

  /** Tells these facts in every heartbeat from now on. */
  announce(facts: () => NodeFacts): void {
    this.#nodeFacts = facts;
    this.#lease.tell();
  }

  /**
   * Whether a process is lost: its heartbeat is marked or deleted, or has not changed for longer than its lease by the
   * clock of this process, counted from the first time that somebody here has asked. It does not reject.
   *
   * @returns false also when NATS does not answer
   */
  isLost(nodeId: string, bootId: string): Promise<boolean> {
    return this.#others.isLost(nodeId, bootId);
  }

  /** Begins. @param olderBoots boots of this node that the journal knows: it ends their streams itself */
  start(olderBoots: readonly string[]): void {
    this.#olderBoots = olderBoots;
    this.#return.expect(olderBoots);
    this.#deps.journal.subscribe((entries) => this.#liveState.note(entries));
    this.#publisher.start();
    this.link.onDenied((subject) => this.#acks?.inbox.denied(subject));
    this.link.onState((state) => {
      this.#silenceTimer.reset();
      if (state !== 'connected') this.#acks?.inbox.disconnected();
      if (state === 'connected') {
        this.#answerTimeout.reset();
        void this.#prepare();
        return;
      }
      this.#machine.unlinked(state, this.link.detail);
      this.#others.forget();
    });
    this.link.start();
  }

  /** Sends a best-effort message to `<prefix>.<tokens…>` when there is a connection. It is not stored. */
  signal(tokens: readonly string[], data: object): void {
    const connection = this.link.connection;
    if (connection === undefined) return;
    try {
      connection.publish(signalSubject(this.#emitter.prefix, tokens), JSON.stringify(data));
    } catch {
      // The connection closes at this moment. Nothing depends on the message.
    }
  }

  /** Waits for the backlog to be sent, at most for `deadlineMs`, and closes the connection. */
  async close(deadlineMs: number): Promise<void> {
    const canDrain = this.state === 'ready';
    if (canDrain) {
      const drained = this.#publisher.whenIdle().then(() => this.#liveState.drain(500));
      await within(drained, deadlineMs);
    }
    const orderly = this.#publisher.idle && canDrain;
    this.#publisher.close();
    this.#liveState.close();
    this.#others.close();
    await this.#lease.close(orderly);
    if (orderly) this.#others.announce('left');
    this.#pause?.wake();
    await this.link.close();
    this.#machine.close();
  }

  /** Makes sure that the stream and the buckets exist and are correct, for as long as the connection lasts. */
  async #prepare(): Promise<void> {
    if (this.#preparing) return;
    this.#preparing = true;
    try {
      for (let tries = 0; ; tries++) {
        const connection = this.link.connection;
        if (connection === undefined) return;
        const check = await checkStream(connection, this.#o, this.#maker);
        if (connection !== this.link.connection) continue;
        if (check.kind === 'ok') {
          for (const warning of check.warnings)
            this.#deps.log.warn({ stream: this.#o.stream, cause: warning }, 'nats: the stream is unusual');
          if (check.created) this.#deps.log.info({ stream: this.#o.stream }, 'nats: made the stream');
          if (await this.#begin(connection)) return;
        }
        this.#machine.unusable(check);
        if (this.state === 'not_answering') this.#leave();
        await this.#sleep(backoffMs(tries, Math.random(), 250, 5000));
      }
    } finally {
      this.#preparing = false;
    }
  }

  /**
   * Starts heartbeat, live state and reaper. @returns whether it is known what other nodes have done to this one's
   * streams
   */
  async #begin(connection: NatsConnection): Promise<boolean> {
    const check = await this.#nodes.ensure(connection, this.#o.replicas, NODES_DESCRIPTION);
    if (check.kind !== 'ok')
      this.#deps.log.warn({ cause: `${check.code} ${check.text}` }, 'nats: node heartbeats cannot be kept');
    else if (!(await this.#return.settleOlderBoots(connection))) return false;
    // A bucket that is unavailable now is tried again by the heartbeats.
    await this.#lease.start(check.kind !== 'denied');
    if (this.link.connection !== connection) return true;
    this.#machine.prepared(this.#lease.holds);
    this.#publisher.retry();
    void this.#liveState.rebuild(connection, this.#o.replicas, this.#olderBoots);
    if (check.kind !== 'denied') this.#others.start();
    return true;
  }

  /** The inbox of the present connection. Every connection has its own. */
  #ackInbox(): AckInbox {
    const connection = this.link.connection;
    if (connection !== undefined && this.#acks?.connection !== connection) {
      this.#acks = { connection, inbox: new AckInbox(connection, this.#answerTimeout) };
    }
    if (this.#acks === undefined) throw new Error('asked for acknowledgements without a connection');
    return this.#acks.inbox;
  }

  /**
   * The connection while this process may write, which it may not while other nodes may be about to end its streams.
   */
  get writable(): NatsConnection | undefined {
    return this.#machine.isPrepared && this.#lease.holds ? this.link.connection : undefined;
  }

  /** What the heartbeat tells besides that the node lives; nothing in no cluster. */
  get told(): NodeFacts {
    const { joined } = this.#lease;
    return this.#nodeFacts === undefined ? {} : { ...this.#nodeFacts(), ...(joined === undefined ? {} : { joined }) };
  }

  #onHeld(): void {
    this.#others.announce('joined');
    this.#machine.leaseHeld();
    this.#publisher.retry();
    this.#liveState.retry();
  }

  #onLapsed(cause: string): void {
    // Other nodes may end this node's streams from now on: events that are being sent must not arrive after that.
    if (this.#machine.leaseLapsed(cause) && this.#acks?.inbox.awaits === true) this.link.renew();
  }

  /** Without a lease nothing is published, so only the heartbeats still show that no server answers. */
  #onHeartbeat(answered: boolean): void {
    if (!answered) this.#leave();
    else if (this.state === 'ready') this.#silenceTimer.reset();
  }

  #onWait(why: WaitReason | undefined, text: string): void {
    if (this.link.state !== 'connected') return;
    if (why === undefined) {
      this.#silenceTimer.reset();
      this.#machine.flows();
      return;
    }
    const next = this.#machine.waits(why, text);
    if (next === 'prepare') void this.#prepare();
    if (next === 'ask' && !this.#leave()) void this.#recheck();
  }

  /**
   * A server that is cut off from the others of its cluster stays connected and answers nothing, while another one
   * would answer.
   *
   * @returns whether another one is tried
   */
  #leave(): boolean {
    return this.#silenceTimer.lasts() && this.link.move();
  }

  /** Silence may mean that the stream is gone: with any other subscriber on the subject the server does not say so. */
  async #recheck(): Promise<void> {
    const connection = this.link.connection;
    if (connection === undefined || this.#preparing || !this.#machine.isPrepared) return;
    const info = await jsRequest(connection, `STREAM.INFO.${this.#o.stream}`, undefined, this.#answerTimeout);
    if (info.ok || info.code !== JsError.StreamNotFound || this.#preparing) return;
    this.#machine.streamGone();
    void this.#prepare();
  }

  /** Others took this process for lost, or may have. @returns whether it is known which of its streams are over */
  async #onReturned(connection: NatsConnection, evidence: LossEvidence): Promise<boolean> {
    const ended = await this.#return.endedMeanwhile(connection, evidence);
    if (ended === undefined) return false;
    this.#publisher.doubtAll();
    this.#publisher.fence(ended);
    for (const listener of this.#fencedListeners) listener(ended);
    return true;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#pause = {
        timer,
        wake: () => {
          clearTimeout(timer);
          resolve();
        },
      };
    });
  }

  #changed(state: BusState, cause: string): void {
    const { log, journal } = this.#deps;
    const { stream } = this.#o;
    const { pending } = journal.table;
    const level = LOGGED_AS[state];
    if (level === 'info') log.info({ stream, pending }, 'nats: events are published');
    if (level === 'warn') log.warn({ state, cause, pending }, 'nats: events are not taken; they wait in the journal');
    if (level === 'error')
      log.error({ state, stream, cause, pending }, 'nats: events are not published; they wait in the journal');
    for (const listener of this.#stateListeners) listener(state);
  }
}
