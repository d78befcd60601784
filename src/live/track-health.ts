import type { MediaKind } from '../model/track.js';
import type { TrackTime } from './access.js';

/** A change of a track's health. */
export interface HealthChange {
  readonly verb: 'stalled' | 'recovered';
  readonly kind: MediaKind;
  /** 0: the default track; 1 to 255: Enhanced RTMP multitrack. */
  readonly trackId: number;
  /** How long no frame came, in ms. */
  readonly gapMs: number;
  /** Cause of a stall: `no_media` when the whole stream has stopped, `no_frames` when others go on. */
  readonly cause?: 'no_media' | 'no_frames';
}

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
 * publication keeps anyway, a few times a second: no work is done for each message.
 */
export class TrackHealth {
  readonly #stallAfterMs: number;
  /** One for each track, in their order. */
  readonly #healths: Health[] = [];

  /** @param stallAfterMs a track that was there and has not come for this long is stalled; 0 turns the check off */
  constructor(stallAfterMs: number) {
    this.#stallAfterMs = stallAfterMs;
  }

  /**
   * The changes since the last check.
   *
   * @param tracks every track that has had a frame; from check to check tracks are only added
   */
  look(tracks: readonly TrackTime[], nowMs: number): HealthChange[] {
    const changes: HealthChange[] = [];
    if (this.#stallAfterMs === 0) return changes;
    let newestMs = 0;
    for (const { lastMs } of tracks) newestMs = Math.max(newestMs, lastMs);
    const cause = nowMs - newestMs >= this.#stallAfterMs / 2 ? 'no_media' : 'no_frames';
    for (let i = 0; i < tracks.length; i++) {
      this.#healths[i] ??= { lastMs: 0, stalledSinceMs: undefined, flowingSinceMs: undefined };
      this.#lookAt(tracks[i], this.#healths[i], cause, nowMs, changes);
    }
    return changes;
  }

  #lookAt(
    { kind, trackId, lastMs }: TrackTime,
    health: Health,
    cause: HealthChange['cause'],
    nowMs: number,
    changes: HealthChange[],
  ): void {
    const fresh = lastMs !== health.lastMs;
    if (health.stalledSinceMs === undefined) {
      if (nowMs - lastMs >= this.#stallAfterMs) {
        health.stalledSinceMs = lastMs;
        health.flowingSinceMs = undefined;
        changes.push({ verb: 'stalled', kind, trackId, gapMs: Math.round(nowMs - lastMs), cause });
      }
    } else if (fresh) {
      health.flowingSinceMs ??= lastMs;
      if (lastMs - health.flowingSinceMs >= RECOVERY_MS) {
        const gapMs = Math.round(health.flowingSinceMs - health.stalledSinceMs);
        changes.push({ verb: 'recovered', kind, trackId, gapMs });
        health.stalledSinceMs = undefined;
      }
    } else if (nowMs - lastMs >= this.#stallAfterMs) {
      health.flowingSinceMs = undefined;
    }
    health.lastMs = lastMs;
  }
}
