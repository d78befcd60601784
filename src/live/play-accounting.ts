import type { Clock } from '../core/clock.js';
import { ERRORS } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { Hub } from '../hub/hub.js';
import { Player, type PlayerSink } from '../hub/player.js';
import type { PlayEndReason } from '../model/reasons.js';
import type { ConnectionFacts, NameRequest, PlayDecision } from './access.js';
import type { ActivityLog } from './activity-log.js';
import type { EventAccount } from './event-account.js';
import type { LiveStream } from './live-stream.js';
import { nameKey } from './name-key.js';
import type { PlayerEntry } from './player-entry.js';

/** What plays are decided by; every number is a configuration key. */
export interface PlayAccountingOptions {
  readonly maxLagBytes: number;
  readonly waitForPublisher: boolean;
}

type StreamName = Pick<NameRequest, 'app' | 'name'>;

/** What the desk needs of the rest. */
export interface PlayAccountingParts {
  readonly hub: Hub;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly account: EventAccount;
  readonly activity: ActivityLog;
  /** The live session of a name. */
  readonly sessionOf: (name: StreamName) => LiveStream | undefined;
  /** A session that has not ended, by its stream id. */
  readonly session: (streamId: string) => LiveStream | undefined;
}

/** The players of all streams: attaches them to the hub and tells the lifecycle who plays what. */
export class PlayAccounting {
  /** Plays of live streams since the start; for `/metrics`. */
  started = 0;
  /** Bytes sent to players that are gone. */
  bytesOutPast = 0;
  readonly #options: PlayAccountingOptions;
  readonly #parts: PlayAccountingParts;
  /** Everybody who plays a name or waits for it. */
  readonly #entries = new Map<string, Set<PlayerEntry>>();
  /** Names that were told as wanted. */
  readonly #wanted = new Set<string>();

  constructor(options: PlayAccountingOptions, parts: PlayAccountingParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Decides a play of a name that may be used, and attaches its player. */
  play(facts: ConnectionFacts, request: NameRequest, messageStreamId: number, sink: PlayerSink): PlayDecision {
    const { hub } = this.#parts;
    if (!this.#options.waitForPublisher && !hub.isLive(request.app, request.name)) {
      const description = ERRORS.ERR_PLAY_NOT_FOUND.says;
      return { accept: false, status: 'NetStream.Play.StreamNotFound', code: 'ERR_PLAY_NOT_FOUND', description };
    }
    const player = new Player(newId(), sink, messageStreamId, { maxLagBytes: this.#options.maxLagBytes }, hub.writes);
    const { app, name } = request;
    const entry: PlayerEntry = {
      player,
      app,
      name,
      facts,
      streamId: undefined,
      told: false,
      logged: false,
      bytesBefore: 0,
      skipsBefore: 0,
    };
    const live = hub.subscribe(app, name, player);
    const session = this.#parts.sessionOf(request);
    const key = nameKey(request);
    const entries = this.#entries.get(key) ?? new Set();
    entries.add(entry);
    this.#entries.set(key, entries);
    if (session === undefined) this.#parts.activity.playWaits(entry);
    else this.#joined(entry, session);
    this.#tellWanted(request);
    let ended = false;
    const end = (reason: PlayEndReason): void => {
      if (ended) return;
      ended = true;
      hub.unsubscribe(app, name, player);
      entries.delete(entry);
      if (entries.size === 0) this.#entries.delete(key);
      this.bytesOutPast += player.bytesSent;
      this.#left(entry, reason);
      this.#tellWanted(request);
    };
    return { accept: true, live, run: { player, end } };
  }

  /** Players that were there before the publisher are told of, once the stream is announced. */
  adopt(session: LiveStream): void {
    for (const entry of this.#entries.get(nameKey(session)) ?? []) this.#joined(entry, session);
    this.#tellWanted(session);
  }

  /** The stream is over: so is every play of it, for the lifecycle. The players themselves may wait for the next publisher. */
  streamEnded(session: LiveStream): void {
    for (const entry of this.#entries.get(nameKey(session)) ?? []) this.#left(entry, 'stream_ended');
    this.#tellWanted(session);
  }

  /** Tells whether anybody waits for a name that nobody publishes, when that has changed. */
  #tellWanted(of: StreamName): void {
    const key = nameKey(of);
    const isWanted = this.#entries.has(key) && this.#parts.sessionOf(of) === undefined;
    if (isWanted === this.#wanted.has(key)) return;
    if (isWanted) this.#wanted.add(key);
    else this.#wanted.delete(key);
    this.#parts.lifecycle.want(isWanted ? 'wanted' : 'unwanted', { app: of.app, name: of.name });
  }

  #joined(entry: PlayerEntry, session: LiveStream): void {
    const { player, facts } = entry;
    const { lifecycle, clock, account } = this.#parts;
    const nowMs = clock.monotonicMs();
    entry.streamId = session.streamId;
    entry.bytesBefore = player.bytesSent;
    entry.skipsBefore = player.skips;
    this.started++;
    session.audience++;
    session.tellAudience(facts.peer.address, nowMs);
    this.#parts.activity.playStarted(entry);
    entry.told = account.tellsPlay(facts.peer.address, session.tellablePlays, nowMs);
    if (!entry.told) return;
    lifecycle.playStarted(session.streamId, {
      playerId: player.id,
      connectionId: facts.connectionId,
      peer: facts.peer,
      transport: facts.transport,
      ...(facts.info?.flashVer ? { client: facts.info.flashVer } : {}),
    });
  }

  #left(entry: PlayerEntry, reason: PlayEndReason): void {
    const { streamId, player } = entry;
    if (streamId === undefined) return;
    const { lifecycle, clock } = this.#parts;
    entry.streamId = undefined;
    const bytes = player.bytesSent - entry.bytesBefore;
    const drops = player.skips - entry.skipsBefore;
    const nowMs = clock.monotonicMs();
    this.#parts.activity.playEnded(entry, streamId, reason, bytes, drops);
    if (entry.told) lifecycle.playEnded(streamId, { playerId: player.id, bytes, drops, reason });
    const session = this.#parts.session(streamId);
    if (session === undefined) return;
    session.bytesOutLeft += bytes;
    session.dropsLeft += drops;
    session.audience--;
    session.tellAudience(entry.facts.peer.address, nowMs);
  }
}
