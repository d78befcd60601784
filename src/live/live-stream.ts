import type { ErrorCode } from '../core/errors.js';
import { TokenBucket } from '../core/token-bucket.js';
import type { Grant, Labels, StreamLimits } from '../model/grant.js';
import type { EndReason } from '../model/reasons.js';
import type { PublishEndStatus } from '../model/refusals.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { Totals } from '../model/totals.js';
import type { Track } from '../model/track.js';
import type { ConnectionFacts, NameRequest, PublishAsk, StreamCounters, StreamReport, StreamSample } from './access.js';
import { Replacements } from './conflict.js';
import { AUDIENCE_RATE, STREAM_PLAYS } from './event-account.js';
import { byteLimits, LimitWatch } from './limit-watch.js';
import { NOTHING_CARRIED } from './nothing.js';
import type { PlayedStream, PlayTeller } from './played-stream.js';
import { type GrantHolder, RunningGrant } from './stream-grant.js';
import { StreamNews } from './stream-news.js';
import type { LiveStreamOwner, StreamEnd, StreamStart } from './stream-owner.js';
import { StreamRates } from './stream-rates.js';
import { toldEnd } from './told-end.js';

/**
 * Reasons after which a publisher may come back: its connection was lost, it did not end the publish, and it was not
 * sent away.
 */
const RESUMABLE: readonly EndReason[] = ['client_closed', 'client_reset', 'dead_peer', 'idle'];

/**
 * One accepted publish from `stream.started` to `stream.ended`. It turns the reports of the byte side into events. With
 * a resume window it outlives the connection that publishes it: {@link resume} gives it to another one.
 */
export class LiveStream implements PlayedStream {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  /** A publisher with the same principal may resume. */
  readonly principal: string;
  /** Tells its publisher's key apart from others without revealing it; undefined: there was none. */
  keyFingerprint: string | undefined;
  readonly replacements = new Replacements();
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
  /** The connection that publishes it, or has done so last. */
  facts: ConnectionFacts;
  /** As that connection asked, its secrets included. */
  #request: NameRequest;
  #held: { readonly reason: EndReason; readonly sinceMs: number } | undefined;
  /** Time without a connection, in ms, before the present one. */
  #heldMs = 0;
  #readyAtMs: number | undefined;
  /** Whether the byte side has been told to end it. */
  #ending = false;
  #ended = false;
  readonly #news: StreamNews;
  #toldJump = false;
  #toldHeaders = false;
  readonly #rates: StreamRates;
  readonly #grant: RunningGrant;
  readonly #watch: LimitWatch;
  readonly #resumeWindowMs: number;
  /** Called at its end. */
  readonly #waiters: (() => void)[] = [];

  constructor(start: StreamStart, owner: LiveStreamOwner) {
    this.streamId = start.streamId;
    this.app = start.app;
    this.name = start.name;
    this.principal = start.principal;
    this.facts = start.facts;
    this.#request = start.request;
    this.#startedAtMs = start.startedAtMs;
    this.#owner = owner;
    this.#news = new StreamNews(this, owner);
    this.#rates = new StreamRates(owner.clock.monotonicMs());
    this.keyFingerprint = start.grant.keyFingerprint;
    this.#resumeWindowMs = start.grant.resumeWindowMs ?? owner.resumeWindowMs;
    const { streamId: id, principal } = start;
    const holder: GrantHolder = {
      ...{ action: 'publish', id, principal },
      facts: () => this.facts,
      request: () => this.#request,
      labelled: (before, after) => this.#news.labelled(before, after),
      limited: (limits) => this.#limited(limits),
      end: ({ reason, code, message }) => this.end(reason, code, message),
    };
    this.#grant = new RunningGrant(start.grant, holder, owner.grants);
    this.#watch = new LimitWatch(start.grant.limits, owner.clock.monotonicMs(), {
      end: (code, text) => this.end('limit', code, text),
      warn: (code, text) => this.#news.overLimit(code, text),
    });
  }

  get teller(): PlayTeller {
    return this.#owner.lifecycle;
  }

  /** Names and values that its publisher's grant gave, or an operator. */
  get labels(): Labels {
    return this.#grant.labels;
  }

  get limits(): StreamLimits {
    return this.#grant.limits;
  }

  /** Address of its publisher, also after it has gone. */
  get address(): string {
    return this.facts.peer.address;
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
    return this.#resumeWindowMs > 0 ? RESUMABLE : [];
  }

  /** Events of its own data and headers that were too many to tell. */
  get suppressedEvents(): number {
    return this.#news.suppressed;
  }

  /**
   * The same principal is back: same stream id, same players, timestamps go on.
   *
   * @param ask of the connection that publishes it from now on
   * @param replaced its former connection was still open, and was silent for so long, in ms; undefined: it was gone
   */
  resume({ facts, request }: Pick<PublishAsk, 'facts' | 'request'>, grant: Grant, replaced?: number): void {
    const nowMs = this.#owner.clock.monotonicMs();
    const gapMs = Math.round(replaced ?? nowMs - (this.#held?.sinceMs ?? nowMs));
    if (replaced === undefined) this.#heldMs += gapMs;
    this.#held = undefined;
    this.facts = facts;
    this.#request = request;
    this.keyFingerprint = grant.keyFingerprint;
    const { connectionId, peer } = facts;
    const cause = replaced === undefined ? {} : { cause: 'replaced' };
    this.#owner.lifecycle.streamResumed(this.streamId, { connectionId, peer, gapMs, ...cause });
    this.#owner.activity.resumed(this, facts);
    this.#grant.replace(grant);
  }

  /** Takes what the byte side tells of it. */
  take(report: StreamReport): void {
    switch (report.kind) {
      case 'streamReady':
        this.#ready(report);
        break;
      case 'streamChanged':
        this.#tracks = report.after.tracks;
        this.#news.changed(report.before, report.after);
        this.#watch.shown(report.after.tracks);
        break;
      case 'streamSampled':
        this.#sampled(report);
        break;
      case 'trackHealth':
        this.#news.health(report.change, report.atMs);
        break;
      case 'streamData':
        this.#news.data(report);
        break;
      case 'codecRefused':
        this.#watch.codecRefused(report.codec);
        break;
      case 'streamHeld':
        this.#suspend(report.reason, report.counters);
        break;
      case 'streamEnded':
        this.finish(report);
        break;
    }
  }

  /** Ends it. Its publisher is told the code with the message, or with what the code says. */
  end(reason: EndReason, code: ErrorCode, message = ''): void {
    const status = reason === 'takeover' ? 'NetStream.Publish.BadName' : 'NetStream.Publish.Rejected';
    this.order(reason, toldEnd(code, message), { code, status });
  }

  /**
   * Orders the byte side to end it. Its totals come back with the end, and only then it is over. Calls after the first
   * do nothing.
   *
   * @param description for its publisher, if it has one
   * @param told default: its publisher is told that the server stops, and that it may come back
   */
  order(
    reason: EndReason,
    description: string,
    told: { readonly code?: ErrorCode; readonly status?: PublishEndStatus } = {},
  ): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#grant.close();
    this.#owner.bytes.order({ kind: 'endStream', streamId: this.streamId, reason, description, ...told });
  }

  /** Resolves when it is over. */
  whenEnded(): Promise<void> {
    return this.#ended ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Asks admission again now. */
  reauthorise(): Promise<void> {
    return this.#grant.askNow();
  }

  /** Others labels, limits from an operator: they hold until admission is asked again. */
  set(terms: { readonly labels?: Labels; readonly limits?: StreamLimits }): void {
    this.#grant.set(terms.labels ?? this.labels, terms.limits ?? this.limits);
  }

  /** It is over. Calls after the first do nothing. */
  finish({ reason, detail, counters, tracks, plays }: StreamEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#grant.close();
    this.#counters = counters;
    this.#tracks = tracks;
    const facts = { reason, detail, ...this.totals(), tracks };
    try {
      this.#owner.ended(this.streamId, reason, plays);
    } finally {
      this.#owner.lifecycle.streamEnded(this.streamId, facts);
      for (const resolve of this.#waiters.splice(0)) resolve();
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
    this.#news.tick(nowMs);
    this.#grant.tick(nowMs);
    if (this.#held === undefined) this.tellAudience(this.address, nowMs);
    else if (nowMs - this.#held.sinceMs >= this.#resumeWindowMs) this.order(this.#held.reason, '');
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
    const facts = this.facts;
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
      transport: facts.transport,
      ...(facts.info?.flashVer ? { encoder: facts.info.flashVer } : {}),
      tracks: this.#tracks,
      players: this.audience,
      bytesIn: bytes,
      bytesOut,
      audioFrames,
      videoFrames,
      drops,
      kbpsIn: this.#rates.kbpsIn,
      ...this.#grantShown(),
    };
  }

  #grantShown(): Pick<StreamSnapshot, 'principal' | 'keyFingerprint' | 'labels' | 'limits'> {
    const { principal, keyFingerprint, labels, limits } = this;
    return {
      // A principal that is made from the address shows nothing that `peer` does not.
      ...(principal.startsWith('peer:') ? {} : { principal }),
      ...(keyFingerprint === undefined ? {} : { keyFingerprint }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(Object.keys(limits).length === 0 ? {} : { limits }),
    };
  }

  get #state(): StreamSnapshot['state'] {
    if (this.#held !== undefined) return 'suspended';
    return this.#readyAtMs === undefined ? 'live' : 'ready';
  }

  #suspend(reason: EndReason, counters: StreamCounters): void {
    const { lifecycle, clock, activity } = this.#owner;
    const resumeWindowMs = this.#resumeWindowMs;
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
    this.#watch.shown(tracks);
  }

  #limited(limits: StreamLimits): void {
    this.#watch.limits = limits;
    this.#owner.bytes.order({ kind: 'limitStream', streamId: this.streamId, ...byteLimits(limits) });
  }

  /** Bit rates, telemetry, limits. */
  #sampled(sample: StreamSample): void {
    const { atMs, isHeld, counters, tracks, gopMs } = sample;
    this.#counters = counters;
    this.#tracks = tracks;
    this.#gopMs = gopMs;
    this.#watch.sampled(sample);
    if (isHeld || this.#held !== undefined) return;
    if (!this.#rates.measure(sample)) return;
    if (counters.headersRefused > 0 && !this.#toldHeaders) {
      this.#toldHeaders = true;
      this.#owner.activity.headersRefused(this);
    }
    if (counters.timestampJumps > 0 && !this.#toldJump) {
      this.#toldJump = true;
      this.#owner.activity.jumped(this);
    }
    if (this.#rates.isDue(atMs)) this.#tellTelemetry();
  }

  #tellTelemetry(): void {
    const { kbpsIn, kbpsOut, fps } = this.#rates;
    this.#owner.lifecycle.telemetry(this.streamId, {
      totals: this.totals(),
      ...{ kbpsIn, kbpsOut, fps },
      players: this.audience,
      ...(this.#gopMs === undefined ? {} : { gopMs: this.#gopMs }),
    });
  }
}
