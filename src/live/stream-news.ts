import type { Clock } from '../core/clock.js';
import type { ErrorCode } from '../core/errors.js';
import type { ChangedFacts } from '../events/event-types.js';
import type { Lifecycle } from '../events/lifecycle.js';
import type { Labels } from '../model/grant.js';
import type { HealthChange } from '../model/health-change.js';
import type { ShownFacts, StreamReport } from './access.js';
import type { ActivityLog } from './activity-log.js';
import type { EventAccount, OptionalEvent } from './event-account.js';
import { DATA_RATE, EventBudget, HEALTH_RATE, UPDATE_RATE } from './event-budget.js';

/** What is needed to tell something. */
interface NewsParts {
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly account: EventAccount;
  readonly activity: ActivityLog;
}

/** The stream that the news is about, with the members that log lines use. */
type NewsStream = Parameters<ActivityLog['health']>[0];

/** The sides of a change. */
interface Change {
  readonly before: ChangedFacts;
  readonly after: ChangedFacts;
}

/**
 * The events that a publisher can cause as often as it likes: changes, stalls, data. Each kind has a budget. Changes
 * that cannot be told at once are combined into one, the rest is counted.
 */
export class StreamNews {
  readonly #stream: NewsStream;
  readonly #parts: NewsParts;
  /** Stalls that were too many to tell. Their recoveries are not told either. */
  readonly #untoldStalls = new Set<string>();
  /** A change of tracks or metadata that is not told yet. */
  #change: { readonly before: ShownFacts; readonly after: ShownFacts } | undefined;
  readonly #dataBudget = new EventBudget(DATA_RATE);
  readonly #updateBudget = new EventBudget(UPDATE_RATE);
  readonly #healthBudget = new EventBudget(HEALTH_RATE);

  constructor(stream: NewsStream, parts: NewsParts) {
    this.#stream = stream;
    this.#parts = parts;
  }

  /** Events that were too many to tell. */
  get suppressed(): number {
    return this.#dataBudget.suppressed + this.#healthBudget.suppressed;
  }

  changed(before: ShownFacts, after: ShownFacts): void {
    // Changes that come while none may be told are combined into one.
    this.#change = { before: this.#change?.before ?? before, after };
    this.tick(this.#parts.clock.monotonicMs());
  }

  /** Tells a change that could not be told before. */
  tick(nowMs: number): void {
    if (this.#change === undefined || !this.#updateBudget.takeLater(nowMs)) return;
    if (!this.#parts.account.tellsLater(this.#stream.address, nowMs)) return;
    const change = changeOf(this.#change.before, this.#change.after);
    this.#change = undefined;
    if (change !== undefined) this.#parts.lifecycle.streamUpdated(this.#stream.streamId, change);
  }

  /** Its grant or an operator gave it other labels. */
  labelled(before: Labels, after: Labels): void {
    const change = { before: { labels: before }, after: { labels: after } };
    this.#parts.lifecycle.streamUpdated(this.#stream.streamId, change);
  }

  /** It is past a limit that ends nothing. */
  overLimit(code: ErrorCode, detail: string): void {
    const overLimit = { code, detail };
    this.#parts.lifecycle.streamUpdated(this.#stream.streamId, { before: {}, after: {}, overLimit });
  }

  health(healthChange: HealthChange, nowMs: number): void {
    const { verb, ...change } = healthChange;
    const { streamId } = this.#stream;
    const track = `${change.kind}:${change.trackId}`;
    if (verb === 'stalled') {
      if (this.#healthBudget.take(nowMs) && this.#tells('track', nowMs))
        this.#parts.lifecycle.streamStalled(streamId, change);
      else {
        this.#untoldStalls.add(track);
        return;
      }
    } else if (this.#untoldStalls.delete(track)) return;
    else this.#parts.lifecycle.streamRecovered(streamId, change);
    this.#parts.activity.health(this.#stream, healthChange);
  }

  data({ handler, timestamp, values }: Extract<StreamReport, { kind: 'streamData' }>): void {
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#dataBudget.take(nowMs) && this.#tells('data', nowMs))
      this.#parts.lifecycle.streamData(this.#stream.streamId, { handler, timestamp, values });
  }

  /** Whether an event that its publisher causes is within what the publisher's address may cause. */
  #tells(kind: OptionalEvent, nowMs: number): boolean {
    return this.#parts.account.tells(kind, this.#stream.address, nowMs);
  }
}

/**
 * The content of `stream.updated`: the tracks and the metadata, each when it has changed; undefined when neither has.
 */
function changeOf(before: ShownFacts, after: ShownFacts): Change | undefined {
  const differ = (key: keyof ShownFacts): boolean => JSON.stringify(before[key]) !== JSON.stringify(after[key]);
  const pick = ({ tracks, metadata }: ShownFacts): ChangedFacts => ({
    ...(differ('tracks') ? { tracks } : {}),
    ...(differ('metadata') ? { metadata } : {}),
  });
  return differ('tracks') || differ('metadata') ? { before: pick(before), after: pick(after) } : undefined;
}
