import type { Clock } from '../core/clock.js';
import type { ErrorCode } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { Grant } from '../model/grant.js';
import type { PlayEndReason } from '../model/reasons.js';
import type { PlayRefusal } from '../model/refusals.js';
import type { StreamUrls } from '../model/stream-urls.js';
import type { Answer, ByteSide, NameRequest, PlayAsk, PlayCounters, Refusal } from './access.js';
import type { ActivityLog } from './activity-log.js';
import { BoundPlays } from './bound-plays.js';
import { playReasonOfCode } from './end-reasons.js';
import type { EventAccount } from './event-account.js';
import type { JobTicket } from './job-ticket.js';
import type { Want } from './live-control.js';
import { nameKey } from './name-key.js';
import type { PlayedStream } from './played-stream.js';
import type { PlayerEntry } from './player-entry.js';
import { principalOf } from './principals.js';
import type { Pulls } from './pulls.js';
import { playersOf } from './relayed-audience.js';
import { Sessions } from './sessions.js';
import { type GrantDeps, type GrantHolder, RunningGrant } from './stream-grant.js';
import { toldEnd } from './told-end.js';

/** Bounds of plays. Every number is a setting. */
export interface PlayAccountingOptions {
  readonly waitForPublisher: boolean;
}

type StreamName = Pick<NameRequest, 'app' | 'name'>;

/** What sets a play apart from one of the audience of a live stream. */
export interface PlayedBy {
  /** With which a run of a job plays a stream that is live. */
  readonly ticket?: JobTicket | undefined;
  /** Id of the one stream that another node plays for its own players. */
  readonly relayOf?: string | undefined;
  /** Id of the one stream that an operator looks at. */
  readonly previewOf?: string | undefined;
  /** Which it plays, below `media.root`. */
  readonly file?: string | undefined;
}

/** The parts that play accounting needs. */
interface PlayAccountingParts {
  /** Where a stream can be fetched, and a name that is wanted be published. */
  readonly urls: (of: StreamName) => StreamUrls;
  readonly bytes: ByteSide;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly account: EventAccount;
  readonly activity: ActivityLog;
  readonly grants: GrantDeps;
  /** Names that are fetched when they are played. */
  readonly pulls?: Pulls | undefined;
  /** The live stream of a name, or the copy of one. */
  readonly streamOf: (name: StreamName) => PlayedStream | undefined;
  /** A stream that has not ended, by its id. */
  readonly stream: (streamId: string) => PlayedStream | undefined;
}

/** The plays of all streams: who plays what, and the events about it. */
export class PlayAccounting {
  /** Plays of live streams since the start; for `/metrics`. */
  started = 0;
  /** Plays of other nodes that run; for `/metrics`. */
  relays = 0;
  #options: PlayAccountingOptions;
  readonly #parts: PlayAccountingParts;
  /** Plays of the audience by name, waiting ones included. */
  readonly #entries = new Map<string, Set<PlayerEntry>>();
  readonly #byId = new Map<string, PlayerEntry>();
  readonly #bound = new BoundPlays<PlayerEntry>();
  /** Plays whose grant may have a time. */
  readonly #timed = new Set<PlayerEntry>();
  /** Running plays by principal. */
  readonly sessions = new Sessions();
  /** Names that were told as wanted. */
  readonly #wanted = new Set<string>();

  constructor(options: PlayAccountingOptions, parts: PlayAccountingParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Other bounds hold for plays that come. */
  change(options: PlayAccountingOptions): void {
    this.#options = options;
  }

  /** Plays, waiting ones included. */
  get size(): number {
    return this.#byId.size;
  }

  /** Ends the plays that wait for a publisher. */
  endWaiting(): void {
    for (const { playId, streamId, file } of [...this.#byId.values()])
      if (streamId === undefined && file === undefined) this.#parts.bytes.order({ kind: 'endPlay', playId });
  }

  /**
   * A play is admitted: it begins, or is refused for what it wants to play. What has neither ticket nor file is one of
   * the audience.
   */
  begin(
    { id, facts, request }: PlayAsk,
    grant: Grant,
    { ticket, relayOf, previewOf, file }: PlayedBy = {},
  ): { readonly answer: Answer } | { readonly refusal: Refusal<PlayRefusal> } {
    const principal = principalOf(grant, facts);
    const { keyFingerprint } = grant;
    const named = { app: request.app, name: grant.name ?? request.name };
    const stream = file === undefined ? this.#parts.streamOf(named) : undefined;
    const isAbsent = stream === undefined && file === undefined;
    const boundTo = ticket?.streamId ?? relayOf ?? previewOf;
    const isLimited = boundTo === undefined || previewOf !== undefined;
    const refusal = isLimited ? this.#refusal(named, stream, isAbsent, principal, grant) : undefined;
    if (refusal !== undefined) return { refusal };
    const playId = newId();
    const holder: GrantHolder = {
      ...{ action: 'play', id: playId, principal },
      request: () => ({ app: request.app, name: request.name, query: request.query }),
      facts: () => facts,
      labelled: () => {},
      limited: () => {},
      end: ({ code, message }) => this.end(playId, code, message),
    };
    let ended = (): void => {};
    const over = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const entry: PlayerEntry = {
      ...{ playId, ...named, facts, principal, keyFingerprint, streamId: undefined, teller: undefined, logged: false },
      ...{ over, ended, ticket, boundTo, file, isRelay: relayOf !== undefined },
      grant: new RunningGrant(grant, holder, this.#parts.grants),
      startedAtMs: this.#parts.clock.wallMs(),
    };
    this.#add(entry);
    this.#byId.set(playId, entry);
    if (entry.isRelay) this.relays++;
    if (grant.ttlMs !== undefined) this.#timed.add(entry);
    if (file !== undefined) this.#parts.activity.playStarted(entry);
    else if (stream === undefined) this.#parts.activity.playWaits(entry);
    else this.#joined(entry, stream);
    this.#tellWanted(named);
    const of = file === undefined ? {} : { file };
    const endsWithStream = boundTo !== undefined;
    return { answer: { kind: 'playAccepted', id, playId, name: named.name, endsWithStream, ...of } };
  }

  /** A name is about to be played. @returns as {@link Pulls.arrival}; undefined where a stream is here */
  arrival(of: StreamName): Promise<void> | undefined {
    return this.#parts.streamOf(of) === undefined ? this.#parts.pulls?.arrival(of) : undefined;
  }

  /** All plays, waiting ones included. */
  get all(): Iterable<PlayerEntry> {
    return this.#byId.values();
  }

  play(playId: string): PlayerEntry | undefined {
    return this.#byId.get(playId);
  }

  /** Names that are waited for, with the number of players. */
  wants(): Want[] {
    return [...this.#wanted].map((key) => {
      const entries = this.#entries.get(key)!;
      const { app, name } = entries.values().next().value!;
      return { app, name, players: entries.size, urls: this.#parts.urls({ app, name }) };
    });
  }

  /** The node that plays a stream tells how many players it has. */
  audienceTold(playId: string, players: number): void {
    const streamId = this.#byId.get(playId)?.streamId;
    if (streamId !== undefined) this.#parts.stream(streamId)?.relays?.tell(playId, players);
  }

  /** Ends a play for good. Its client is told the code with the message, or with what the code says. */
  end(playId: string, code: ErrorCode, message = ''): void {
    const told = { status: 'NetStream.Play.Failed', code, description: toldEnd(code, message) } as const;
    const reason = playReasonOfCode(code) ?? 'kicked';
    this.#parts.bytes.order({ kind: 'stopPlay', playId, reason, told });
  }

  /** A run of a job has got a ticket: plays of runs before it end. Their clients are told `ERR_JOB_FENCED`. */
  fence(ticket: JobTicket): void {
    for (const { playId } of this.#bound.others(ticket)) this.end(playId, 'ERR_JOB_FENCED');
  }

  /** Ends the plays with a ticket. */
  cut(ticket: JobTicket, code: ErrorCode): void {
    for (const { playId } of this.#bound.with(ticket)) this.end(playId, code);
  }

  /** Whether a play with a ticket runs. */
  hasPlayOf(ticket: JobTicket): boolean {
    return this.#bound.with(ticket).length > 0;
  }

  /**
   * Asks admission again about a play now, whatever time is left. Resolves when the answer was acted upon. What plays
   * with a ticket was never asked about.
   */
  reauthorise(play: PlayerEntry): Promise<void> {
    if (play.boundTo !== undefined) return Promise.resolve();
    // Nobody may answer now, or the new grant may have a time where the one before had none.
    if (this.#byId.has(play.playId)) this.#timed.add(play);
    return play.grant.askNow();
  }

  /** Asks admission again about plays whose time is nearly over. Call it a few times a second. */
  tick(nowMs: number): void {
    for (const { grant } of this.#timed) grant.tick(nowMs);
  }

  /** A play is over. */
  ended(reason: PlayEndReason, counters: PlayCounters): void {
    const entry = this.#byId.get(counters.playId);
    if (entry === undefined) return;
    this.#byId.delete(entry.playId);
    if (entry.isRelay) this.relays--;
    this.#timed.delete(entry);
    entry.grant.close();
    this.#remove(entry);
    this.#left(entry, reason, counters);
    this.#tellWanted(entry);
    entry.ended();
  }

  /** Players that came before the publisher are told once the stream is announced. */
  adopt(stream: PlayedStream): void {
    const most = stream.limits.maxPlayers ?? Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.get(nameKey(stream)) ?? []) {
      if (playersOf(stream) < most) this.#joined(entry, stream);
      else this.end(entry.playId, 'ERR_LIMIT_PLAYERS');
    }
    this.#tellWanted(stream);
  }

  /**
   * The stream goes on at another node: its plays are told to have left it here. Those of the audience go on, and wait
   * for a copy. Those of jobs end when it has gone, as at any end: they may come back, and the other node is asked
   * then.
   */
  movedOut(stream: PlayedStream, plays: readonly PlayCounters[]): void {
    const counted = new Map(plays.map((counters) => [counters.playId, counters]));
    for (const entry of this.#playsOf(stream)) {
      const { playId } = entry;
      this.#left(entry, 'stream_moved', counted.get(playId) ?? { playId, bytes: 0, drops: 0 });
    }
  }

  /** No other node has taken the stream: its plays are told to have joined it again. */
  movedBack(stream: PlayedStream): void {
    for (const entry of this.#playsOf(stream)) if (entry.streamId === undefined) this.#joined(entry, stream);
  }

  /** The plays of a stream, those of jobs included. */
  #playsOf(stream: PlayedStream): PlayerEntry[] {
    return [...(this.#entries.get(nameKey(stream)) ?? []), ...this.#bound.of(stream.streamId)];
  }

  /**
   * The stream is over, and with it every play of it, as the lifecycle tells it. The players themselves may wait for
   * the next publisher; those that the byte side had not attached when the stream ended may do so only where players
   * may wait, and plays of jobs and of other nodes never.
   */
  streamEnded(stream: PlayedStream, plays: readonly PlayCounters[]): void {
    const counted = new Map(plays.map((counters) => [counters.playId, counters]));
    for (const entry of this.#playsOf(stream)) {
      const { playId, boundTo } = entry;
      const counters = counted.get(playId);
      this.#left(entry, 'stream_ended', counters ?? { playId, bytes: 0, drops: 0 });
      if (counters === undefined && (boundTo !== undefined || !this.#waitsFor(stream)))
        this.#parts.bytes.order({ kind: 'endPlay', playId });
    }
    this.#tellWanted(stream);
  }

  /** Why a client may not play. @param isAbsent neither a live stream nor a file has the name */
  #refusal(
    of: StreamName,
    stream: PlayedStream | undefined,
    isAbsent: boolean,
    principal: string,
    grant: Grant,
  ): Refusal<PlayRefusal> | undefined {
    if (isAbsent && !this.#waitsFor(of)) return refused('ERR_PLAY_NOT_FOUND', 'NetStream.Play.StreamNotFound');
    if (stream !== undefined && playersOf(stream) >= (stream.limits.maxPlayers ?? Number.POSITIVE_INFINITY))
      return refused('ERR_LIMIT_PLAYERS');
    if (this.sessions.count(principal) >= (grant.limits.sessions ?? Number.POSITIVE_INFINITY))
      return refused('ERR_LIMIT_SESSIONS');
    return undefined;
  }

  /** Whether players may wait for a name that is not published. */
  #waitsFor(of: StreamName): boolean {
    return this.#options.waitForPublisher || this.#parts.pulls?.has(of) === true;
  }

  #add(entry: PlayerEntry): void {
    if (entry.boundTo !== undefined) {
      this.#bound.add(entry.boundTo, entry);
      return;
    }
    this.sessions.add(entry.principal);
    // What is published under the name of a file is none of its business.
    if (entry.file !== undefined) return;
    const key = nameKey(entry);
    this.#entries.set(key, (this.#entries.get(key) ?? new Set()).add(entry));
  }

  #remove(entry: PlayerEntry): void {
    if (entry.boundTo !== undefined) {
      this.#bound.remove(entry.boundTo, entry);
      return;
    }
    this.sessions.remove(entry.principal);
    if (entry.file !== undefined) return;
    const key = nameKey(entry);
    const entries = this.#entries.get(key)!;
    entries.delete(entry);
    if (entries.size === 0) this.#entries.delete(key);
  }

  /** Tells whether a player waits for a name that is not published, when that has changed. */
  #tellWanted(of: StreamName): void {
    const key = nameKey(of);
    const isWanted = this.#entries.has(key) && this.#parts.streamOf(of) === undefined;
    if (isWanted === this.#wanted.has(key)) return;
    if (isWanted) this.#wanted.add(key);
    else this.#wanted.delete(key);
    const { app, name } = of;
    this.#parts.pulls?.wanted({ app, name }, isWanted);
    this.#parts.lifecycle.want(isWanted ? 'wanted' : 'unwanted', { app, name, urls: this.#parts.urls({ app, name }) });
  }

  #joined(entry: PlayerEntry, stream: PlayedStream): void {
    const { playId, facts, ticket } = entry;
    const { clock, account } = this.#parts;
    const nowMs = clock.monotonicMs();
    entry.streamId = stream.streamId;
    if (entry.isRelay) stream.relays?.add(playId);
    else this.started++;
    if (ticket === undefined) {
      stream.audience++;
      stream.tellAudience(facts.peer.address, nowMs);
    }
    this.#parts.activity.playStarted(entry);
    // The node that plays it tells of it, in events of its own.
    if (entry.isRelay) return;
    // The events witness that one run of a job at most gets media, so that each play of one is told.
    const isTold = ticket !== undefined || account.tellsPlay(facts.peer.address, stream.tellablePlays, nowMs);
    entry.teller = isTold ? stream.teller : undefined;
    entry.teller?.playStarted(stream.streamId, {
      playerId: playId,
      connectionId: facts.connectionId,
      peer: facts.peer,
      transport: facts.transport,
      ...(facts.info?.flashVer ? { client: facts.info.flashVer } : {}),
      ...(ticket === undefined ? {} : { job: { template: ticket.template, token: ticket.token } }),
    });
  }

  #left(entry: PlayerEntry, reason: PlayEndReason, { playId, bytes, drops }: PlayCounters): void {
    const { streamId } = entry;
    if (entry.file !== undefined) this.#parts.activity.playEnded(entry, reason, bytes, drops);
    if (streamId === undefined) return;
    this.#parts.activity.playEnded(entry, reason, bytes, drops);
    entry.streamId = undefined;
    const nowMs = this.#parts.clock.monotonicMs();
    entry.teller?.playEnded(streamId, { playerId: playId, bytes, drops, reason });
    const stream = this.#parts.stream(streamId);
    if (stream === undefined || entry.ticket !== undefined) return;
    stream.audience--;
    stream.relays?.remove(playId);
    stream.tellAudience(entry.facts.peer.address, nowMs);
  }
}

function refused(code: ErrorCode, status: PlayRefusal = 'NetStream.Play.Failed'): Refusal<PlayRefusal> {
  return { status, code, description: toldEnd(code) };
}
