import type { Clock } from '../core/clock.js';
import type { ErrorCode } from '../core/errors.js';
import { TokenBucket } from '../core/token-bucket.js';
import type { ChangedFacts } from '../events/event-types.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { HealthChange } from '../model/health-change.js';
import type { EndReason } from '../model/reasons.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { Totals } from '../model/totals.js';
import type { Track } from '../model/track.js';
import type {
  ByteSide,
  ConnectionFacts,
  PlayCounters,
  ShownFacts,
  StreamCounters,
  StreamReport,
  StreamSample,
} from './access.js';
import type { ActivityLog } from './activity-log.js';
import { AUDIENCE_RATE, type EventAccount, type OptionalEvent, STREAM_PLAYS } from './event-account.js';
import { DATA_RATE, EventBudget, HEALTH_RATE, UPDATE_RATE } from './event-budget.js';
import { NOTHING_CARRIED } from './nothing.js';

/** What a live stream tells the owner of the list, and needs from it. */
export interface LiveStreamOwner {
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly account: EventAccount;
  readonly activity: ActivityLog;
  readonly bytes: ByteSide;
  /** `publish.resumeWindowMs`. */
  readonly resumeWindowMs: number;
  /** The stream is over. `plays`: what the byte side counted of those that were attached to it. */
  ended(stream: LiveStream, reason: EndReason, plays: readonly PlayCounters[]): void;
}

/** The known facts of a stream when it starts. */
export interface StreamStart {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  readonly principal: string;
  readonly facts: ConnectionFacts;
  readonly startedAtMs: number;
}

/** How a stream ended. */
interface StreamEnd {
  readonly reason: EndReason;
  readonly detail?: ErrorCode | undefined;
  readonly counters: StreamCounters;
  readonly tracks: readonly Track[];
  readonly plays: readonly PlayCounters[];
}

/** How often rates are told. */
const TELEMETRY_MS = 5000;

/**
 * Reasons after which a publisher may come back: its connection was lost, it did not end the publish, and it was not
 * sent away.
 */
const RESUMABLE: readonly EndReason[] = ['client_closed', 'client_reset', 'dead_peer', 'idle'];

/**
 * One accepted publish from `stream.started` to `stream.ended`. It turns the reports of the byte side into events. With
 * a resume window it outlives the connection that publishes it: {@link resume} gives it to another one.
 */
export class LiveStream {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  /** A publisher with the same principal may resume. */
  readonly principal: string;
  /** Number of its players. */
  audience = 0;
  /** Bounds its plays that are told. */
  readonly tellablePlays = new TokenBucket(STREAM_PLAYS);
  #counters: StreamCounters = NOTHING_CARRIED;
  #tracks: readonly Track[] = [];
  #gopMs: number | undefined;
  #toldActive = false;
  readonly #audienceRate = new TokenBucket(AUDIENCE_RATE);
  readonly #owner: LiveStreamOwner;
  readonly #startedAtMs: number;
  #facts: ConnectionFacts;
  #held: { readonly reason: EndReason; readonly sinceMs: number } | undefined;
  /** Time without a connection, in ms, before the present one. */
  #heldMs = 0;
  #readyAtMs: number | undefined;
  /** Whether the byte side has been told to end it. */
  #ending = false;
  #ended = false;
  /** Stalls that were too many to tell. Their recoveries are not told either. */
  readonly #untoldStalls = new Set<string>();
  /** A change of tracks or metadata that is not told yet. */
  #change: { readonly before: ShownFacts; readonly after: ShownFacts } | undefined;
  readonly #dataBudget = new EventBudget(DATA_RATE);
  readonly #updateBudget = new EventBudget(UPDATE_RATE);
  readonly #healthBudget = new EventBudget(HEALTH_RATE);
  #toldJump = false;
  #toldHeaders = false;
  #kbpsIn = 0;
  #kbpsOut = 0;
  #fps = 0;
  /** The counters from which rates are measured. */
  #measured: StreamCounters = NOTHING_CARRIED;
  #measuredMs: number;
  #toldMs: number;

  constructor(start: StreamStart, owner: LiveStreamOwner) {
    const nowMs = owner.clock.monotonicMs();
    this.streamId = start.streamId;
    this.app = start.app;
    this.name = start.name;
    this.principal = start.principal;
    this.#facts = start.facts;
    this.#startedAtMs = start.startedAtMs;
    this.#owner = owner;
    this.#measuredMs = nowMs;
    this.#toldMs = nowMs;
  }

  /** Address of its publisher, also after it has gone. */
  get address(): string {
    return this.#facts.peer.address;
  }

  /** Bytes of media received, as framed for players, by the last report of the byte side. */
  get bytes(): number {
    return this.#counters.bytes;
  }

  /** Its tracks, by the last report of the byte side. */
  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  /** The publisher's connection is gone and may come back. */
  get suspended(): boolean {
    return this.#held !== undefined && !this.#ending;
  }

  /** The reasons for which its publisher may go and come back. */
  get heldFor(): readonly EndReason[] {
    return this.#owner.resumeWindowMs > 0 ? RESUMABLE : [];
  }

  /** Events of its own data and headers that were too many to tell. */
  get suppressedEvents(): number {
    return this.#dataBudget.suppressed + this.#healthBudget.suppressed;
  }

  /** The same principal is back within the window: same stream id, same players, timestamps go on. */
  resume(facts: ConnectionFacts): void {
    const nowMs = this.#owner.clock.monotonicMs();
    const gapMs = Math.round(nowMs - (this.#held?.sinceMs ?? nowMs));
    this.#heldMs += gapMs;
    this.#held = undefined;
    this.#facts = facts;
    const { connectionId, peer } = facts;
    this.#owner.lifecycle.streamResumed(this.streamId, { connectionId, peer, gapMs });
    this.#owner.activity.resumed(this, facts);
  }

  /** Takes what the byte side tells of it. */
  take(report: StreamReport): void {
    switch (report.kind) {
      case 'streamReady':
        this.#ready(report);
        break;
      case 'streamChanged':
        this.#tracks = report.after.tracks;
        // Changes that come while none may be told are combined into one.
        this.#change = { before: this.#change?.before ?? report.before, after: report.after };
        this.#tellChange(this.#owner.clock.monotonicMs());
        break;
      case 'streamSampled':
        this.#sampled(report);
        break;
      case 'trackHealth':
        this.#tellHealth(report.change, report.atMs);
        break;
      case 'streamData':
        this.#data(report);
        break;
      case 'streamHeld':
        this.#suspend(report.reason, report.counters);
        break;
      case 'streamEnded':
        this.finish(report);
        break;
    }
  }

  /**
   * Orders the byte side to end it. Its totals come back with the end, and only then it is over. Calls after the first
   * do nothing.
   *
   * @param description for its publisher, if it has one
   */
  end(reason: EndReason, description: string): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#owner.bytes.order({ kind: 'endStream', streamId: this.streamId, reason, description });
  }

  /** It is over. Calls after the first do nothing. */
  finish({ reason, detail, counters, tracks, plays }: StreamEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#counters = counters;
    this.#tracks = tracks;
    const facts = { reason, detail, ...this.totals(), tracks };
    try {
      this.#owner.ended(this, reason, plays);
    } finally {
      this.#owner.lifecycle.streamEnded(this.streamId, facts);
    }
  }

  /** What it has carried since its start, by the last report. */
  totals(): Totals {
    const { payloadBytes, wireBytes, audioFrames, videoFrames, drops, timestampJumps } = this.#counters;
    const suspendedMs = this.#held === undefined ? 0 : this.#owner.clock.monotonicMs() - this.#held.sinceMs;
    const heldMs = Math.round(this.#heldMs + suspendedMs);
    const totals = { bytes: payloadBytes, payloadBytes, wireBytes, audioFrames, videoFrames, drops, heldMs };
    return timestampJumps === 0 ? totals : { ...totals, timestampJumps };
  }

  /**
   * Does what is due by time: the end of waiting for its publisher, and events about its tracks and players that could
   * not be told before.
   */
  tick(nowMs: number): void {
    this.#tellChange(nowMs);
    if (this.#held === undefined) this.tellAudience(this.address, nowMs);
    else if (nowMs - this.#held.sinceMs >= this.#owner.resumeWindowMs) this.end(this.#held.reason, '');
  }

  /**
   * Tells that it has players, or none any more, when that has changed. If that would be too often, a later {@link
   * tick} does it.
   *
   * @param address of the player that came or left
   */
  tellAudience(address: string, nowMs: number): void {
    const active = this.audience > 0;
    if (active === this.#toldActive || this.#ended) return;
    if (!this.#audienceRate.take(nowMs) || !this.#owner.account.tellsLater(address, nowMs)) return;
    this.#toldActive = active;
    if (active) this.#owner.lifecycle.streamActive(this.streamId, { players: this.audience });
    else this.#owner.lifecycle.streamIdle(this.streamId, { players: 0 });
  }

  snapshot(): StreamSnapshot {
    const facts = this.#facts;
    const { bytes, bytesOut, audioFrames, videoFrames, drops } = this.#counters;
    return {
      streamId: this.streamId,
      app: this.app,
      name: this.name,
      state: this.#state,
      connectionId: facts.connectionId,
      startedAt: new Date(this.#startedAtMs).toISOString(),
      ...(this.#readyAtMs === undefined ? {} : { readyAt: new Date(this.#readyAtMs).toISOString() }),
      peer: facts.peer,
      ...(facts.info?.flashVer ? { encoder: facts.info.flashVer } : {}),
      tracks: this.#tracks,
      players: this.audience,
      bytesIn: bytes,
      bytesOut,
      audioFrames,
      videoFrames,
      drops,
      kbpsIn: this.#kbpsIn,
    };
  }

  get #state(): StreamSnapshot['state'] {
    if (this.#held !== undefined) return 'suspended';
    return this.#readyAtMs === undefined ? 'live' : 'ready';
  }

  #suspend(reason: EndReason, counters: StreamCounters): void {
    const { resumeWindowMs, lifecycle, clock, activity } = this.#owner;
    this.#counters = counters;
    this.#held = { reason, sinceMs: clock.monotonicMs() };
    lifecycle.streamSuspended(this.streamId, { resumeWindowMs, cause: reason });
    activity.suspended(this, reason, resumeWindowMs);
  }

  #ready({ tracks, missing, gopMs, timeToReadyMs }: Extract<StreamReport, { kind: 'streamReady' }>): void {
    this.#readyAtMs = this.#owner.clock.wallMs();
    this.#tracks = tracks;
    this.#owner.activity.ready(this, timeToReadyMs, missing);
    this.#owner.lifecycle.streamReady(this.streamId, {
      tracks,
      ...(gopMs === undefined ? {} : { gopMs }),
      timeToReadyMs,
      ...(missing.length === 0 ? {} : { missing }),
    });
  }

  #data({ handler, timestamp, values }: Extract<StreamReport, { kind: 'streamData' }>): void {
    const nowMs = this.#owner.clock.monotonicMs();
    if (this.#dataBudget.take(nowMs) && this.#tells('data', nowMs))
      this.#owner.lifecycle.streamData(this.streamId, { handler, timestamp, values });
  }

  #tellChange(nowMs: number): void {
    if (this.#change === undefined || !this.#updateBudget.takeLater(nowMs)) return;
    if (!this.#owner.account.tellsLater(this.address, nowMs)) return;
    const change = changeOf(this.#change.before, this.#change.after);
    this.#change = undefined;
    if (change !== undefined) this.#owner.lifecycle.streamUpdated(this.streamId, change);
  }

  /** Bit rates, telemetry. */
  #sampled({ atMs, isHeld, counters, tracks, gopMs }: StreamSample): void {
    this.#counters = counters;
    this.#tracks = tracks;
    this.#gopMs = gopMs;
    if (isHeld || this.#held !== undefined) return;
    const elapsedMs = atMs - this.#measuredMs;
    if (elapsedMs <= 0) return;
    if (counters.headersRefused > 0 && !this.#toldHeaders) {
      this.#toldHeaders = true;
      this.#owner.activity.headersRefused(this);
    }
    if (counters.timestampJumps > 0 && !this.#toldJump) {
      this.#toldJump = true;
      this.#owner.activity.jumped(this);
    }
    const before = this.#measured;
    this.#kbpsIn = Math.round(((counters.bytes - before.bytes) * 8) / elapsedMs);
    this.#kbpsOut = Math.round(((counters.bytesOut - before.bytesOut) * 8) / elapsedMs);
    this.#fps = Math.round(((counters.videoFrames - before.videoFrames) * 10_000) / elapsedMs) / 10;
    this.#measured = counters;
    this.#measuredMs = atMs;
    if (atMs - this.#toldMs >= TELEMETRY_MS) this.#tellTelemetry(atMs);
  }

  #tellTelemetry(nowMs: number): void {
    this.#toldMs = nowMs;
    this.#owner.lifecycle.telemetry(this.streamId, {
      totals: this.totals(),
      kbpsIn: this.#kbpsIn,
      kbpsOut: this.#kbpsOut,
      fps: this.#fps,
      players: this.audience,
      ...(this.#gopMs === undefined ? {} : { gopMs: this.#gopMs }),
    });
  }

  #tellHealth(healthChange: HealthChange, nowMs: number): void {
    const { verb, ...change } = healthChange;
    const track = `${change.kind}:${change.trackId}`;
    if (verb === 'stalled') {
      if (this.#healthBudget.take(nowMs) && this.#tells('track', nowMs))
        this.#owner.lifecycle.streamStalled(this.streamId, change);
      else {
        this.#untoldStalls.add(track);
        return;
      }
    } else if (this.#untoldStalls.delete(track)) return;
    else this.#owner.lifecycle.streamRecovered(this.streamId, change);
    this.#owner.activity.health(this, healthChange);
  }

  /** Whether an event that its publisher causes is within what the publisher's address may cause. */
  #tells(kind: OptionalEvent, nowMs: number): boolean {
    return this.#owner.account.tells(kind, this.address, nowMs);
  }
}

/**
 * The content of `stream.updated`: the tracks and the metadata, each when it has changed; undefined when neither has.
 */
function changeOf(before: ShownFacts, after: ShownFacts): { before: ChangedFacts; after: ChangedFacts } | undefined {
  const differ = (key: keyof ChangedFacts): boolean => JSON.stringify(before[key]) !== JSON.stringify(after[key]);
  const pick = ({ tracks, metadata }: ShownFacts): ChangedFacts => ({
    ...(differ('tracks') ? { tracks } : {}),
    ...(differ('metadata') ? { metadata } : {}),
  });
  return differ('tracks') || differ('metadata') ? { before: pick(before), after: pick(after) } : undefined;
}
