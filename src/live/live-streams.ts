import type { Clock } from '../core/clock.js';
import type { ErrorCode } from '../core/errors.js';
import { type Logger, rateLimited } from '../core/log.js';
import type { MemoryAccount } from '../core/memory-account.js';
import type { NameRule } from '../core/names.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { EndReason } from '../model/reasons.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { StreamUrls } from '../model/stream-urls.js';
import type { Totals } from '../model/totals.js';
import type {
  Ask,
  ByteSide,
  CallAsk,
  FactSide,
  NameRequest,
  PlayAsk,
  PlayCounters,
  Report,
  RpcReply,
} from './access.js';
import { ActivityLog } from './activity-log.js';
import { AddressLog, FAULT_LINES } from './address-log.js';
import { ADMIT_ALL, type Admission } from './admission.js';
import { ChurnGuard, type ChurnGuardOptions } from './churn-guard.js';
import { ClientCalls } from './client-calls.js';
import { ConnectDecisions } from './connect-decisions.js';
import { ConnectionLog } from './connection-log.js';
import { EventAccount } from './event-account.js';
import type { TicketOwners } from './forwarded-tickets.js';
import { JobAccess } from './job-access.js';
import { TicketSeal } from './job-ticket.js';
import { LiveCommands } from './live-commands.js';
import { LiveStream } from './live-stream.js';
import { nameKey } from './name-key.js';
import { NodeAccess, type NodeAccessOptions } from './node-access.js';
import { type OpenAsk, OpenAsks } from './open-asks.js';
import type { Ownership } from './ownership.js';
import { PlayAccounting, type PlayAccountingOptions } from './play-accounting.js';
import { PlayDecisions } from './play-decisions.js';
import { PublishDecisions } from './publish-decisions.js';
import { ENDED_ELSEWHERE } from './publish-refusals.js';
import { PublisherReads } from './publisher-reads.js';
import type { Pulls } from './pulls.js';
import { RecordedDecisions } from './recorded-decisions.js';
import type { RecordedNames } from './recorded-names.js';
import { callFailed, type RpcBridge } from './rpc-bridge.js';
import { Sessions } from './sessions.js';
import { StreamCopies } from './stream-copies.js';
import type { GrantDeps } from './stream-grant.js';
import type { LiveStreamOwner, StreamStart } from './stream-owner.js';
import { StreamYields } from './stream-yields.js';
import { toldEnd } from './told-end.js';
import { WaitingRoom } from './waiting-room.js';

/** Bounds of live streams. Every number is a setting. */
export interface LiveStreamsOptions extends PlayAccountingOptions, ChurnGuardOptions {
  /** Events that one address may cause, a second, besides starts and ends; 0: no limit. */
  readonly eventsPerSecondPerIp: number;
  readonly resumeWindowMs: number;
  /** How long a stream whose grant is over goes on while nobody can be asked, in ms. */
  readonly renewGraceMs: number;
  /**
   * Log lines about connections that were closed or refused for a fault; every one of them is counted in `/metrics`.
   */
  readonly faultLinesPerSecond: number;
}

/** The parts it ties together. */
interface LiveStreamsParts {
  /** The byte side, which gets answers and orders. */
  readonly bytes: ByteSide;
  /** Decides who may do what; default: everything is accepted. */
  readonly admission?: Admission;
  /** What peers make the process hold: past its limit no publish is taken. */
  readonly memory: Pick<MemoryAccount, 'isOver'>;
  readonly lifecycle: Lifecycle;
  readonly names: NameRule;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where a stream can be fetched. */
  readonly urls: (stream: { readonly app: string; readonly name: string }) => StreamUrls;
  /** Secret of this installation that tickets of jobs are signed with. */
  readonly ticketSecret: Uint8Array;
  /** Decides over all nodes who has a name; default: there is only this one. */
  readonly ownership?: Ownership | undefined;
  /** Lets other nodes of the cluster fetch streams; default: there is none. */
  readonly nodes?: NodeAccessOptions | undefined;
  /** Knows of tickets for streams of other nodes; default: there is none. */
  readonly ticketOwners?: TicketOwners | undefined;
  /** Names that are fetched from elsewhere when they are played; default: none. */
  readonly pulls?: Pulls | undefined;
  /** Has calls of clients answered; default: nobody does. */
  readonly rpc?: RpcBridge;
  /** Finds files that are played; undefined: there are none. */
  readonly recorded?: RecordedNames;
  /** Why no connect, publish or play is accepted at present, or undefined. */
  readonly closedFor: () => string | undefined;
}

/**
 * Decides who publishes and plays what, keeps the list of live streams, and tells the lifecycle each fact after it has
 * become true. Of connections and media it knows only what it was told.
 */
export class LiveStreams implements FactSide, LiveStreamOwner {
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly bytes: ByteSide;
  resumeWindowMs: number;
  readonly account: EventAccount;
  readonly activity: ActivityLog;
  readonly churn: ChurnGuard;
  readonly connections: ConnectionLog;
  readonly publishes: PublishDecisions;
  readonly plays: PlayDecisions;
  /** Lets other nodes of the cluster fetch streams; undefined: there is none. */
  readonly nodes: NodeAccess | undefined;
  /** What operators do to what runs. */
  readonly commands: LiveCommands;
  readonly grants: GrantDeps;
  /** Tickets of jobs. */
  readonly jobs: JobAccess;
  /** Gives streams to other nodes. */
  readonly yields: StreamYields;
  /** Data messages and calls to clients. */
  readonly clients: ClientCalls;
  publishesStarted = 0;
  #suppressedPast = 0;
  #options: LiveStreamsOptions;
  readonly #parts: LiveStreamsParts;
  readonly #admission: Admission;
  readonly #streams = new Map<string, LiveStream>();
  readonly #byName = new Map<string, LiveStream>();
  readonly #asks: OpenAsks;
  readonly #connects: ConnectDecisions;
  readonly #plays: PlayAccounting;
  readonly #copies: StreamCopies;
  readonly #recorded: RecordedDecisions | undefined;
  readonly #waits = new WaitingRoom();
  /** Running publishes by principal. */
  readonly #sessions = new Sessions();
  readonly #reads: PublisherReads;

  constructor(options: LiveStreamsOptions, parts: LiveStreamsParts) {
    this.#parts = parts;
    this.#options = options;
    const { log, clock, bytes, lifecycle, names, closedFor } = parts;
    this.lifecycle = lifecycle;
    this.clock = clock;
    this.bytes = bytes;
    this.resumeWindowMs = options.resumeWindowMs;
    this.#admission = parts.admission ?? ADMIT_ALL;
    // For what any unauthenticated client can cause as often as it connects.
    const faults = new AddressLog(rateLimited(log, clock, options.faultLinesPerSecond), clock, FAULT_LINES);
    this.activity = new ActivityLog(log, clock);
    this.account = new EventAccount(options.eventsPerSecondPerIp);
    this.churn = new ChurnGuard(options);
    this.#asks = new OpenAsks(bytes, log);
    this.#reads = new PublisherReads(bytes);
    const readPublisher = (streamId: string): Promise<number> => this.#reads.read(streamId);
    this.grants = { admission: this.#admission, clock, renewGraceMs: () => this.#options.renewGraceMs };
    this.connections = new ConnectionLog({ lifecycle, clock, account: this.account, log, faults });
    this.publishes = new PublishDecisions({
      ...parts,
      ...{ admission: this.#admission, account: this.account, churn: this.churn, waits: this.#waits, faults },
      runningOf: (principal) => this.#sessions.count(principal),
      streamOf: (key) => this.#byName.get(key),
      readPublisher,
      begin: (start) => this.#begin(start),
      giveWay: (key) => this.#copies.giveWay(key),
    });
    this.#plays = new PlayAccounting(options, {
      ...{ bytes, lifecycle, clock, urls: parts.urls, activity: this.activity },
      ...{ account: this.account, grants: this.grants },
      pulls: parts.pulls,
      streamOf: (request) => this.#byName.get(nameKey(request)) ?? this.#copies.of(nameKey(request)),
      stream: (streamId) => this.#streams.get(streamId) ?? this.#copies.get(streamId),
    });
    const isTaken = (key: string): boolean => this.#byName.has(key) || this.publishes.hasWon(key);
    this.#copies = new StreamCopies({ ...parts, isTaken, plays: this.#plays });
    const { recorded: files } = parts;
    const [admission, churn, waits, plays] = [this.#admission, this.churn, this.#waits, this.#plays];
    const jobs = new JobAccess({
      clock,
      seal: new TicketSeal(parts.ticketSecret),
      urls: parts.urls,
      stream: (streamId) => this.#streams.get(streamId),
      streamOf: (name) => this.#byName.get(nameKey(name)),
      fence: (ticket) => plays.fence(ticket),
      elsewhere: parts.ticketOwners && {
        ...{ owners: parts.ticketOwners, arrival: (name) => plays.arrival(name) },
        playedOf: (name) => this.#byName.get(nameKey(name)) ?? this.#copies.of(nameKey(name)),
        ...{ isPlayed: (ticket) => plays.hasPlayOf(ticket), cut: (ticket, code) => plays.cut(ticket, code) },
      },
    });
    this.jobs = jobs;
    this.commands = new LiveCommands({ bytes, plays, clock, streams: this.#streams });
    this.yields = new StreamYields({
      ...{ clock, lifecycle, plays, jobs, streams: this.#streams, readPublisher },
      isDraining: () => closedFor() !== undefined,
    });
    this.clients = new ClientCalls({ bytes, plays, streams: this.#streams });
    const isLive = (of: Pick<NameRequest, 'app' | 'name'>): boolean => this.#byName.has(nameKey(of));
    const recorded = files && new RecordedDecisions({ files, names, admission, isLive });
    this.#recorded = recorded;
    const streamOf = (of: Pick<NameRequest, 'app' | 'name'>) => this.#byName.get(nameKey(of));
    const nodes = parts.nodes && new NodeAccess(parts.nodes, { clock, admission, faults, streamOf });
    this.nodes = nodes;
    this.#connects = new ConnectDecisions({ admission, nodes, closedFor, previews: jobs.previews });
    const guards = { admission, churn, waits, faults };
    this.plays = new PlayDecisions({ ...guards, names, clock, plays, jobs, nodes, recorded, closedFor });
  }

  /** Other bounds hold from now on, for what is decided from now on. `faultLinesPerSecond` stays. */
  change(options: LiveStreamsOptions): void {
    this.#options = options;
    this.resumeWindowMs = options.resumeWindowMs;
    this.account.change(options.eventsPerSecondPerIp);
    this.churn.change(options);
    this.#plays.change(options);
  }

  /** Live streams, those that wait for their publisher included. */
  get live(): number {
    return this.#streams.size;
  }

  /** Refused plays by error code; for `/metrics`. */
  get playsRejectedBy(): ReadonlyMap<ErrorCode, number> {
    return this.plays.rejectedBy;
  }

  get playsStarted(): number {
    return this.#plays.started;
  }

  /** Plays of other nodes that run. */
  get relaysServed(): number {
    return this.#plays.relays;
  }

  /** Events that were not told because one publisher caused too many. */
  get suppressedEvents(): number {
    let sum = this.#suppressedPast;
    for (const stream of this.#streams.values()) sum += stream.suppressedEvents;
    return sum;
  }

  /** What a live stream has carried since its start, by the last report. */
  totalsOf(streamId: string): Totals | undefined {
    return this.#streams.get(streamId)?.totals();
  }

  streams(): StreamSnapshot[] {
    return [...this.#streams.values()].map((stream) => stream.snapshot());
  }

  /** Another node has ended these streams while this one could not be reached: they are over here too. */
  fence(streamIds: readonly string[]): void {
    this.publishes.fence(streamIds);
    const told = toldEnd('ERR_SESSION_SHUTDOWN', ENDED_ELSEWHERE);
    for (const streamId of streamIds) this.#streams.get(streamId)?.order('node_lost', told);
  }

  /** Plays, those that wait for a publisher included. */
  get playing(): number {
    return this.#plays.size;
  }

  /** Ends the plays that wait for a publisher: none will come here. */
  endWaitingPlays(): void {
    this.#plays.endWaiting();
  }

  /** Ends the streams that have no connection and wait for one. */
  endSuspended(reason: EndReason): void {
    for (const stream of [...this.#streams.values()]) if (stream.suspended) stream.order(reason, '');
  }

  /** Does what is due by time for streams and waiting requests. Call it a few times a second. */
  tick(nowMs: number): void {
    this.#waits.tick(nowMs);
    for (const stream of this.#streams.values()) stream.tick(nowMs);
    this.#plays.tick(nowMs);
    this.jobs.tick(nowMs);
  }

  ask(ask: Ask): void {
    this.#asks.decide(ask, (open) => {
      switch (ask.kind) {
        case 'connect':
          return this.#connects.decide(ask, open);
        case 'publish':
          return ask.copy ? this.#copies.decide(ask, ask.copy, open) : this.publishes.decide(ask, open);
        case 'play':
          return this.plays.decide(ask, open);
        case 'length':
          return this.#length(ask, open);
        case 'call':
          return this.#call(ask, open);
      }
    });
  }

  #length(ask: PlayAsk, open: OpenAsk): void | Promise<void> {
    if (this.#recorded !== undefined) return this.#recorded.answerLength(ask, open);
    open.answer({ kind: 'lengthAnswered', id: ask.id, seconds: 0 });
  }

  report(report: Report): void {
    try {
      this.#take(report);
    } catch (error) {
      this.#parts.log.error({ err: error, code: 'ERR_INTERNAL', report: report.kind }, 'a report failed inside');
    }
  }

  /** @inheritdoc */
  ended(streamId: string, reason: EndReason, plays: readonly PlayCounters[]): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    this.#streams.delete(stream.streamId);
    this.#byName.delete(nameKey(stream));
    this.#suppressedPast += stream.suppressedEvents;
    this.#sessions.remove(stream.principal);
    this.jobs.streamEnded(streamId);
    this.#plays.streamEnded(stream, plays);
    if (stream.isMoving) this.activity.movedAway(stream);
    else this.activity.ended(stream, reason);
  }

  #take(report: Report): void {
    switch (report.kind) {
      case 'connectionOpened':
        this.connections.opened(report.facts);
        break;
      case 'connectionRefused':
        this.connections.refused(report.address, report.code);
        break;
      case 'connectionClosed':
        this.connections.closed(report);
        break;
      case 'askWithdrawn':
        this.#asks.withdraw(report.id, report.reason);
        break;
      case 'playEnded':
        this.#plays.ended(report.reason, report.counters);
        break;
      case 'audienceTold':
        this.#plays.audienceTold(report.playId, report.players);
        break;
      case 'clientAnswered':
        this.clients.answered(report.callId, report.answer);
        break;
      case 'publisherRead':
        this.#reads.done(report.id, report.silentMs);
        break;
      case 'messagesDropped':
        this.connections.dropped(report.facts, report.cause, report.messages);
        break;
      case 'sharedObjectNews': {
        const { verb, ...object } = report.news;
        this.lifecycle.signal(['so', object.app, object.name, verb], object);
        break;
      }
      case 'messagesCounted':
        this.connections.counted(report);
        break;
      default:
        (this.#streams.get(report.streamId) ?? this.#copies.get(report.streamId))?.take(report);
    }
  }

  #call({ id, facts, call }: CallAsk, open: OpenAsk): void | Promise<void> {
    const { rpc } = this.#parts;
    const answer = (reply: RpcReply): void => open.answer({ kind: 'callAnswered', id, reply });
    if (rpc === undefined) return answer(callFailed('There is no such method.'));
    const principal =
      this.#streams.get(call.streamId ?? '')?.principal ?? this.#plays.play(call.playId ?? '')?.principal;
    return rpc.call({ ...call, facts, principal: tellable(principal) }).then(answer);
  }

  #begin(start: StreamStart): LiveStream {
    this.publishesStarted++;
    const stream = new LiveStream(start, this);
    this.#streams.set(stream.streamId, stream);
    this.#byName.set(nameKey(stream), stream);
    this.#sessions.add(stream.principal);
    if (start.moved === undefined) this.activity.started(stream);
    else this.activity.resumed(stream, start.facts);
    this.jobs.streamCame(stream.streamId, start.moved?.tickets ?? []);
    this.#plays.adopt(stream);
    return stream;
  }
}

/** A principal that somebody has named; an address is no name. */
function tellable(principal: string | undefined): string | undefined {
  return principal?.startsWith('peer:') ? undefined : principal;
}
