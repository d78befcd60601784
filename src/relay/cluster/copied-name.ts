import type { SluiceError } from '../../core/errors.js';
import { TroubleLog } from '../../core/trouble-log.js';
import type { OutgoingLink } from '../../link/outgoing-link.js';
import type { OwnerNews, OwnerOf } from '../../live/owners.js';
import { compareEpochs, type Epoch } from '../../model/epoch.js';
import type { EndReason } from '../../model/reasons.js';
import type { RelaySnapshot } from '../../model/relay-snapshot.js';
import type { ChunkCodec } from '../../wasm/chunk-codec.js';
import type { StreamName } from '../target.js';
import { Arrivals } from './arrivals.js';
import { AudienceReports } from './audience-reports.js';
import { CopiedStream } from './copied-stream.js';
import type { CopyCounts, CopyParts, NodeAttempt } from './copy-parts.js';
import { LOOK_MS, lookAfterMs } from './look-times.js';
import { type NodeTarget, nodeTarget } from './node-target.js';
import { Retries } from './retries.js';
import { isStreamEnd } from './stream-end.js';

/** A name that nobody had so long ago, in ms, is looked up for a play that comes. */
const NONE_MS = 2000;
/** The same claim is still in the registry after its stream has ended: it is looked up again after so long, in ms. */
const STALE_LOOK_MS = 250;
/** How long a connection has to tell its own end after the registry has, in ms. */
const GOODBYE_MS = 1000;

/**
 * One name that is played here and published elsewhere: finds its owner, keeps one connection to it for all players of
 * this node, and keeps the players while the owner changes. Time comes in with {@link CopiedName.tick}.
 */
export class CopiedName {
  readonly of: StreamName;
  readonly #parts: CopyParts;
  readonly #counts: CopyCounts;
  readonly #trouble: TroubleLog;
  readonly #unlisten: () => void;
  readonly #since: string;
  /** Whether players wait for the name, as the fact side says. */
  isWanted = false;
  /** Plays that are being decided, each until its answer is due. */
  readonly #arrivals = new Arrivals();
  #owner: OwnerOf | undefined;
  /** Whether a player may wait for it: somebody has it, or nobody can say who. */
  mayCome = true;
  #copy: CopiedStream | undefined;
  #attempt: NodeAttempt | undefined;
  /** What the attempt fetches. */
  #from: OwnerOf | undefined;
  #link: OutgoingLink | undefined;
  /** Whether an address is being found. */
  #isDialling = false;
  #attempts = 0;
  readonly #retries: Retries;
  /** When the stream came by the present connection. */
  #cameMs = 0;
  #isLooking = false;
  #looksAgain = false;
  #lookAtMs = 0;
  #lookedMs = 0;
  #leaveAtMs = Number.POSITIVE_INFINITY;
  #lostSinceMs: number | undefined;
  #idleSinceMs: number | undefined;
  #wishedMs: number | undefined;
  readonly #audience = new AudienceReports();
  /** The claim whose stream has ended as its owner told. */
  #endedEpoch: Epoch | undefined;
  #isClosed = false;

  constructor(of: StreamName, parts: CopyParts, counts: CopyCounts) {
    this.of = of;
    this.#parts = parts;
    this.#counts = counts;
    this.#retries = new Retries(parts.random);
    this.#since = new Date(parts.wallMs()).toISOString();
    this.#trouble = new TroubleLog(
      parts.log.child({ ...of }),
      'a stream of another node cannot be fetched; it tries again',
    );
    this.#unlisten = parts.owners.listen(of, (news) => this.#heard(news));
    this.#look(false);
  }

  get state(): RelaySnapshot['state'] {
    if (this.#link !== undefined && this.#copy?.isBegun === true) return 'running';
    if (this.#copy?.isBegun === true) return 'lost';
    return this.#attempt !== undefined || this.#isDialling ? 'connecting' : 'waiting';
  }

  /** What is shown of it. */
  get shown(): RelaySnapshot {
    const { nodeId, streamId } = this.#from ?? this.#owner ?? {};
    const copy = this.#copy;
    return {
      direction: 'copy',
      ...this.of,
      ...{ state: this.state, players: this.#players, bytes: copy?.bytes ?? 0, since: this.#since },
      ...(copy === undefined ? {} : { relayId: copy.relayId, silentMs: copy.silentMs(this.#parts.nowMs()) }),
      ...(nodeId === undefined ? {} : { fromNode: nodeId }),
      ...(streamId === undefined ? {} : { streamId }),
    };
  }

  get bytes(): number {
    return this.#copy?.bytes ?? 0;
  }

  get #players(): number {
    return this.#parts.hub.playersOf(this.of.app, this.of.name).length;
  }

  /** A play is being decided. @returns resolves when the stream is here, or the play has waited long enough */
  arrival(): Promise<void> {
    const nowMs = this.#parts.nowMs();
    if (this.state === 'running') return Promise.resolve();
    if (!this.#isLooking && this.#owner === undefined) {
      if (nowMs - this.#lookedMs < NONE_MS) return Promise.resolve();
      this.#look(true);
    }
    this.#wishedMs ??= nowMs;
    return this.#arrivals.until(nowMs + this.#parts.limits().connectTimeoutMs);
  }

  /** Does what is due. Call it a few times a second. @returns whether it is needed no more: it is closed then */
  tick(nowMs: number): boolean {
    this.#attempt?.tick(nowMs);
    if (this.#isOver(nowMs)) {
      this.close('idle');
      return true;
    }
    // Only now: a play whose answer is due waits for the name from the next turn on.
    this.#arrivals.tick(nowMs);
    if (nowMs >= this.#leaveAtMs) this.#leave();
    this.#release(nowMs);
    if (nowMs >= this.#lookAtMs) this.#look(true);
    this.#dialWhenDue(nowMs);
    this.#tellAudience(nowMs);
    return false;
  }

  /** Ends it for this reason, and lets go of everything. */
  close(reason: EndReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unlisten();
    this.#arrivals.all();
    this.#drop(reason);
    this.#attempt?.stop();
  }

  /**
   * Whether nobody has played it or waited for it for long enough. What has not begun ends at once, and so does what a
   * publish of this node has taken over.
   */
  #isOver(nowMs: number): boolean {
    if (this.#copy === undefined && this.#parts.hub.isLive(this.of.app, this.of.name)) return true;
    if (this.isWanted || this.#arrivals.size > 0 || this.#players > 0) {
      this.#idleSinceMs = undefined;
      return false;
    }
    this.#idleSinceMs ??= nowMs;
    return this.#copy?.isBegun !== true || nowMs - this.#idleSinceMs >= this.#parts.limits().idleMs;
  }

  /** Players of a lost owner are held for a while, and told then as after the end of a stream. */
  #release(nowMs: number): void {
    if (this.#lostSinceMs === undefined || nowMs - this.#lostSinceMs < this.#parts.limits().lingerMs) return;
    this.#drop('client_closed');
  }

  #heard({ state, epoch }: OwnerNews): void {
    const from = this.#from;
    const isOld = from !== undefined && compareEpochs(epoch, from.epoch) <= 0;
    // It is a hint that anybody may send: what is done about it is done by the registry.
    if (state === 'live' && isOld) return;
    this.#look(true);
  }

  #look(isFresh: boolean): void {
    if (this.#isLooking) {
      this.#looksAgain ||= isFresh;
      return;
    }
    this.#isLooking = true;
    this.#then(this.#parts.owners.find(this.of, isFresh), (found) => {
      this.#isLooking = false;
      if (this.#isClosed) return;
      const nowMs = this.#parts.nowMs();
      this.#lookedMs = nowMs;
      this.#lookAtMs = nowMs + lookAfterMs(this.state, this.#parts.random());
      this.#found(found, isFresh, nowMs);
      if (!this.#looksAgain) return;
      this.#looksAgain = false;
      this.#look(true);
    });
  }

  /** Goes on with an answer. A defect on the way ends nothing but that. */
  #then<Answer>(asked: Promise<Answer>, act: (answer: Answer) => void): void {
    asked.then(act).catch((error: unknown) => {
      this.#parts.log.error({ err: error, code: 'ERR_INTERNAL', ...this.of }, 'fetching a stream failed inside');
    });
  }

  #found(found: OwnerOf | 'none' | 'unknown', isFresh: boolean, nowMs: number): void {
    if (found === 'unknown') {
      this.mayCome = true;
      // What its owner has told is over is over, whoever can be asked.
      if (this.#endedEpoch !== undefined) this.#drop('client_unpublish');
      this.#noneComes();
      return;
    }
    const { node } = this.#parts;
    // A play is not refused by an answer that may be 2 s old.
    if (found === 'none' && !isFresh) {
      this.#look(true);
      return;
    }
    if (found === 'none' || found.nodeId === node.nodeId) {
      this.mayCome = found !== 'none' && found.bootId === node.bootId;
      this.#owner = undefined;
      this.#goodbye(nowMs);
      if (found === 'none' && this.#link === undefined) this.#drop('client_unpublish');
      this.#noneComes();
      return;
    }
    this.mayCome = true;
    // A stream that is being handed over goes on elsewhere.
    if (found.state === 'live' && this.#endedEpoch !== undefined && compareEpochs(found.epoch, this.#endedEpoch) <= 0) {
      // Its end is not in the registry yet.
      this.#drop('client_unpublish');
      this.#owner = undefined;
      this.#lookAtMs = Math.min(this.#lookAtMs, nowMs + STALE_LOOK_MS);
      this.#noneComes();
      return;
    }
    this.#endedEpoch = undefined;
    const isOther = this.#from !== undefined && compareEpochs(found.epoch, this.#from.epoch) !== 0;
    this.#retries.wants(found.epoch, nowMs);
    this.#owner = found;
    if (isOther) this.#goodbye(nowMs);
    this.#dialWhenDue(nowMs);
  }

  /** Plays that wait are answered: what they play is not here. */
  #noneComes(): void {
    this.#wishedMs = undefined;
    this.#arrivals.all();
  }

  /** Somebody else has the name, or nobody: the connection has a moment to bring the rest. */
  #goodbye(nowMs: number): void {
    if (this.#attempt === undefined) return;
    if (this.#link === undefined) this.#leave();
    else this.#leaveAtMs = Math.min(this.#leaveAtMs, nowMs + GOODBYE_MS);
  }

  #leave(): void {
    this.#leaveAtMs = Number.POSITIVE_INFINITY;
    this.#attempt?.stop();
  }

  #dialWhenDue(nowMs: number): void {
    const owner = this.#owner;
    if (owner === undefined || this.#attempt !== undefined || this.#isDialling || this.#isClosed) return;
    if (nowMs < this.#retries.dueMs) return;
    this.#isDialling = true;
    this.#then(this.#parts.peers.addressOf(owner.nodeId, owner.bootId), (address) => {
      this.#isDialling = false;
      if (this.#isClosed || this.#owner !== owner) {
        if (!this.#isClosed) this.#dialWhenDue(this.#parts.nowMs());
        return;
      }
      if (typeof address === 'string') this.#failed(`the node ${owner.nodeId} has no address: ${address}`);
      else this.#connect(owner, nodeTarget(address, this.of));
    });
  }

  #connect(owner: OwnerOf, target: NodeTarget): void {
    const { node, ticket, limits, dial } = this.#parts;
    const { stallMs: idleTimeoutMs, connectTimeoutMs, chunkSize } = limits();
    this.#attempts++;
    this.#from = owner;
    const hello = { ...node, ticket: ticket(owner.nodeId, this.of, owner.epoch), path: [node.nodeId] };
    const bounds = { idleTimeoutMs, connectTimeoutMs, chunkSize, pingAfterMs: idleTimeoutMs / 3 };
    this.#attempt = dial(target, bounds, hello, {
      ready: (link, codec) => this.#ready(owner, target, link, codec),
      media: (codec) => this.#media(codec),
      news: (news) => {
        if (news.kind === 'reconnectRequested') this.#attempt?.stop();
        this.#copy?.news(news);
      },
      over: (error) => this.#attemptOver(error),
    });
  }

  #ready(owner: OwnerOf, target: NodeTarget, link: OutgoingLink, codec: ChunkCodec): void {
    const { streamId } = owner;
    // Its players stay for the other stream, however short they wait for a publisher elsewhere.
    if (this.#copy !== undefined && this.#copy.streamId !== streamId) this.#drop('takeover');
    if (this.#copy !== undefined) this.#counts.reconnects++;
    this.#copy ??= new CopiedStream(this.of, streamId, this.#parts, {
      running: () => this.#running(),
      endedHere: () => this.#endedHere(),
      broken: (error) => this.#attempt?.fail(error),
    });
    this.#link = link;
    this.#copy.ready(link, codec, owner, target, this.#attempts);
  }

  #running(): void {
    if (this.#lostSinceMs === undefined) this.#counts.started++;
    this.#lostSinceMs = undefined;
    this.#cameMs = this.#parts.nowMs();
    this.#lookAtMs = this.#cameMs + lookAfterMs('running', this.#parts.random());
    this.#trouble.over();
    this.#tellAudience(this.#cameMs);
    this.#arrivals.all();
    this.#parts.log.info(
      { ...this.of, fromNode: this.#from?.nodeId, attempts: this.#attempts },
      'a stream of another node is here',
    );
  }

  #media(codec: ChunkCodec): void {
    this.#copy?.media(codec);
    if (this.#wishedMs === undefined) return;
    this.#counts.firstMedia(this.#parts.nowMs() - this.#wishedMs);
    this.#wishedMs = undefined;
  }

  /** The copy gave way to a publish of this node, or was ended here. */
  #endedHere(): void {
    this.#counts.bytesPast += this.#copy?.bytes ?? 0;
    this.#copy = undefined;
    this.#owner = undefined;
    this.#lostSinceMs = undefined;
    this.#attempt?.stop();
    this.#look(true);
  }

  #attemptOver(error: SluiceError | undefined): void {
    const wasRunning = this.#link !== undefined && this.#copy?.isBegun === true;
    const from = this.#from;
    this.#attempt = undefined;
    this.#link = undefined;
    this.#from = undefined;
    this.#leaveAtMs = Number.POSITIVE_INFINITY;
    this.#copy?.disconnected();
    if (this.#copy?.isBegun !== true) this.#copy = undefined;
    if (this.#isClosed) return;
    const nowMs = this.#parts.nowMs();
    if (wasRunning) {
      this.#lostSinceMs ??= nowMs;
      this.#retries.lost(nowMs - this.#cameMs, nowMs);
      if (isStreamEnd(error)) this.#endedEpoch = from?.epoch;
      this.#owner = undefined;
      this.#look(true);
      return;
    }
    if (error === undefined) {
      this.#dialWhenDue(nowMs);
      return;
    }
    this.#failed(error.message);
    // Most often the name has another owner by now.
    if (error.code === 'ERR_CLIENT_REJECTED') this.#look(true);
  }

  /** A connection failed: the next is made later, and the registry may say something else by then. */
  #failed(why: string): void {
    const nowMs = this.#parts.nowMs();
    this.#trouble.failed(why);
    this.#retries.failed(nowMs);
    this.#lookAtMs = Math.min(this.#lookAtMs, nowMs + LOOK_MS.lost);
  }

  /** The publish here is over. */
  #drop(reason: EndReason): void {
    const copy = this.#copy;
    this.#copy = undefined;
    this.#lostSinceMs = undefined;
    if (copy === undefined) return;
    this.#attempts = 0;
    this.#counts.bytesPast += copy.bytes;
    copy.end(reason);
  }

  #tellAudience(nowMs: number): void {
    if (this.#link !== undefined && this.#copy?.isBegun === true) this.#audience.tick(this.#link, this.#players, nowMs);
  }
}
