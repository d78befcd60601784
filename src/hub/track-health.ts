import type { HealthChange } from '../model/health-change.js';
import type { TrackTime } from './track-activity.js';

/** Made once: nearly every look at nearly every stream finds nothing. */
const NO_CHANGES: readonly HealthChange[] = [];

interface Health {
  /** Newest frame at the last check. */
  lastMs: number;
  /** The frame after which the gap began; undefined while frames flow. */
  stalledSinceMs: number | undefined;
  /** Time at which frames came again. */
  flowingSinceMs: number | undefined;
}

/**
 * Frames must come for this long before a stalled track counts as recovered, so that an irregular track does not change
 * its state all the time.
 */
const RECOVERY_MS = 1000;

/**
 * Finds tracks that have stopped coming while the connection is there. It reads one number of each track that the
 * publication keeps anyway, once in the time after which a track is stalled, and at each call while one is: no work is
 * done for each message.
 */
export class TrackHealth {
  readonly #stallAfterMs: number;
  /** One for each track, in their order. */
  readonly #healths: Health[] = [];
  /** Before this time no track can stall, and none can recover. */
  #dueMs = 0;

  /**
   * @param stallAfterMs `publish.stallAfterMs`: a track that was there and has not come for this long is stalled; 0
   *   turns the check off
   */
  constructor(stallAfterMs: number) {
    this.#stallAfterMs = stallAfterMs;
  }

  /**
   * The changes since the last check.
   *
   * @param tracks every track that has had a frame; from check to check tracks are only added
   */
  look(tracks: readonly TrackTime[], nowMs: number): readonly HealthChange[] {
    if (this.#stallAfterMs === 0 || nowMs < this.#dueMs) return NO_CHANGES;
    let changes = NO_CHANGES;
    let newestMs = 0;
    for (const { lastMs } of tracks) if (lastMs > newestMs) newestMs = lastMs;
    const cause = nowMs - newestMs >= this.#stallAfterMs / 2 ? 'no_media' : 'no_frames';
    let oldestMs = nowMs;
    let isStalled = false;
    for (let i = 0; i < tracks.length; i++) {
      this.#healths[i] ??= { lastMs: 0, stalledSinceMs: undefined, flowingSinceMs: undefined };
      const change = this.#lookAt(tracks[i], this.#healths[i], cause, nowMs);
      if (change !== undefined) changes = [...changes, change];
      if (tracks[i].lastMs < oldestMs) oldestMs = tracks[i].lastMs;
      isStalled ||= this.#healths[i].stalledSinceMs !== undefined;
    }
    this.#dueMs = isStalled ? nowMs : oldestMs + this.#stallAfterMs;
    return changes;
  }

  #lookAt(
    { kind, trackId, lastMs }: TrackTime,
    health: Health,
    cause: HealthChange['cause'],
    nowMs: number,
  ): HealthChange | undefined {
    const fresh = lastMs !== health.lastMs;
    health.lastMs = lastMs;
    if (health.stalledSinceMs === undefined) {
      if (nowMs - lastMs >= this.#stallAfterMs) {
        health.stalledSinceMs = lastMs;
        health.flowingSinceMs = undefined;
        return { verb: 'stalled', kind, trackId, gapMs: Math.round(nowMs - lastMs), cause };
      }
    } else if (fresh) {
      health.flowingSinceMs ??= lastMs;
      if (lastMs - health.flowingSinceMs >= RECOVERY_MS) {
        const gapMs = Math.round(health.flowingSinceMs - health.stalledSinceMs);
        health.stalledSinceMs = undefined;
        return { verb: 'recovered', kind, trackId, gapMs };
      }
    } else if (nowMs - lastMs >= this.#stallAfterMs) {
      health.flowingSinceMs = undefined;
    }
    return undefined;
  }
}
