import type { Clock } from '../core/clock.js';
import { ERRORS } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { PlayEndReason } from '../model/reasons.js';
import type { Answer, ByteSide, NameRequest, PlayAsk, PlayCounters } from './access.js';
import type { ActivityLog } from './activity-log.js';
import type { EventAccount } from './event-account.js';
import type { LiveStream } from './live-stream.js';
import { nameKey } from './name-key.js';
import type { PlayerEntry } from './player-entry.js';

/** Bounds of plays. Every number is a setting. */
export interface PlayAccountingOptions {
  readonly waitForPublisher: boolean;
}

type StreamName = Pick<NameRequest, 'app' | 'name'>;

/** The parts that play accounting needs. */
interface PlayAccountingParts {
  readonly bytes: ByteSide;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly account: EventAccount;
  readonly activity: ActivityLog;
  /** The live stream of a name. */
  readonly streamOf: (name: StreamName) => LiveStream | undefined;
  /** A stream that has not ended, by its id. */
  readonly stream: (streamId: string) => LiveStream | undefined;
}

/** The plays of all streams: who plays what, and the events about it. */
export class PlayAccounting {
  /** Plays of live streams since the start; for `/metrics`. */
  started = 0;
  readonly #options: PlayAccountingOptions;
  readonly #parts: PlayAccountingParts;
  /** Plays by name, waiting ones included. */
  readonly #entries = new Map<string, Set<PlayerEntry>>();
  readonly #byId = new Map<string, PlayerEntry>();
  /** Names that were told as wanted. */
  readonly #wanted = new Set<string>();

  constructor(options: PlayAccountingOptions, parts: PlayAccountingParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Decides a play of a name that may be used. */
  begin({ id, facts, request }: PlayAsk): Answer {
    const stream = this.#parts.streamOf(request);
    if (stream === undefined && !this.#options.waitForPublisher) {
      const description = ERRORS.ERR_PLAY_NOT_FOUND.says;
      const refusal = { status: 'NetStream.Play.StreamNotFound', code: 'ERR_PLAY_NOT_FOUND', description } as const;
      return { kind: 'playRefused', id, refusal };
    }
    const { app, name } = request;
    const playId = newId();
    const entry: PlayerEntry = { playId, app, name, facts, streamId: undefined, told: false, logged: false };
    const key = nameKey(request);
    const entries = this.#entries.get(key) ?? new Set();
    entries.add(entry);
    this.#entries.set(key, entries);
    this.#byId.set(playId, entry);
    if (stream === undefined) this.#parts.activity.playWaits(entry);
    else this.#joined(entry, stream);
    this.#tellWanted(request);
    return { kind: 'playAccepted', id, playId };
  }

  /** A play is over. */
  ended(reason: PlayEndReason, counters: PlayCounters): void {
    const entry = this.#byId.get(counters.playId);
    if (entry === undefined) return;
    this.#byId.delete(entry.playId);
    const key = nameKey(entry);
    const entries = this.#entries.get(key)!;
    entries.delete(entry);
    if (entries.size === 0) this.#entries.delete(key);
    this.#left(entry, reason, counters);
    this.#tellWanted(entry);
  }

  /** Players that came before the publisher are told once the stream is announced. */
  adopt(stream: LiveStream): void {
    for (const entry of this.#entries.get(nameKey(stream)) ?? []) this.#joined(entry, stream);
    this.#tellWanted(stream);
  }

  /**
   * The stream is over, and with it every play of it, as the lifecycle tells it. The players themselves may wait for
   * the next publisher; those that the byte side had not attached when the stream ended may do so only where players
   * may wait.
   */
  streamEnded(stream: LiveStream, plays: readonly PlayCounters[]): void {
    const counted = new Map(plays.map((counters) => [counters.playId, counters]));
    for (const entry of [...(this.#entries.get(nameKey(stream)) ?? [])]) {
      const { playId } = entry;
      const counters = counted.get(playId);
      this.#left(entry, 'stream_ended', counters ?? { playId, bytes: 0, drops: 0 });
      if (counters === undefined && !this.#options.waitForPublisher)
        this.#parts.bytes.order({ kind: 'endPlay', playId });
    }
    this.#tellWanted(stream);
  }

  /** Tells whether a player waits for a name that is not published, when that has changed. */
  #tellWanted(of: StreamName): void {
    const key = nameKey(of);
    const isWanted = this.#entries.has(key) && this.#parts.streamOf(of) === undefined;
    if (isWanted === this.#wanted.has(key)) return;
    if (isWanted) this.#wanted.add(key);
    else this.#wanted.delete(key);
    this.#parts.lifecycle.want(isWanted ? 'wanted' : 'unwanted', { app: of.app, name: of.name });
  }

  #joined(entry: PlayerEntry, stream: LiveStream): void {
    const { playId, facts } = entry;
    const { lifecycle, clock, account } = this.#parts;
    const nowMs = clock.monotonicMs();
    entry.streamId = stream.streamId;
    this.started++;
    stream.audience++;
    stream.tellAudience(facts.peer.address, nowMs);
    this.#parts.activity.playStarted(entry);
    entry.told = account.tellsPlay(facts.peer.address, stream.tellablePlays, nowMs);
    if (!entry.told) return;
    lifecycle.playStarted(stream.streamId, {
      playerId: playId,
      connectionId: facts.connectionId,
      peer: facts.peer,
      transport: facts.transport,
      ...(facts.info?.flashVer ? { client: facts.info.flashVer } : {}),
    });
  }

  #left(entry: PlayerEntry, reason: PlayEndReason, { playId, bytes, drops }: PlayCounters): void {
    const { streamId } = entry;
    if (streamId === undefined) return;
    const { lifecycle, clock } = this.#parts;
    entry.streamId = undefined;
    const nowMs = clock.monotonicMs();
    this.#parts.activity.playEnded(entry, streamId, reason, bytes, drops);
    if (entry.told) lifecycle.playEnded(streamId, { playerId: playId, bytes, drops, reason });
    const stream = this.#parts.stream(streamId);
    if (stream === undefined) return;
    stream.audience--;
    stream.tellAudience(entry.facts.peer.address, nowMs);
  }
}
