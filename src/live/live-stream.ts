import type { Clock } from '../core/clock.js';
import { TokenBucket } from '../core/token-bucket.js';
import type { ChangedFacts } from '../events/event-types.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { Claim } from '../hub/hub.js';
import type { Publication, PublicationObserver } from '../hub/publication.js';
import type { StreamFacts } from '../hub/track-list.js';
import type { EndReason } from '../model/reasons.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { Totals } from '../model/totals.js';
import type { ConnectionFacts, DataFromPublisher, PublisherLine, RunningPublish } from './access.js';
import type { ActivityLog } from './activity-log.js';
import { AUDIENCE_RATE, type EventAccount, type OptionalEvent, STREAM_PLAYS } from './event-account.js';
import { DATA_RATE, EventBudget, HEALTH_RATE, UPDATE_RATE } from './event-budget.js';
import { type HealthChange, TrackHealth } from './track-health.js';

/** What a session tells the one who keeps the list. */
export interface LiveStreamOwner {
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly account: EventAccount;
  readonly activity: ActivityLog;
  /** `publish.stallAfterMs`. */
  readonly stallAfterMs: number;
  /** `publish.resumeWindowMs`. */
  readonly resumeWindowMs: number;
  ended(session: LiveStream, reason: EndReason): void;
}

/** What is known of a stream when it starts. */
export interface StreamStart {
  readonly streamId: string;
  readonly principal: string;
  readonly facts: ConnectionFacts;
  readonly line: PublisherLine;
  readonly startedAtMs: number;
}

/** How often rates are measured, and how often they are told. */
const SAMPLE_MS = 1000;
const TELEMETRY_MS = 5000;
const METADATA_SLOT = 'metadata';
const METADATA = 'onMetaData';

/** What may bring a publisher back: its connection went, it did not say goodbye and was not sent away. */
const RESUMABLE: ReadonlySet<EndReason> = new Set(['client_closed', 'client_reset', 'dead_peer', 'idle']);
/** A resumed timeline goes on this long after its last frame, in ms: about one frame. */
const RESUME_STEP_MS = 40;

/**
 * One accepted publish from `stream.started` to `stream.ended`: ties the publication in the hub to its events. With a resume
 * window it outlives its connection: {@link attach} gives it to one connection at a time.
 */
export class LiveStream implements PublicationObserver {
  readonly streamId: string;
  readonly publication: Publication;
  readonly app: string;
  readonly name: string;
  /** Whoever proves to be the same may resume. */
  readonly principal: string;
  /** Bytes sent to players that have left. */
  bytesOutLeft = 0;
  dropsLeft = 0;
  /** Players that play it. */
  audience = 0;
  /** Its plays that may be told of. */
  readonly tellablePlays = new TokenBucket(STREAM_PLAYS);
  #toldActive = false;
  readonly #audienceRate = new TokenBucket(AUDIENCE_RATE);
  readonly #owner: LiveStreamOwner;
  readonly #claim: Claim;
  readonly #startedAtMs: number;
  #facts: ConnectionFacts;
  #line: PublisherLine;
  #resumeTimestamp: number | undefined;
  #suspended: { readonly reason: EndReason; readonly sinceMs: number } | undefined;
  /** Time without a connection, in ms, before the present one. */
  #heldMs = 0;
  #attachment = 0;
  #readyAtMs: number | undefined;
  #ended = false;
  readonly #health: TrackHealth;
  /** Stalls that were too many to tell: their recoveries are not told either. */
  readonly #untoldStalls = new Set<string>();
  readonly #dataBudget: EventBudget;
  readonly #updateBudget: EventBudget;
  readonly #healthBudget: EventBudget;
  #toldJump = false;
  #toldHeaders = false;
  #kbpsIn = 0;
  #kbpsOut = 0;
  #fps = 0;
  #sampled = { bytes: 0, bytesOut: 0, videoFrames: 0 };
  #sampledMs: number;
  #toldMs: number;

  constructor(start: StreamStart, claim: Claim, owner: LiveStreamOwner) {
    const nowMs = owner.clock.monotonicMs();
    this.streamId = start.streamId;
    this.app = claim.app;
    this.name = claim.name;
    this.principal = start.principal;
    this.#facts = start.facts;
    this.#line = start.line;
    this.#startedAtMs = start.startedAtMs;
    this.#resumeTimestamp = claim.resumeTimestamp === undefined ? undefined : claim.resumeTimestamp + RESUME_STEP_MS;
    this.#owner = owner;
    this.#claim = claim;
    this.#sampledMs = nowMs;
    this.#toldMs = nowMs;
    this.#dataBudget = new EventBudget(DATA_RATE);
    this.#updateBudget = new EventBudget(UPDATE_RATE);
    this.#healthBudget = new EventBudget(HEALTH_RATE);
    this.#health = new TrackHealth(owner.stallAfterMs);
    this.publication = claim.open(start.streamId, this, nowMs);
  }

  /** Where its publisher is, or was. */
  get address(): string {
    return this.#facts.peer.address;
  }

  /** Finds out whether its publisher is still there; see {@link PublisherLine.readNow}. */
  readNow(): Promise<void> {
    return this.#line.readNow();
  }

  /** The publisher's connection is gone and may come back. */
  get suspended(): boolean {
    return this.#suspended !== undefined;
  }

  /** Hands the session to the connection that publishes. What an earlier connection still does to it has no effect. */
  attach(): RunningPublish {
    const mine = ++this.#attachment;
    const current = (): boolean => mine === this.#attachment && !this.#ended;
    return {
      streamId: this.streamId,
      publication: this.publication,
      resumeTimestamp: this.#resumeTimestamp,
      data: (message) => {
        if (current()) this.#data(message);
      },
      dataCleared: (name) => {
        if (current() && name === METADATA) this.#forgetMetadata();
      },
      end: (reason, detail) => {
        if (!current()) return;
        this.#attachment++;
        if (this.#owner.resumeWindowMs > 0 && RESUMABLE.has(reason)) this.#suspend(reason);
        else this.finish(reason, detail);
      },
    };
  }

  /** The same principal is back within the window: same stream id, same players, time goes on. */
  resume(facts: ConnectionFacts, line: PublisherLine): RunningPublish {
    const nowMs = this.#owner.clock.monotonicMs();
    const gapMs = Math.round(nowMs - (this.#suspended?.sinceMs ?? nowMs));
    this.#heldMs += gapMs;
    this.#suspended = undefined;
    this.#facts = facts;
    this.#line = line;
    this.#resumeTimestamp = this.publication.newestTimestamp + RESUME_STEP_MS;
    this.publication.resumed(nowMs);
    const { connectionId, peer } = facts;
    this.#owner.lifecycle.streamResumed(this.streamId, { connectionId, peer, gapMs });
    this.#owner.activity.resumed(this, facts);
    return this.attach();
  }

  #suspend(reason: EndReason): void {
    const { resumeWindowMs, lifecycle, clock } = this.#owner;
    this.publication.writer.letCodecGo();
    this.#suspended = { reason, sinceMs: clock.monotonicMs() };
    lifecycle.streamSuspended(this.streamId, { resumeWindowMs, cause: reason });
    this.#owner.activity.suspended(this, reason, resumeWindowMs);
  }

  ready(publication: Publication): void {
    this.#readyAtMs = this.#owner.clock.wallMs();
    const { missing } = publication.tracks;
    const timeToReadyMs = Math.round(publication.readyMs! - publication.startedMs);
    this.#owner.activity.ready(this, timeToReadyMs, missing);
    this.#owner.lifecycle.streamReady(this.streamId, {
      tracks: publication.tracks.list(),
      gopMs: publication.gopMs,
      timeToReadyMs,
      ...(missing.length === 0 ? {} : { missing }),
    });
  }

  updated(_publication: Publication, before: StreamFacts, after: StreamFacts): boolean {
    const nowMs = this.#owner.clock.monotonicMs();
    if (this.#ended || !this.#updateBudget.takeLater(nowMs)) return false;
    if (!this.#owner.account.tellsLater(this.address, nowMs)) return false;
    this.#owner.lifecycle.streamUpdated(this.streamId, changeOf(before, after));
    return true;
  }

  /** Whether an event that its publisher causes is within what the publisher's address may cause. */
  #tells(kind: OptionalEvent, nowMs: number): boolean {
    return this.#owner.account.tells(kind, this.address, nowMs);
  }

  /**
   * Tells that it has players, or none any more, when that has changed; if that would be too often, at a later {@link tick}.
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

  #forgetMetadata(): void {
    this.publication.headers.delete(METADATA_SLOT);
    this.publication.noteMetadata(null, this.#owner.clock.monotonicMs());
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

  #data({ name, type, payload, timestamp, values }: DataFromPublisher): void {
    const nowMs = this.#owner.clock.monotonicMs();
    const isMetadata = name === METADATA;
    // flvmux of GStreamer sends the same metadata again and again.
    if (isMetadata && this.publication.headers.get(METADATA_SLOT)?.equals(payload)) return;
    // A moved timeline is moved for data too.
    const moved = this.#resumeTimestamp !== undefined || this.publication.timestampJumps > 0;
    const time = moved ? this.publication.lastTimestamp >>> 0 : timestamp;
    this.publication.appendData(payload, time, isMetadata ? METADATA_SLOT : undefined, nowMs, type);
    // Metadata in AMF3 is passed on, and tells nothing here.
    if (isMetadata) this.publication.noteMetadata(values?.[0], nowMs);
    else if (this.#dataBudget.take(nowMs) && this.#tells('data', nowMs))
      this.#owner.lifecycle.streamData(this.streamId, { handler: name, timestamp: time, values: values ?? [] });
  }

  /** Takes the stream from its publisher: it is ended, the publisher told and let go. */
  take(reason: EndReason, description: string): void {
    this.finish(reason);
    this.#line.close(reason, description);
  }

  /** Ends the stream for good. Calls after the first do nothing. */
  finish(reason: EndReason, detail?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const { publication } = this;
    const facts = { reason, detail, ...this.totals(), tracks: publication.tracks.list() };
    try {
      this.#claim.close(this.#owner.clock.monotonicMs());
    } finally {
      // Whatever fails on the way to the players: the list forgets the stream, and its end is told.
      this.#owner.ended(this, reason);
      this.#owner.lifecycle.streamEnded(this.streamId, facts);
    }
  }

  /** What it has carried since its start. */
  totals(): Totals {
    const { payloadBytes, wireBytes, audioFrames, videoFrames, timestampJumps } = this.publication;
    const suspendedMs = this.#suspended === undefined ? 0 : this.#owner.clock.monotonicMs() - this.#suspended.sinceMs;
    const heldMs = Math.round(this.#heldMs + suspendedMs);
    const counts = { audioFrames, videoFrames, drops: this.drops, heldMs };
    const totals = { bytes: payloadBytes, payloadBytes, wireBytes, ...counts };
    return timestampJumps === 0 ? totals : { ...totals, timestampJumps };
  }

  /** Events of its own data and headers that were too many to tell. */
  get suppressedEvents(): number {
    return this.#dataBudget.suppressed + this.#healthBudget.suppressed;
  }

  /** Keyframe skips of all its players, past and present. */
  get drops(): number {
    let sum = this.dropsLeft;
    for (const player of this.publication.players) sum += player.skips;
    return sum;
  }

  /** Looks after the stream: stalled tracks, bit rates, telemetry. Call it a few times a second. */
  tick(nowMs: number): void {
    if (this.#suspended !== undefined) {
      const { reason, sinceMs } = this.#suspended;
      if (nowMs - sinceMs >= this.#owner.resumeWindowMs) this.finish(reason);
      return;
    }
    this.tellAudience(this.address, nowMs);
    for (const change of this.#health.look(this.publication.activity.tracks, nowMs)) this.#tellHealth(change, nowMs);
    const elapsedMs = nowMs - this.#sampledMs;
    if (elapsedMs < SAMPLE_MS) return;
    const { bytes, videoFrames, timestampJumps } = this.publication;
    if (this.publication.headers.refused > 0 && !this.#toldHeaders) {
      this.#toldHeaders = true;
      this.#owner.activity.headersRefused(this);
    }
    if (timestampJumps > 0 && !this.#toldJump) {
      this.#toldJump = true;
      this.#owner.activity.jumped(this);
    }
    const bytesOut = this.bytesOut;
    this.#kbpsIn = Math.round(((bytes - this.#sampled.bytes) * 8) / elapsedMs);
    this.#kbpsOut = Math.round(((bytesOut - this.#sampled.bytesOut) * 8) / elapsedMs);
    this.#fps = Math.round(((videoFrames - this.#sampled.videoFrames) * 10_000) / elapsedMs) / 10;
    this.#sampled = { bytes, bytesOut, videoFrames };
    this.#sampledMs = nowMs;
    if (nowMs - this.#toldMs >= TELEMETRY_MS) this.#tellTelemetry(nowMs);
  }

  #tellTelemetry(nowMs: number): void {
    this.#toldMs = nowMs;
    const { gopMs, players } = this.publication;
    this.#owner.lifecycle.telemetry(this.streamId, {
      totals: this.totals(),
      kbpsIn: this.#kbpsIn,
      kbpsOut: this.#kbpsOut,
      fps: this.#fps,
      players: players.length,
      ...(gopMs === undefined ? {} : { gopMs }),
    });
  }

  /** Bytes sent to players, past and present. */
  get bytesOut(): number {
    let sum = this.bytesOutLeft;
    for (const player of this.publication.players) sum += player.bytesSent;
    return sum;
  }

  snapshot(): StreamSnapshot {
    const { publication } = this;
    const facts = this.#facts;
    return {
      streamId: this.streamId,
      app: this.app,
      name: this.name,
      state: this.suspended ? 'suspended' : publication.readyMs === undefined ? 'live' : 'ready',
      connectionId: facts.connectionId,
      startedAt: new Date(this.#startedAtMs).toISOString(),
      ...(this.#readyAtMs === undefined ? {} : { readyAt: new Date(this.#readyAtMs).toISOString() }),
      peer: facts.peer,
      ...(facts.info?.flashVer ? { encoder: facts.info.flashVer } : {}),
      tracks: publication.tracks.list(),
      players: publication.players.length,
      bytesIn: publication.bytes,
      bytesOut: this.bytesOut,
      audioFrames: publication.audioFrames,
      videoFrames: publication.videoFrames,
      drops: this.drops,
      kbpsIn: this.#kbpsIn,
    };
  }
}

/** What `stream.updated` tells: the tracks and the metadata, each when it has changed. */
function changeOf(before: StreamFacts, after: StreamFacts): { before: ChangedFacts; after: ChangedFacts } {
  const differ = (key: keyof ChangedFacts): boolean => JSON.stringify(before[key]) !== JSON.stringify(after[key]);
  const pick = ({ tracks, metadata }: StreamFacts): ChangedFacts => ({
    ...(differ('tracks') ? { tracks } : {}),
    ...(differ('metadata') ? { metadata } : {}),
  });
  return { before: pick(before), after: pick(after) };
}
