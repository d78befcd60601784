import { type ErrorCode, SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { Claim, Hub } from '../hub/hub.js';
import type { Player } from '../hub/player.js';
import type {
  Answer,
  ByteSide,
  CallAnswer,
  ClientCall,
  ClientOf,
  ConnectionFacts,
  FactSide,
  NameRequest,
  Order,
  PlayCounters,
  RpcReply,
} from '../live/access.js';
import { nameKey } from '../live/name-key.js';
import type { PlayRequest } from '../live/recorded-names.js';
import type { DropCause } from '../model/drop-causes.js';
import type { EndReason, PlayEndReason } from '../model/reasons.js';
import type { PlayRefusal, PublishRefusal } from '../model/refusals.js';
import { type BegunStream, begunStream, type PublishRequest, publishAsk } from './begun-stream.js';
import type { Client, Publisher, Viewer } from './client.js';
import { MessageCounts } from './message-counts.js';
import { type PlayerMaker, playOf } from './player-maker.js';
import { PublishedStream, type RunningPublish } from './published-stream.js';
import { askCall, askConnect, askLength, type ConnectRequest } from './questions.js';
import { type RecordedRun, RecordedRuns } from './recorded-runs.js';
import { type Asker, type OpenRequest, Requests } from './requests.js';
import { RunningPlay } from './running-play.js';

/** The parts of a door. */
interface DoorParts {
  readonly hub: Hub;
  /** The fact side, which gets asks and reports. */
  readonly facts: FactSide;
  readonly nowMs: () => number;
  readonly log: Logger;
  /** `publish.stallAfterMs`. */
  readonly stallAfterMs: number;
}

/**
 * The way that connections of every kind share to streams. It asks the fact side for them, opens what was accepted in
 * the hub, carries out the orders of the fact side, and reports what happens. The fact side knows publications and
 * players only by their ids.
 */
export class Door implements ByteSide {
  /** Called with each stream of this node that begins. Must not throw. */
  onBegun: ((stream: BegunStream) => void) | undefined;
  /** `publish.stallAfterMs`, for streams that begin. */
  stallAfterMs: number;
  readonly #parts: DoorParts;
  readonly #requests: Requests;
  /** Names that publishes have won while they are still being decided, by stream id. */
  readonly #claims = new Map<string, Claim>();
  readonly #streams = new Map<string, PublishedStream>();
  readonly #plays = new Map<string, RunningPlay>();
  /** Plays by name, waiting ones included. */
  readonly #playsOf = new Map<string, Set<RunningPlay>>();
  readonly #recorded = new RecordedRuns((...ended) => this.#playEnded(...ended));
  readonly #counts: MessageCounts;
  #bytesInPast = 0;
  #bytesOutPast = 0;
  #jumpsPast = 0;
  #headersPast = 0;

  constructor(parts: DoorParts) {
    this.#parts = parts;
    this.stallAfterMs = parts.stallAfterMs;
    this.#counts = new MessageCounts(parts.facts);
    this.#requests = new Requests(parts.facts, parts.log);
  }

  /** Media received since the start, as framed for players, in bytes. */
  get bytesIn(): number {
    return [...this.#streams.values()].reduce((sum, { publication }) => sum + publication.bytes, this.#bytesInPast);
  }

  /** Bytes sent to players since the start. */
  get bytesOut(): number {
    let sum = this.#bytesOutPast + this.#recorded.bytesOut;
    for (const { player } of this.#plays.values()) sum += player.bytesSent;
    return sum;
  }

  /** Jumps of publishers' timestamps that were smoothed for players. */
  get timestampJumps(): number {
    const streams = [...this.#streams.values()];
    return streams.reduce((sum, { publication }) => sum + publication.timestampJumps, this.#jumpsPast);
  }

  /** Sequence headers and metadata that were not kept for players that join late. */
  get refusedHeaders(): number {
    const streams = [...this.#streams.values()];
    return streams.reduce((sum, { publication }) => sum + publication.headers.refused, this.#headersPast);
  }

  /** A connection was accepted. */
  opened(facts: ConnectionFacts): void {
    this.#parts.facts.report({ kind: 'connectionOpened', facts });
  }

  /** A socket was refused before it became a connection. */
  refused(address: string, code: ErrorCode): void {
    this.#parts.facts.report({ kind: 'connectionRefused', address, code });
  }

  /** The connection is closed and everything on it has ended; so many of its data messages were refused. */
  closed(facts: ConnectionFacts, code: ErrorCode, detail: string, refusedData: number): void {
    this.#counts.tell();
    this.#parts.facts.report({ kind: 'connectionClosed', facts, code, detail, refusedData });
  }

  /** So many messages were dropped; `isFirst`: the first of that cause on the connection. */
  dropped(facts: ConnectionFacts, cause: DropCause, messages: number, isFirst: boolean): void {
    if (isFirst) this.#parts.facts.report({ kind: 'messagesDropped', facts, cause, messages });
    else this.#counts.dropped(cause, messages);
  }

  /** A data message of a publisher could not be read within the limits. */
  dataRefused(code: ErrorCode): void {
    this.#counts.dataRefused(code);
  }

  /** A data message of a publisher came in an odd form and was normalised. */
  dataMended(): void {
    this.#counts.dataMended();
  }

  /** A node of the cluster tells how many players it has behind this play. */
  audienceTold(playId: string, players: number): void {
    this.#parts.facts.report({ kind: 'audienceTold', playId, players });
  }

  /** Asks whether a client may connect. */
  connect(facts: ConnectionFacts, of: ConnectRequest, asker: Parameters<typeof askConnect>[3]): OpenRequest {
    return askConnect(this.#requests, facts, of, asker);
  }

  /**
   * Asks whether a client may publish, and opens the publication.
   *
   * @param publisher the way back to the client's connection
   */
  publish(
    facts: ConnectionFacts,
    request: PublishRequest,
    publisher: Publisher,
    asker: Asker<RunningPublish, PublishRefusal>,
  ): OpenRequest {
    return this.#requests.ask(
      (id) => publishAsk(id, facts, request),
      asker.failed,
      (answer, withdrawn) => {
        if (answer.kind === 'publishAccepted') {
          const { streamId, heldFor } = answer;
          if (withdrawn !== undefined) this.#dropPublish(streamId, withdrawn.reason, undefined);
          else asker.answered({ accept: true, run: this.#begin(streamId, heldFor, publisher, { facts, request }) });
        }
        if (answer.kind === 'publishRefused' && withdrawn === undefined)
          asker.answered({ accept: false, refusal: answer.refusal });
      },
    );
  }

  /**
   * Asks whether a client may play, and attaches its player, or begins with the file that it plays.
   *
   * @param make makes the player
   * @param viewer the way back to the client
   */
  play(
    facts: ConnectionFacts,
    request: PlayRequest,
    make: PlayerMaker,
    viewer: Viewer,
    asker: Asker<RunningPlay | RecordedRun, PlayRefusal>,
  ): OpenRequest {
    return this.#requests.ask(
      (id) => ({ kind: 'play', id, facts, request: playOf(request) }),
      asker.failed,
      (answer, withdrawn) => {
        if (answer.kind === 'playAccepted') {
          const { playId, name, endsWithStream, file } = answer;
          const named = { app: request.app, name };
          if (withdrawn !== undefined) this.#playEnded(withdrawn.playReason, { playId, bytes: 0, drops: 0 });
          else if (file !== undefined)
            asker.answered({ accept: true, run: this.#recorded.begin(make.recorded(playId, file), viewer) });
          else {
            const made = make.live(playId, this.#parts.hub.writes);
            made.endsWithStream = endsWithStream;
            asker.answered({ accept: true, run: this.#attach(named, made, viewer) });
          }
        }
        if (answer.kind === 'playRefused' && withdrawn === undefined)
          asker.answered({ accept: false, refusal: answer.refusal });
      },
    );
  }

  /** Asks how long a file is, in seconds. @param answered not called after the request was withdrawn */
  length(facts: ConnectionFacts, request: PlayRequest, answered: (seconds: number) => void): OpenRequest {
    return askLength(this.#requests, facts, request, answered);
  }

  /**
   * Asks for the answer to a call of a client.
   *
   * @param answered not called after the request was withdrawn
   */
  call(facts: ConnectionFacts, call: ClientCall, answered: (reply: RpcReply) => void): OpenRequest {
    return askCall(this.#requests, facts, call, answered);
  }

  answer(answer: Answer): void {
    this.#requests.answered(answer);
  }

  order(order: Order): void {
    try {
      this.#obey(order);
    } catch (error) {
      this.#parts.log.error({ err: error, code: 'ERR_INTERNAL', order: order.kind }, 'an order failed inside');
    }
  }

  /** Reports the state of every stream that has not been reported for a second. Call it a few times a second. */
  tick(nowMs: number): void {
    this.#counts.tell();
    for (const stream of this.#streams.values()) stream.tick(nowMs);
  }

  #obey(order: Order): void {
    switch (order.kind) {
      case 'nameWon': {
        const claim = this.#parts.hub.claim(order.app, order.name, { isMetered: false, ...order });
        if (claim === undefined) throw new SluiceError('ERR_INTERNAL', `${order.app}/${order.name} is not free`);
        this.#claims.set(order.streamId, claim);
        break;
      }
      case 'nameReleased':
        this.#takeClaim(order.streamId)?.close(this.#parts.nowMs());
        break;
      case 'endStream':
        this.#endStream(order);
        break;
      case 'yieldStream':
        this.#streams.get(order.streamId)?.yield();
        break;
      case 'limitStream':
        this.#streams.get(order.streamId)?.publication.limit(order.codecs, order.isMetered);
        break;
      case 'readPublisher':
        void this.#readPublisher(order.id, this.#streams.get(order.streamId));
        break;
      case 'endPlay':
        this.#plays.get(order.playId)?.player.sink.publisherGone();
        break;
      case 'stopPlay':
        this.#play(order.playId)?.viewer.end(order.reason, order.told);
        break;
      case 'requestReconnect':
        this.#clientOf(order.of)?.requestReconnect(order.tcUrl, order.description);
        break;
      case 'sendData':
        this.#streams.get(order.streamId)?.send(order.handler, order.values);
        break;
      case 'callClient':
        this.#callClient(order);
        break;
    }
  }

  #endStream({ streamId, reason, description, status, code }: Extract<Order, { kind: 'endStream' }>): void {
    const told = {
      status: status ?? 'NetConnection.Connect.AppShutdown',
      code: code ?? 'ERR_SESSION_SHUTDOWN',
      description,
    } as const;
    this.#streams.get(streamId)?.take(reason, code, told);
  }

  #clientOf(of: ClientOf): Pick<Client<never, never>, 'requestReconnect' | 'call'> | undefined {
    return 'streamId' in of ? this.#streams.get(of.streamId)?.publisher : this.#play(of.playId)?.viewer;
  }

  #play(playId: string): RunningPlay | RecordedRun | undefined {
    return this.#plays.get(playId) ?? this.#recorded.get(playId);
  }

  #callClient({ callId, of, method, values, timeoutMs }: Extract<Order, { kind: 'callClient' }>): void {
    const answered = (answer: CallAnswer): void => this.#parts.facts.report({ kind: 'clientAnswered', callId, answer });
    const client = this.#clientOf(of);
    if (client === undefined) answered({ kind: 'gone' });
    else client.call({ method, values, timeoutMs, answered });
  }

  async #readPublisher(id: number, stream: PublishedStream | undefined): Promise<void> {
    try {
      await stream?.publisher?.readNow();
    } catch (error) {
      this.#parts.log.error({ err: error, code: 'ERR_INTERNAL' }, 'reading a publisher failed inside');
    }
    const silentMs = stream?.publication.silentMs(this.#parts.nowMs()) ?? 0;
    this.#parts.facts.report({ kind: 'publisherRead', id, silentMs });
  }

  #takeClaim(streamId: string): Claim | undefined {
    const claim = this.#claims.get(streamId);
    this.#claims.delete(streamId);
    return claim;
  }

  #begin(
    streamId: string,
    heldFor: readonly EndReason[],
    publisher: Publisher,
    asked: Parameters<typeof begunStream>[3],
  ): RunningPublish {
    try {
      const claim = this.#claims.get(streamId);
      const run = this.#publication(streamId, heldFor).runBy(publisher);
      if (claim !== undefined && asked.request.copy === undefined)
        this.onBegun?.(begunStream(streamId, claim, publisher, asked));
      return run;
    } catch (error) {
      // This is a defect of Sluice. The start was told, so the end is told too, and the name is free again.
      this.#dropPublish(streamId, 'protocol_error', 'ERR_INTERNAL');
      throw error;
    }
  }

  /** The publication of an accepted publish: a new one, or the one whose publisher is back. */
  #publication(streamId: string, heldFor: readonly EndReason[]): PublishedStream {
    const held = this.#streams.get(streamId);
    if (held !== undefined) return held;
    const claim = this.#claims.get(streamId);
    if (claim === undefined) throw new SluiceError('ERR_INTERNAL', `stream ${streamId} has no name`);
    const stream = new PublishedStream(streamId, claim, heldFor, {
      ...{ ...this.#parts, stallAfterMs: this.stallAfterMs },
      ended: (s) => this.#ended(s),
    });
    this.#claims.delete(streamId);
    this.#streams.set(streamId, stream);
    for (const play of this.#playsOf.get(nameKey(claim)) ?? []) play.joins(stream);
    return stream;
  }

  /** An accepted publish cannot go on. A new stream never begins: nothing of it reaches a player. */
  #dropPublish(streamId: string, reason: EndReason, detail: ErrorCode | undefined): void {
    const held = this.#streams.get(streamId);
    if (held !== undefined) held.publisherLeft(reason, detail);
    else {
      this.#takeClaim(streamId)?.close(this.#parts.nowMs());
      this.#parts.facts.report(PublishedStream.neverBegun(streamId, reason, detail));
    }
  }

  #ended(stream: PublishedStream): void {
    const { publication } = stream;
    this.#streams.delete(stream.streamId);
    this.#bytesInPast += publication.bytes;
    this.#jumpsPast += publication.timestampJumps;
    this.#headersPast += publication.headers.refused;
  }

  #attach(named: Pick<NameRequest, 'app' | 'name'>, player: Player, viewer: Viewer): RunningPlay {
    const { hub } = this.#parts;
    const { app, name } = named;
    let isLive: boolean;
    try {
      isLive = hub.subscribe(app, name, player);
    } catch (error) {
      hub.unsubscribe(app, name, player);
      this.#playEnded('error', { playId: player.id, bytes: 0, drops: 0 });
      throw error;
    }
    const key = nameKey(named);
    const ofName = this.#playsOf.get(key) ?? new Set();
    const play: RunningPlay = new RunningPlay(player, isLive, viewer, (reason) => {
      hub.unsubscribe(app, name, player);
      this.#plays.delete(player.id);
      ofName.delete(play);
      if (ofName.size === 0) this.#playsOf.delete(key);
      this.#bytesOutPast += player.bytesSent;
      this.#playEnded(reason, play.counters);
    });
    this.#plays.set(player.id, play);
    this.#playsOf.set(key, ofName.add(play));
    const stream = player.publication === undefined ? undefined : this.#streams.get(player.publication.streamId);
    if (stream !== undefined) play.joins(stream);
    return play;
  }

  #playEnded(reason: PlayEndReason, counters: PlayCounters): void {
    this.#parts.facts.report({ kind: 'playEnded', reason, counters });
  }
}
