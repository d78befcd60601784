import type { Clock } from '../core/clock.js';
import { ERRORS, type ErrorCode, SluiceError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import { type Logger, rateLimited } from '../core/log.js';
import type { MemoryAccount } from '../core/memory-account.js';
import type { NameRule } from '../core/names.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { Hub } from '../hub/hub.js';
import type { PlayerSink } from '../hub/player.js';
import { DROP_CAUSES, type DropCause } from '../model/drop-causes.js';
import type { EndReason } from '../model/reasons.js';
import type { PlayRefusal, PublishRefusal } from '../model/refusals.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { StreamUrls } from '../model/stream-urls.js';
import type { Totals } from '../model/totals.js';
import type {
  ConnectionFacts,
  ConnectionHost,
  NameRequest,
  PlayDecision,
  PublisherLine,
  Refusal,
  RunningPublish,
} from './access.js';
import { ActivityLog } from './activity-log.js';
import { AddressLog, FAULT_LINES } from './address-log.js';
import { ChurnGuard, type ChurnGuardOptions } from './churn-guard.js';
import { EventAccount } from './event-account.js';
import { GONE, NOTHING } from './gone.js';
import { LiveStream, type LiveStreamOwner } from './live-stream.js';
import { nameKey } from './name-key.js';
import { PlayAccounting, type PlayAccountingOptions } from './play-accounting.js';
import { Principals } from './principals.js';
import { WaitingRoom } from './waiting-room.js';

/** What the registry decides by; every number is a configuration key. */
export interface LiveStreamsOptions extends PlayAccountingOptions, ChurnGuardOptions {
  /** Events that one address may cause, a second, besides starts and ends; 0: no limit. */
  readonly eventsPerSecondPerIp: number;
  readonly stallAfterMs: number;
  readonly resumeWindowMs: number;
  /** Log lines about connections that were closed or refused for a fault; every one of them is counted in `/metrics`. */
  readonly faultLinesPerSecond: number;
}

/** The parts it ties together. */
export interface LiveStreamsParts {
  readonly hub: Hub;
  /** What peers make the process hold: past its limit no publish is taken. */
  readonly memory: MemoryAccount;
  readonly lifecycle: Lifecycle;
  readonly names: NameRule;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where a stream can be fetched. */
  readonly urls: (stream: { readonly app: string; readonly name: string }) => StreamUrls;
  /** Secret of this installation, for key fingerprints. */
  readonly salt: Uint8Array;
  /** Why no new publish is taken at present, or undefined. */
  readonly closedFor: () => string | undefined;
}

/**
 * Who publishes and plays what: answers the connections' requests, keeps the list, and tells the lifecycle each fact after it has
 * become true.
 */
export class LiveStreams implements ConnectionHost, LiveStreamOwner {
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly stallAfterMs: number;
  readonly resumeWindowMs: number;
  /** Closed connections by error code, refused publishes by error code, and totals; for `/metrics`. */
  readonly closedBy = new Map<ErrorCode, number>();
  readonly rejectedBy = new Map<ErrorCode, number>();
  /** Data messages that could not be read within the limits. */
  readonly dataRefusedBy = new Map<ErrorCode, number>();
  dataMessagesMended = 0;
  /** Messages that went nowhere. */
  readonly droppedBy = new Map<DropCause, number>();
  publishesStarted = 0;
  bytesInPast = 0;
  #suppressedPast = 0;
  #jumpsPast = 0;
  #headersPast = 0;
  readonly #parts: LiveStreamsParts;
  readonly #sessions = new Map<string, LiveStream>();
  readonly #byName = new Map<string, LiveStream>();
  readonly #players: PlayAccounting;
  readonly #principals: Principals;
  readonly account: EventAccount;
  readonly churn: ChurnGuard;
  /** Refused plays by error code. */
  readonly playsRejectedBy = new Map<ErrorCode, number>();
  readonly #waits = new WaitingRoom();
  /** Connections whose opening was told: only then their end is. */
  readonly #toldConnections = new Set<string>();
  /** For what any stranger can cause as often as it connects. */
  readonly #faults: AddressLog;
  readonly activity: ActivityLog;

  constructor(options: LiveStreamsOptions, parts: LiveStreamsParts) {
    this.#parts = parts;
    const { log, clock } = parts;
    this.#faults = new AddressLog(rateLimited(log, clock, options.faultLinesPerSecond), clock, FAULT_LINES);
    this.activity = new ActivityLog(log, clock);
    this.#principals = new Principals(parts.salt);
    this.account = new EventAccount(options.eventsPerSecondPerIp);
    this.churn = new ChurnGuard(options);
    this.lifecycle = parts.lifecycle;
    this.clock = parts.clock;
    this.stallAfterMs = options.stallAfterMs;
    this.resumeWindowMs = options.resumeWindowMs;
    this.#players = new PlayAccounting(options, {
      hub: parts.hub,
      lifecycle: parts.lifecycle,
      clock: parts.clock,
      account: this.account,
      activity: this.activity,
      sessionOf: (request) => this.#byName.get(nameKey(request)),
      session: (streamId) => this.#sessions.get(streamId),
    });
  }

  get live(): number {
    return this.#sessions.size;
  }

  /** Another node has ended these streams while this one could not be heard: they are over here too. */
  fence(streamIds: readonly string[]): void {
    for (const streamId of streamIds)
      this.#sessions.get(streamId)?.take('node_lost', 'another node has ended this stream');
  }

  /** Ends what has no connection any more and waits for one. */
  endSuspended(reason: EndReason): void {
    for (const session of [...this.#sessions.values()]) if (session.suspended) session.finish(reason);
  }

  get playsStarted(): number {
    return this.#players.started;
  }

  get bytesOutPast(): number {
    return this.#players.bytesOutPast;
  }

  /** Events that were not told because one publisher caused too many. */
  get suppressedEvents(): number {
    let sum = this.#suppressedPast;
    for (const session of this.#sessions.values()) sum += session.suppressedEvents;
    return sum;
  }

  /** Sequence headers and metadata that were not kept for players that join late. */
  get refusedHeaders(): number {
    let sum = this.#headersPast;
    for (const { publication } of this.#sessions.values()) sum += publication.headers.refused;
    return sum;
  }

  /** Jumps of publishers' timestamps that were smoothed for players. */
  get timestampJumps(): number {
    let sum = this.#jumpsPast;
    for (const { publication } of this.#sessions.values()) sum += publication.timestampJumps;
    return sum;
  }

  /** What a live stream has carried since its start. */
  totalsOf(streamId: string): Totals | undefined {
    return this.#sessions.get(streamId)?.totals();
  }

  streams(): StreamSnapshot[] {
    return [...this.#sessions.values()].map((session) => session.snapshot());
  }

  /** Health and rates of every stream; call it a few times a second. */
  tick(nowMs: number): void {
    this.#waits.tick(nowMs);
    for (const session of this.#sessions.values()) session.tick(nowMs);
  }

  opened(facts: ConnectionFacts): void {
    const { connectionId, peer, transport } = facts;
    if (!this.account.tells('connection', peer.address, this.clock.monotonicMs())) return;
    this.#toldConnections.add(connectionId);
    this.lifecycle.connection('opened', connectionId, { peer, transport });
  }

  async publish(
    facts: ConnectionFacts,
    request: NameRequest,
    line: PublisherLine,
  ): Promise<{ accept: true; run: RunningPublish } | Refusal<PublishRefusal>> {
    const beganMs = this.clock.monotonicMs();
    const { hub } = this.#parts;
    const refuse = (code: ErrorCode, status: PublishRefusal, reason: string): Refusal<PublishRefusal> =>
      this.#refuse(facts, request, beganMs, code, status, reason);

    const problem = this.#parts.names.problem(request);
    if (problem !== undefined) return refuse('ERR_NAME_INVALID', 'NetStream.Publish.BadName', problem);
    const key = nameKey(request);
    // Who comes back at once is here before the end of its old connection was read.
    if (this.#isTaken(key)) {
      await this.#byName.get(key)?.readNow();
      if (line.endedBy() !== undefined) return GONE;
    }
    const turn = this.churn.publish(facts, this.#isTaken(key) ? undefined : key, beganMs);
    if (turn === undefined) {
      return refuse('ERR_LIMIT_PUBLISH_RATE', 'NetStream.Publish.Rejected', ERRORS.ERR_LIMIT_PUBLISH_RATE.says);
    }
    if (turn > 0) {
      await this.#waits.until(beganMs + turn);
      if (line.endedBy() !== undefined) return GONE;
    }
    const closed = this.#parts.closedFor();
    if (closed !== undefined) return refuse('ERR_SESSION_PUBLISH_REFUSED', 'NetStream.Publish.Rejected', closed);
    if (this.#parts.memory.isOver) {
      return refuse('ERR_LIMIT_MEMORY', 'NetStream.Publish.Rejected', ERRORS.ERR_LIMIT_MEMORY.says);
    }
    this.account.noteStart(facts.peer.address, beganMs);
    const principal = this.#principals.of(facts, request);
    const held = this.#byName.get(key);
    if (held?.suspended && held.principal === principal) {
      return { accept: true, run: held.resume(facts, line) };
    }
    const claim = hub.claim(request.app, request.name);
    if (claim === undefined) {
      return refuse('ERR_PUBLISH_BUSY', 'NetStream.Publish.BadName', ERRORS.ERR_PUBLISH_BUSY.says);
    }
    const streamId = newId();
    const startedAtMs = this.clock.wallMs();
    const { info } = facts;
    try {
      await this.lifecycle.streamStarted({
        streamId,
        app: request.app,
        name: request.name,
        connectionId: facts.connectionId,
        peer: facts.peer,
        transport: facts.transport,
        ...(info?.flashVer ? { encoder: info.flashVer } : {}),
        ...(info?.tcUrl ? { tcUrl: info.tcUrl } : {}),
        ...(request.query === '' ? {} : { keyFingerprint: this.#principals.fingerprint(request.query) }),
        urls: this.#parts.urls(request),
      });
    } catch (error) {
      claim.close(this.clock.monotonicMs());
      const code = error instanceof SluiceError ? error.code : 'ERR_INTERNAL';
      const fields = { err: error, code, app: request.app, name: request.name };
      this.#faults.tell('error', facts.peer.address, fields, 'publish refused: its start cannot be kept');
      return refuse(code, 'NetStream.Publish.Rejected', ERRORS[code].says);
    }
    const reason = line.endedBy();
    if (reason !== undefined) {
      // Over while its start was written: the start is told, so the end is; nothing of it reaches the hub or a player.
      claim.close(this.clock.monotonicMs());
      this.lifecycle.streamEnded(streamId, { reason, ...NOTHING });
      return GONE;
    }
    this.publishesStarted++;
    try {
      const session = new LiveStream({ streamId, principal, facts, line, startedAtMs }, claim, this);
      this.#sessions.set(streamId, session);
      this.#byName.set(key, session);
      this.activity.started(session, facts);
      this.#players.adopt(session);
      return { accept: true, run: session.attach() };
    } catch (error) {
      // A defect of ours; the start is told, so the end is, and the name is free again.
      const session = this.#sessions.get(streamId);
      if (session === undefined) {
        claim.close(this.clock.monotonicMs());
        this.lifecycle.streamEnded(streamId, { reason: 'protocol_error', detail: 'ERR_INTERNAL', ...NOTHING });
      } else session.finish('protocol_error', 'ERR_INTERNAL');
      throw error;
    }
  }

  play(
    facts: ConnectionFacts,
    request: NameRequest,
    messageStreamId: number,
    sink: PlayerSink,
  ): PlayDecision | Promise<PlayDecision> {
    const problem = this.#parts.names.problem(request);
    if (problem !== undefined) return this.#refusePlay(facts, request, 'ERR_NAME_INVALID', problem);
    const nowMs = this.clock.monotonicMs();
    const turn = this.churn.play(facts, nowMs);
    if (turn === undefined) {
      return this.#refusePlay(facts, request, 'ERR_LIMIT_PLAY_RATE', ERRORS.ERR_LIMIT_PLAY_RATE.says);
    }
    const begin = (): PlayDecision => {
      const decision = this.#players.play(facts, request, messageStreamId, sink);
      if (!decision.accept) this.#tellRefusedPlay(facts, request, decision.code);
      return decision;
    };
    return turn === 0 ? begin() : this.#waits.until(nowMs + turn).then(begin);
  }

  #refusePlay(
    facts: ConnectionFacts,
    request: NameRequest,
    code: ErrorCode,
    description: string,
  ): Refusal<PlayRefusal> {
    this.#tellRefusedPlay(facts, request, code);
    this.playsRejectedBy.set(code, (this.playsRejectedBy.get(code) ?? 0) + 1);
    return { accept: false, status: 'NetStream.Play.Failed', code, description };
  }

  #tellRefusedPlay({ connectionId, peer }: ConnectionFacts, request: NameRequest, code: ErrorCode): void {
    const fields = { connectionId, peer: peer.address, ...this.#parts.names.tell(request), code };
    this.#faults.tell('warn', peer.address, fields, 'play refused');
  }

  /** A socket was turned away before it became a connection; tells it unless its address is told of too often. */
  refused(address: string, code: ErrorCode): void {
    if (!this.account.tells('connection', address, this.clock.monotonicMs())) return;
    this.lifecycle.connection('rejected', newId(), { peer: { address, port: 0 }, code });
  }

  dropped({ connectionId, peer }: ConnectionFacts, cause: DropCause, messages: number, isFirst: boolean): void {
    this.droppedBy.set(cause, (this.droppedBy.get(cause) ?? 0) + messages);
    if (!isFirst) return;
    this.#faults.tell('info', peer.address, { connectionId, peer: peer.address, cause }, DROP_CAUSES[cause]);
  }

  dataMended(): void {
    this.dataMessagesMended++;
  }

  dataRefused(code: ErrorCode): void {
    this.dataRefusedBy.set(code, (this.dataRefusedBy.get(code) ?? 0) + 1);
  }

  closed(facts: ConnectionFacts, code: ErrorCode, detail: string, refusedData: number): void {
    this.closedBy.set(code, (this.closedBy.get(code) ?? 0) + 1);
    if (this.#toldConnections.delete(facts.connectionId))
      this.lifecycle.connection('closed', facts.connectionId, { peer: facts.peer, code, detail });
    const { log } = this.#parts;
    const { connectionId } = facts;
    const fields = {
      connectionId,
      peer: facts.peer.address,
      code,
      ...(detail === '' ? {} : { detail }),
      ...(refusedData === 0 ? {} : { refusedData }),
    };
    // A publish that was refused here has its line, with the reason.
    const told = code === 'ERR_SESSION_PUBLISH_REFUSED' && detail.startsWith('NetStream.');
    if (!told && !ERRORS[code].usual)
      this.#faults.tell('warn', facts.peer.address, fields, 'connection closed by a fault');
    else if (refusedData > 0) this.#faults.tell('info', facts.peer.address, fields, 'connection closed');
    else log.debug(fields, 'connection closed');
  }

  ended(session: LiveStream, reason: EndReason): void {
    this.#sessions.delete(session.streamId);
    this.#byName.delete(nameKey(session));
    this.bytesInPast += session.publication.bytes;
    this.#suppressedPast += session.suppressedEvents;
    this.#jumpsPast += session.publication.timestampJumps;
    this.#headersPast += session.publication.headers.refused;
    this.#players.streamEnded(session);
    this.activity.ended(session, reason);
  }

  /** Whether somebody publishes under a name now, as far as is known. */
  #isTaken(key: string): boolean {
    return this.#byName.get(key)?.suspended === false;
  }

  #refuse(
    facts: ConnectionFacts,
    request: NameRequest,
    beganMs: number,
    code: ErrorCode,
    status: PublishRefusal,
    description: string,
  ): Refusal<PublishRefusal> {
    this.rejectedBy.set(code, (this.rejectedBy.get(code) ?? 0) + 1);
    const { connectionId, peer } = facts;
    const { app, name } = this.#parts.names.tell(request);
    const nowMs = this.clock.monotonicMs();
    if (this.account.tells('rejected', peer.address, nowMs)) {
      const latencyMs = Math.round(nowMs - beganMs);
      const attempt = { attemptId: newId(), app, name, connectionId, peer };
      this.lifecycle.streamRejected({ ...attempt, reason: description, code, latencyMs });
    }
    const fields = { connectionId, peer: peer.address, app, name, code };
    this.#faults.tell('warn', peer.address, fields, 'publish refused');
    return { accept: false, status, code, description };
  }
}
