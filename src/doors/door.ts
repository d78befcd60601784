import { type ErrorCode, SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { Claim, Hub } from '../hub/hub.js';
import type { Player } from '../hub/player.js';
import type { UnsentWrites } from '../hub/unsent-writes.js';
import type {
  Answer,
  Ask,
  ByteSide,
  ConnectionFacts,
  FactSide,
  NameRequest,
  Order,
  PlayCounters,
  Refusal,
} from '../live/access.js';
import { nameKey } from '../live/name-key.js';
import type { DropCause } from '../model/drop-causes.js';
import type { EndReason, PlayEndReason } from '../model/reasons.js';
import type { ConnectRefusal, PlayRefusal, PublishRefusal } from '../model/refusals.js';
import { MessageCounts } from './message-counts.js';
import { PublishedStream, type Publisher, type RunningPublish } from './published-stream.js';
import { RunningPlay } from './running-play.js';

/** The result of a request. The asker owns `run` and has to end it. */
export type Decision<Run, Status> =
  | { readonly accept: true; readonly run: Run }
  | { readonly accept: false; readonly refusal: Refusal<Status> };

/** Gets the answer to a request, in the same turn or in a later one; never after {@link OpenRequest.withdraw}. */
export interface Asker<Run, Status> {
  readonly answered: (decision: Decision<Run, Status>) => void;
  /** A defect of Sluice while the request was decided, or while the answer was carried out. */
  readonly failed: (error: unknown) => void;
}

/** A request that is being decided. */
export interface OpenRequest {
  /**
   * The client is gone, so no answer is wanted. A request that is accepted all the same is ended at once for this
   * reason.
   */
  withdraw(reason: EndReason, playReason: PlayEndReason): void;
}

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

/** A request that waits for its answer. */
interface Waiting {
  readonly act: (answer: Answer) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * The way that connections of every kind share to streams. It asks the fact side for them, opens what was accepted in
 * the hub, carries out the orders of the fact side, and reports what happens. The fact side knows publications and
 * players only by their ids.
 */
export class Door implements ByteSide {
  readonly #parts: DoorParts;
  readonly #requests = new Map<number, Waiting>();
  #lastId = 0;
  /** Names that publishes have won while they are still being decided, by stream id. */
  readonly #claims = new Map<string, Claim>();
  readonly #streams = new Map<string, PublishedStream>();
  readonly #plays = new Map<string, RunningPlay>();
  /** Plays by name, waiting ones included. */
  readonly #playsOf = new Map<string, Set<RunningPlay>>();
  readonly #counts: MessageCounts;
  #bytesInPast = 0;
  #bytesOutPast = 0;
  #jumpsPast = 0;
  #headersPast = 0;

  constructor(parts: DoorParts) {
    this.#parts = parts;
    this.#counts = new MessageCounts(parts.facts);
  }

  /** Media received since the start, as framed for players, in bytes. */
  get bytesIn(): number {
    let sum = this.#bytesInPast;
    for (const { publication } of this.#streams.values()) sum += publication.bytes;
    return sum;
  }

  /** Bytes sent to players since the start. */
  get bytesOut(): number {
    let sum = this.#bytesOutPast;
    for (const { player } of this.#plays.values()) sum += player.bytesSent;
    return sum;
  }

  /** Jumps of publishers' timestamps that were smoothed for players. */
  get timestampJumps(): number {
    let sum = this.#jumpsPast;
    for (const { publication } of this.#streams.values()) sum += publication.timestampJumps;
    return sum;
  }

  /** Sequence headers and metadata that were not kept for players that join late. */
  get refusedHeaders(): number {
    let sum = this.#headersPast;
    for (const { publication } of this.#streams.values()) sum += publication.headers.refused;
    return sum;
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

  /** Asks whether a client may connect. @param query the secret part of its app */
  connect(facts: ConnectionFacts, query: string, asker: Asker<undefined, ConnectRefusal>): OpenRequest {
    return this.#ask(
      (id) => ({ kind: 'connect', id, facts, query }),
      asker.failed,
      (answer, withdrawn) => {
        if (withdrawn !== undefined) return;
        if (answer.kind === 'connectAccepted') asker.answered({ accept: true, run: undefined });
        if (answer.kind === 'connectRefused') asker.answered({ accept: false, refusal: answer.refusal });
      },
    );
  }

  /**
   * Asks whether a client may publish, and opens the publication.
   *
   * @param publisher the way back to the client's connection
   */
  publish(
    facts: ConnectionFacts,
    request: NameRequest,
    publisher: Publisher,
    asker: Asker<RunningPublish, PublishRefusal>,
  ): OpenRequest {
    return this.#ask(
      (id) => ({ kind: 'publish', id, facts, request: nameOf(request) }),
      asker.failed,
      (answer, withdrawn) => {
        if (answer.kind === 'publishAccepted') {
          const { streamId, heldFor } = answer;
          if (withdrawn !== undefined) this.#dropPublish(streamId, withdrawn.reason, undefined);
          else asker.answered({ accept: true, run: this.#begin(streamId, heldFor, publisher) });
        }
        if (answer.kind === 'publishRefused' && withdrawn === undefined)
          asker.answered({ accept: false, refusal: answer.refusal });
      },
    );
  }

  /**
   * Asks whether a client may play, and attaches its player.
   *
   * @param player makes the player; `writes` is the hub's list of unsent writes
   */
  play(
    facts: ConnectionFacts,
    request: NameRequest,
    player: (playId: string, writes: UnsentWrites) => Player,
    asker: Asker<RunningPlay, PlayRefusal>,
  ): OpenRequest {
    return this.#ask(
      (id) => ({ kind: 'play', id, facts, request: nameOf(request) }),
      asker.failed,
      (answer, withdrawn) => {
        if (answer.kind === 'playAccepted') {
          const { playId } = answer;
          if (withdrawn !== undefined) this.#playEnded(withdrawn.playReason, { playId, bytes: 0, drops: 0 });
          else asker.answered({ accept: true, run: this.#attach(request, player(playId, this.#parts.hub.writes)) });
        }
        if (answer.kind === 'playRefused' && withdrawn === undefined)
          asker.answered({ accept: false, refusal: answer.refusal });
      },
    );
  }

  answer(answer: Answer): void {
    const waiting = this.#requests.get(answer.id);
    if (waiting === undefined) return;
    this.#requests.delete(answer.id);
    try {
      waiting.act(answer);
    } catch (error) {
      waiting.failed(error);
    }
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

  /** Asks, and carries out the answer. The asker is not called for an answer that comes after it has withdrawn. */
  #ask(
    ask: (id: number) => Ask,
    failed: (error: unknown) => void,
    act: (answer: Answer, withdrawn: Withdrawal | undefined) => void,
  ): OpenRequest {
    const id = ++this.#lastId;
    let withdrawn: Withdrawal | undefined;
    const failedInside = (error: unknown): void => {
      if (withdrawn === undefined) failed(error);
      else this.#parts.log.error({ err: error, code: 'ERR_INTERNAL' }, 'an answer that came late failed inside');
    };
    this.#requests.set(id, {
      act: (answer) => {
        if (answer.kind === 'askFailed') failedInside(new SluiceError('ERR_INTERNAL', answer.description));
        else act(answer, withdrawn);
      },
      failed: failedInside,
    });
    this.#parts.facts.ask(ask(id));
    return {
      withdraw: (reason, playReason) => {
        if (withdrawn !== undefined || !this.#requests.has(id)) return;
        withdrawn = { reason, playReason };
        this.#parts.facts.report({ kind: 'askWithdrawn', id, reason });
      },
    };
  }

  #obey(order: Order): void {
    switch (order.kind) {
      case 'nameWon': {
        const claim = this.#parts.hub.claim(order.app, order.name);
        if (claim === undefined) throw new SluiceError('ERR_INTERNAL', `${order.app}/${order.name} is not free`);
        this.#claims.set(order.streamId, claim);
        break;
      }
      case 'nameReleased':
        this.#takeClaim(order.streamId)?.close(this.#parts.nowMs());
        break;
      case 'endStream':
        this.#streams.get(order.streamId)?.take(order.reason, order.description);
        break;
      case 'readPublisher':
        void this.#readPublisher(order.id, this.#streams.get(order.streamId)?.publisher);
        break;
      case 'endPlay':
        this.#plays.get(order.playId)?.player.sink.publisherGone();
        break;
    }
  }

  async #readPublisher(id: number, publisher: Publisher | undefined): Promise<void> {
    try {
      await publisher?.readNow();
    } catch (error) {
      this.#parts.log.error({ err: error, code: 'ERR_INTERNAL' }, 'reading a publisher failed inside');
    }
    this.#parts.facts.report({ kind: 'publisherRead', id });
  }

  #takeClaim(streamId: string): Claim | undefined {
    const claim = this.#claims.get(streamId);
    this.#claims.delete(streamId);
    return claim;
  }

  #begin(streamId: string, heldFor: readonly EndReason[], publisher: Publisher): RunningPublish {
    try {
      return this.#publication(streamId, heldFor).runBy(publisher);
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
    const stream = new PublishedStream(streamId, claim, heldFor, { ...this.#parts, ended: (s) => this.#ended(s) });
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

  #attach(request: NameRequest, player: Player): RunningPlay {
    const { hub } = this.#parts;
    const { app, name } = request;
    let isLive: boolean;
    try {
      isLive = hub.subscribe(app, name, player);
    } catch (error) {
      hub.unsubscribe(app, name, player);
      this.#playEnded('error', { playId: player.id, bytes: 0, drops: 0 });
      throw error;
    }
    const key = nameKey(request);
    const ofName = this.#playsOf.get(key) ?? new Set();
    const play: RunningPlay = new RunningPlay(player, isLive, (reason) => {
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

/** Why a request was withdrawn, for a publish and for a play. */
interface Withdrawal {
  readonly reason: EndReason;
  readonly playReason: PlayEndReason;
}

/** Only the name of what a client asks for. */
function nameOf({ app, name, query }: NameRequest): NameRequest {
  return { app, name, query };
}
