import type { Publication } from '../hub/publication.js';

/** A change of a track's health. */
export interface HealthChange {
  readonly verb: 'stalled' | 'recovered';
  readonly kind: 'audio' | 'video';
  /** How long nothing came, in ms. */
  readonly gapMs: number;
}

interface KindHealth {
  /** Newest frame seen at the last look; 0 before the first. */
  lastMs: number;
  /** The frame after which the gap began; undefined while frames flow. */
  stalledSinceMs: number | undefined;
  /** When frames came again. */
  flowingSinceMs: number | undefined;
}

/** Frames must flow for this long before a stalled track counts as recovered, so that a track on the edge does not flap. */
const RECOVERY_MS = 1000;

/**
 * Finds audio or video that has stopped coming while the stream goes on. It looks at two numbers that the publication keeps
 * anyway, a few times a second: nothing is done per message.
 */
export class TrackHealth {
  readonly #stallAfterMs: number;
  readonly #kinds: Record<'audio' | 'video', KindHealth> = {
    audio: { lastMs: 0, stalledSinceMs: undefined, flowingSinceMs: undefined },
    video: { lastMs: 0, stalledSinceMs: undefined, flowingSinceMs: undefined },
  };

  /** @param stallAfterMs a kind that was there and has not come for so long is stalled; 0 turns the watch off */
  constructor(stallAfterMs: number) {
    this.#stallAfterMs = stallAfterMs;
  }

  /** What has changed since the last look. */
  look(publication: Pick<Publication, 'lastAudioMs' | 'lastVideoMs'>, nowMs: number): HealthChange[] {
    if (this.#stallAfterMs === 0) return [];
    const changes: HealthChange[] = [];
    this.#lookAt('audio', publication.lastAudioMs, nowMs, changes);
    this.#lookAt('video', publication.lastVideoMs, nowMs, changes);
    return changes;
  }

  #lookAt(kind: 'audio' | 'video', lastMs: number, nowMs: number, changes: HealthChange[]): void {
    const health = this.#kinds[kind];
    if (lastMs === 0) return;
    const fresh = lastMs !== health.lastMs;
    if (health.stalledSinceMs === undefined) {
      if (nowMs - lastMs >= this.#stallAfterMs) {
        health.stalledSinceMs = lastMs;
        health.flowingSinceMs = undefined;
        changes.push({ verb: 'stalled', kind, gapMs: Math.round(nowMs - lastMs) });
      }
    } else if (fresh) {
      health.flowingSinceMs ??= lastMs;
      if (lastMs - health.flowingSinceMs >= RECOVERY_MS) {
        changes.push({ verb: 'recovered', kind, gapMs: Math.round(health.flowingSinceMs - health.stalledSinceMs) });
        health.stalledSinceMs = undefined;
      }
    } else if (nowMs - lastMs >= this.#stallAfterMs) {
      health.flowingSinceMs = undefined;
    }
    health.lastMs = lastMs;
  }
}
