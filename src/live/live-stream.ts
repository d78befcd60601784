import type { ErrorCode } from '../core/errors.js';
import { TokenBucket } from '../core/token-bucket.js';
import type { Epoch } from '../model/epoch.js';
import type { Grant, Labels, StreamLimits } from '../model/grant.js';
import type { OverviewStream } from '../model/overview.js';
import type { EndReason } from '../model/reasons.js';
import type { PublishEndStatus } from '../model/refusals.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { Totals } from '../model/totals.js';
import type { Track } from '../model/track.js';
import type { ConnectionFacts, NameRequest, PublishAsk, StreamCounters, StreamReport, StreamSample } from './access.js';
import { Replacements } from './conflict.js';
import { RESUMABLE } from './end-reasons.js';
import { AUDIENCE_RATE, STREAM_PLAYS } from './event-account.js';
import { byteLimits, LimitWatch } from './limit-watch.js';
import { NOTHING_CARRIED } from './nothing.js';
import { OddMedia } from './odd-media.js';
import type { PlayedStream, PlayTeller } from './played-stream.js';
import { playersOf, RelayedAudience } from './relayed-audience.js';
import { plus, totalsOf } from './stream-counters.js';
import { type GrantHolder, RunningGrant } from './stream-grant.js';
import { StreamNews } from './stream-news.js';
import type { LiveStreamOwner, StreamEnd, StreamStart } from './stream-owner.js';
import { StreamRates } from './stream-rates.js';
import type { StreamReady, YieldedReport } from './stream-reports.js';
import { type OwnFacts, shownOverview, shownStream } from './stream-shown.js';
import { StreamTrouble } from './stream-trouble.js';
import { toldEnd } from './told-end.js';

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
  readonly replacements: Replacements;
  /** Number of its plays here, those of other nodes included. */
  audience = 0;
  /** Whether it is on its way to another node: then it is not given to anybody here. */
  isMoving = false;
  /** Plays of other nodes, and how many players these have told of. */
  readonly relays = new RelayedAudience();
  /** Which claim of its name it has; undefined where names are not claimed over several nodes. */
  epoch: Epoch | undefined;
  /** Bounds its plays that are told. */
  readonly tellablePlays = new TokenBucket(STREAM_PLAYS);
  #counters: StreamCounters;
  /** What it has carried at other nodes. */
  readonly #before: StreamCounters;
  #tracks: readonly Track[] = [];
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
  readonly #odd: OddMedia;
  readonly #rates: StreamRates;
  readonly #trouble = new StreamTrouble();
  readonly #grant: RunningGrant;
  readonly #watch: LimitWatch;
  readonly #resumeWindowMs: number;
  /** Called at its end. */
  readonly #waiters: (() => void)[] = [];
  /** Called when the byte side has yielded it, or at its end. */
  #yieldedTo: ((how: YieldedReport | undefined) => void) | undefined;

  constructor(start: StreamStart, owner: LiveStreamOwner) {
    ({ streamId: this.streamId, app: this.app, name: this.name, principal: this.principal } = start);
    ({ facts: this.facts, request: this.#request, startedAtMs: this.#startedAtMs, epoch: this.epoch } = start);
    this.#owner = owner;
    this.#news = new StreamNews(this, owner);
    this.#odd = new OddMedia(owner.activity);
    this.#rates = new StreamRates(owner.clock.monotonicMs());
    this.keyFingerprint = start.grant.keyFingerprint;
    this.#resumeWindowMs = start.grant.resumeWindowMs ?? owner.resumeWindowMs;
    const { streamId: id, principal, moved } = start;
    this.replacements = new Replacements(moved?.replacedAgo, owner.clock.monotonicMs());
    this.#before = moved?.counters ?? NOTHING_CARRIED;
    this.#counters = this.#before;
    this.#tracks = moved?.facts.tracks ?? [];
    this.#readyAtMs = moved?.facts.readyMs;
    this.#heldMs = moved?.facts.totals.heldMs ?? 0;
    const { labels, limits } = moved ?? start.grant;
    const holder: GrantHolder = {
      ...{ action: 'publish', id, principal },
      facts: () => this.facts,
      request: () => this.#request,
      labelled: (before, after) => this.#news.labelled(before, after),
      limited: (next) => {
        this.#watch.limits = next;
        owner.bytes.order({ kind: 'limitStream', streamId: id, ...byteLimits(next) });
      },
      end: ({ reason, code, message }) => this.end(reason, code, message),
    };
    this.#grant = new RunningGrant({ ...start.grant, labels, limits }, holder, owner.grants);
    const ageMs = moved === undefined ? 0 : Math.max(0, owner.clock.wallMs() - start.startedAtMs);
    this.#watch = new LimitWatch(limits, owner.clock.monotonicMs() - ageMs, {
      end: (code, text) => this.end('limit', code, text),
      warn: (code, text) => this.#news.overLimit(code, text),
    });
    // What it had elsewhere holds until the one who publishes it here is granted something else.
    if (moved !== undefined) this.#grant.replace(start.grant);
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

  /** What it has carried, by the last report of the byte side. */
  get counters(): StreamCounters {
    return this.#counters;
  }

  /** How long it has had no publisher, in ms. */
  get gapMs(): number {
    return this.#held === undefined ? 0 : Math.round(this.#owner.clock.monotonicMs() - this.#held.sinceMs);
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
    const gapMs = Math.round(replaced ?? this.gapMs);
    if (replaced === undefined) this.#heldMs += gapMs;
    this.#held = undefined;
    this.#rates.resumed();
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
        this.#trouble.note(report.change, report.atMs);
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
      case 'streamYielded':
        this.#counters = plus(this.#before, report.counters);
        this.#tracks = report.tracks;
        this.#held ??= { reason: 'client_closed', sinceMs: this.#owner.clock.monotonicMs() };
        this.#yieldedTo?.(report);
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

  /**
   * Has it held for another node, its publisher closed. Resolves when nothing more of it comes from the byte side;
   * undefined: it has ended.
   */
  yield(): Promise<YieldedReport | undefined> {
    if (this.#ended || this.#ending) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#yieldedTo = resolve;
      this.#owner.bytes.order({ kind: 'yieldStream', streamId: this.streamId });
    });
  }

  /** Nobody has taken it: it waits for its publisher here. @param wasHeld whether that was told before */
  stays(wasHeld: boolean): void {
    this.isMoving = false;
    if (!wasHeld) this.#tellHeld('client_closed');
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
    this.#counters = plus(this.#before, counters);
    this.#tracks = tracks;
    this.#yieldedTo?.(undefined);
    try {
      this.#owner.ended(this.streamId, reason, plays);
    } finally {
      this.#owner.lifecycle.streamEnded(this.streamId, { reason, detail, ...this.totals(), tracks });
      for (const resolve of this.#waiters.splice(0)) resolve();
    }
  }

  /** What it has carried since its start, by the last report. */
  totals(): Totals {
    return totalsOf(this.#counters, Math.round(this.#heldMs + this.gapMs));
  }

  /**
   * Does what is due by time: the end of waiting for its publisher, and events about its tracks and players that could
   * not be told before.
   */
  tick(nowMs: number): void {
    this.#news.tick(nowMs);
    this.#grant.tick(nowMs);
    if (this.isMoving) return;
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
    return shownStream(this, this.#own());
  }

  overview(nowMs: number): OverviewStream {
    return shownOverview(this, this.#own(), this.#trouble, nowMs);
  }

  #own(): OwnFacts {
    return { startedAtMs: this.#startedAtMs, readyAtMs: this.#readyAtMs, rates: this.#rates, held: this.#held };
  }

  #suspend(reason: EndReason, counters: StreamCounters): void {
    this.#counters = plus(this.#before, counters);
    this.#held = { reason, sinceMs: this.#owner.clock.monotonicMs() };
    this.#tellHeld(reason);
  }

  #tellHeld(reason: EndReason): void {
    const resumeWindowMs = this.#resumeWindowMs;
    this.#owner.lifecycle.streamSuspended(this.streamId, { resumeWindowMs, cause: reason });
    this.#owner.activity.suspended(this, reason, resumeWindowMs);
  }

  #ready({ tracks, missing, gopMs, timeToReadyMs, encoder }: StreamReady): void {
    const before = this.#tracks;
    this.#tracks = tracks;
    this.#trouble.missing = missing;
    if (this.#readyAtMs === undefined) {
      this.#readyAtMs = this.#owner.clock.wallMs();
      this.#owner.activity.ready(this, { timeToReadyMs, missing, encoder });
      this.#owner.lifecycle.streamReady(this.streamId, {
        ...{ tracks, timeToReadyMs },
        ...(gopMs === undefined ? {} : { gopMs }),
        ...(missing.length === 0 ? {} : { missing }),
      });
    } else this.#news.changed({ tracks: before, metadata: {} }, { tracks, metadata: {} });
    this.#watch.shown(tracks);
  }

  /** Bit rates, telemetry, limits. */
  #sampled(sample: StreamSample): void {
    const { atMs, isHeld, counters, tracks, gopMs } = sample;
    this.#counters = plus(this.#before, counters);
    this.#tracks = tracks;
    this.#watch.sampled(sample);
    if (isHeld || this.#held !== undefined) return;
    if (!this.#rates.measure(sample)) return;
    this.#odd.look(this, counters);
    if (!this.#rates.isDue(atMs)) return;
    const { kbpsIn, kbpsOut, fps } = this.#rates;
    this.#owner.lifecycle.telemetry(this.streamId, {
      totals: this.totals(),
      ...{ kbpsIn, kbpsOut, fps },
      players: playersOf(this),
      ...(gopMs === undefined ? {} : { gopMs }),
    });
  }
}
