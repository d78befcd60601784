import type { MediaKind } from '../model/track.js';
import type { TrackTime } from './access.js';

/** A change of a track's health. */
export interface HealthChange {
  readonly verb: 'stalled' | 'recovered';
  readonly kind: MediaKind;
  /** 0: the default track; 1 to 255: Enhanced RTMP multitrack. */
  readonly trackId: number;
  /** How long nothing came, in ms. */
  readonly gapMs: number;
  /** Of a stall: `no_media` when the whole stream has stopped, `no_frames` when others go on. */
  readonly cause?: 'no_media' | 'no_frames';
}

interface Health {
  /** Newest frame seen at the last look. */
  lastMs: number;
  /** The frame after which the gap began; undefined while frames flow. */
  stalledSinceMs: number | undefined;
  /** When frames came again. */
  flowingSinceMs: number | undefined;
}

/** Frames must flow for this long before a stalled track counts as recovered, so that a track on the edge does not flap. */
const RECOVERY_MS = 1000;

/**
 * Finds tracks that have stopped coming while the connection is there. It looks at one number per track that the publication keeps
 * anyway, a few times a second: nothing is done per message.
 */
export class TrackHealth {
  readonly #stallAfterMs: number;
  /** As many as tracks, in their order. */
  readonly #healths: Health[] = [];

  /** @param stallAfterMs a track that was there and has not come for so long is stalled; 0 turns the watch off */
  constructor(stallAfterMs: number) {
    this.#stallAfterMs = stallAfterMs;
  }

  /**
   * What has changed since the last look.
   *
   * @param tracks every track that has had a frame; from look to look only added to
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
