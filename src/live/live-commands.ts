import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../core/clock.js';
import type { ErrorCode } from '../core/errors.js';
import type { Labels, StreamLimits } from '../model/grant.js';
import type { OverviewStream, StreamDetails } from '../model/overview.js';
import type { PlaySnapshot } from '../model/play-snapshot.js';
import type { EndReason } from '../model/reasons.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { ByteSide } from './access.js';
import type { Done, Want } from './live-control.js';
import type { LiveStream } from './live-stream.js';
import type { PlayAccounting } from './play-accounting.js';
import type { PlayerEntry } from './player-entry.js';

/**
 * About how many streams and plays admission is asked again at a time: most of `auth.maxPending` stays for clients that
 * come, and rules for as many take a few ms of a turn.
 */
const ASKED_AT_ONCE = 64;

/** What a ban or a selector looks at: who publishes or plays, from where, and what. */
interface Subject {
  readonly principal: string;
  readonly keyFingerprint: string | undefined;
  readonly address: string;
  readonly app: string;
  readonly name: string;
}

/** The parts of the fact side that commands act upon. */
interface CommandParts {
  readonly clock: Clock;
  readonly bytes: ByteSide;
  readonly plays: PlayAccounting;
  readonly streams: ReadonlyMap<string, LiveStream>;
}

/** What operators and other programs do to running streams and plays. */
export class LiveCommands {
  readonly #parts: CommandParts;

  constructor(parts: CommandParts) {
    this.#parts = parts;
  }

  /** What a live stream is published as. */
  nameOf(streamId: string): Pick<LiveStream, 'app' | 'name'> | undefined {
    return this.#parts.streams.get(streamId);
  }

  stream(streamId: string): StreamSnapshot | undefined {
    return this.#parts.streams.get(streamId)?.snapshot();
  }

  /** What is measured of it, and what is wrong with it, besides. */
  details(streamId: string): StreamDetails | undefined {
    const stream = this.#parts.streams.get(streamId);
    return stream && { ...stream.snapshot(), ...stream.overview(this.#parts.clock.monotonicMs()) };
  }

  /** The first streams, oldest first, as the first view of the page shows them. @param nowMs monotonic */
  overview(most: number, nowMs: number): OverviewStream[] {
    const shownOnes: OverviewStream[] = [];
    for (const stream of this.#parts.streams.values()) {
      if (shownOnes.length === most) break;
      shownOnes.push(stream.overview(nowMs));
    }
    return shownOnes;
  }

  plays(): PlaySnapshot[] {
    return [...this.#parts.plays.all].map(shown);
  }

  wants(): Want[] {
    return this.#parts.plays.wants();
  }

  kickStream(streamId: string, reason: string): Promise<Done> {
    return this.#end(streamId, 'kicked', 'ERR_SESSION_KICKED', reason);
  }

  /** Another node has the name of this stream. */
  outdone(streamId: string): Promise<Done> {
    return this.#end(streamId, 'takeover', 'ERR_CLUSTER_FENCED', '');
  }

  revoke(streamId: string, reason: string): Promise<Done> {
    return this.#end(streamId, 'auth_revoked', 'ERR_AUTH_REVOKED', reason);
  }

  async kickPlay(playId: string, reason: string): Promise<Done> {
    const play = this.#parts.plays.play(playId);
    if (play === undefined) return 'unknown';
    this.#parts.plays.end(playId, 'ERR_SESSION_KICKED', reason);
    await play.over;
    return 'done';
  }

  /**
   * Ends every stream and play that `matches` says, and tells how many. Plays of jobs and of other nodes go on, because
   * who issued their tickets let them in, and not admission; they end with their streams.
   */
  endMatching(matches: (subject: Subject) => boolean, code: ErrorCode, reason: string): number {
    let ended = 0;
    for (const stream of [...this.#parts.streams.values()]) {
      if (!matches(subjectOf(stream, stream.address))) continue;
      stream.end('kicked', code, reason);
      ended++;
    }
    for (const play of [...this.#parts.plays.all]) {
      if (play.boundTo !== undefined || !matches(subjectOf(play, play.facts.peer.address))) continue;
      this.#parts.plays.end(play.playId, code, reason);
      ended++;
    }
    return ended;
  }

  /** Ends every stream; its publisher is told `description`, and that it may come back. @returns how many there were */
  endStreams(reason: EndReason, description: string): number {
    const streams = [...this.#parts.streams.values()];
    for (const stream of streams) stream.order(reason, description);
    return streams.length;
  }

  /**
   * Asks admission again about every stream and play, as if their ttl were nearly over: those that it denies end.
   * Resolves when all answers were acted upon. It never rejects.
   */
  async reauthoriseAll(): Promise<void> {
    const { streams, plays } = this.#parts;
    const running = [...streams.values(), ...plays.all];
    for (let from = 0; from < running.length; from += ASKED_AT_ONCE) {
      await Promise.all(
        running
          .slice(from, from + ASKED_AT_ONCE)
          .map((each) => ('playId' in each ? plays.reauthorise(each) : each.reauthorise())),
      );
      await nextTurn();
    }
  }

  limit(streamId: string, limits: StreamLimits): Done {
    const stream = this.#parts.streams.get(streamId);
    if (stream === undefined) return 'unknown';
    if (JSON.stringify(stream.limits) === JSON.stringify(limits)) return 'already';
    stream.set({ limits });
    return 'done';
  }

  label(
    streamId: string,
    labels: Readonly<Record<string, string | null>>,
  ): { readonly done: Done; readonly labels: Labels } {
    const stream = this.#parts.streams.get(streamId);
    if (stream === undefined) return { done: 'unknown', labels: {} };
    const next: Record<string, string> = { ...stream.labels };
    for (const [key, value] of Object.entries(labels)) {
      if (value === null) delete next[key];
      else next[key] = value;
    }
    if (JSON.stringify(next) === JSON.stringify(stream.labels)) return { done: 'already', labels: next };
    stream.set({ labels: next });
    return { done: 'done', labels: next };
  }

  async #end(streamId: string, reason: EndReason, code: ErrorCode, message: string): Promise<Done> {
    const stream = this.#parts.streams.get(streamId);
    if (stream === undefined) return 'unknown';
    stream.end(reason, code, message);
    await stream.whenEnded();
    return 'done';
  }
}

/** A stream or a play as plain data, whose members can be spread: a stream's address is a getter. */
function subjectOf({ app, name, principal, keyFingerprint }: LiveStream | PlayerEntry, address: string): Subject {
  return { app, name, principal, keyFingerprint, address };
}

function shown(play: PlayerEntry): PlaySnapshot {
  const { playId, app, name, streamId, facts, principal, ticket, startedAtMs } = play;
  const { connectionId, peer, info } = facts;
  return {
    playId,
    connectionId,
    app,
    name,
    ...(streamId === undefined ? {} : { streamId }),
    peer,
    ...(info?.flashVer ? { client: info.flashVer } : {}),
    ...(principal.startsWith('peer:') ? {} : { principal }),
    ...(ticket === undefined ? {} : { job: { template: ticket.template, token: ticket.token } }),
    ...(info?.node === undefined ? {} : { relay: { nodeId: info.node.nodeId } }),
    startedAt: new Date(startedAtMs).toISOString(),
  };
}
