import type { HealthChange } from '../model/health-change.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { MediaKind } from '../model/track.js';

/** How long a stream that has begun may show nothing before that is told, in ms. */
const BEGINS_MS = 5000;

interface Stall extends Pick<HealthChange, 'kind' | 'trackId' | 'cause'> {
  /** Monotonic time of its last frame, in ms. */
  readonly sinceMs: number;
}

/** What {@link StreamTrouble.sentence} looks at. */
interface TroubledStream extends Pick<StreamSnapshot, 'state' | 'tracks'> {
  readonly ageMs: number;
  readonly nowMs: number;
}

/** Knows in words what is wrong with one stream. Nothing is done for it until somebody asks, but to note stalls. */
export class StreamTrouble {
  /** Kinds that were announced and had not come when the stream was ready. */
  missing: readonly MediaKind[] = [];
  /** Tracks without frames, by kind and id; undefined: there has been none. */
  #stalls: Map<string, Stall> | undefined;

  /** A track has stopped coming, or comes again. @param atMs monotonic */
  note({ verb, kind, trackId, gapMs, cause }: HealthChange, atMs: number): void {
    const key = `${kind}${trackId}`;
    if (verb === 'recovered') this.#stalls?.delete(key);
    else {
      this.#stalls ??= new Map();
      this.#stalls.set(key, { kind, trackId, ...(cause === undefined ? {} : { cause }), sinceMs: atMs - gapMs });
    }
  }

  /**
   * What is wrong, in a sentence; undefined: nothing.
   *
   * @param stream what it shows; `ageMs`: since its start; `nowMs`: monotonic
   */
  sentence({ state, tracks, ageMs, nowMs }: TroubledStream): string | undefined {
    if (state === 'suspended') return 'its publisher has gone and may come back';
    const stalls = [...(this.#stalls?.values() ?? [])];
    const first = stalls.sort((a, b) => a.sinceMs - b.sinceMs)[0];
    if (first !== undefined) {
      const what = stalls.some(({ cause }) => cause === 'no_media') ? 'audio or video' : trackOf(first);
      return `no ${what} for ${seconds(nowMs - first.sinceMs)}`;
    }
    if (state === 'live' && ageMs >= BEGINS_MS)
      return `it is no picture or sound yet, ${seconds(ageMs)} after its start: headers or a keyframe are missing`;
    const missing = this.missing.filter((kind) => !tracks.some((track) => track.kind === kind));
    return missing.length === 0 ? undefined : `it announced ${missing.join(' and ')}, which did not come`;
  }
}

function trackOf({ kind, trackId }: Stall): string {
  return trackId === 0 ? kind : `${kind} of track ${trackId}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
