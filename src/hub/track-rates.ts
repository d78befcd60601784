import { roundFrameRate } from '../media/frame-rate.js';
import type { TrackCount } from './track-activity.js';
import type { TrackList } from './track-list.js';

/** The shortest time over which rates are measured, in ms of media. */
const WINDOW_MS = 2000;
/** The longest: a measurement does not wait for a GOP of minutes. */
const MAX_WINDOW_MS = 30_000;
/** Time over which video is measured that has not shown the length of its GOP. */
const UNKNOWN_GOP_MS = 10_000;
/** How often changed bit rates are told at most, and how long after ready for the first time. */
const TELL_EVERY_MS = 10_000;
/** Differences of u32 times above this are steps back. */
const BACKWARDS_MS = 2 ** 31;

interface Window {
  frames: number;
  bytes: number;
  timestamp: number;
}

/**
 * Measures frame rate and bit rate of each track in media time, over two GOPs or two seconds, whichever is longer. It
 * uses counts that are kept anyway, a few times a second.
 */
export class TrackRates {
  /** One for each track, in their order. */
  readonly #windows: Window[] = [];
  #toldMs: number | undefined;

  /**
   * Measures what is due, and passes it to `list`.
   *
   * @param gopMs length of the last whole GOP; undefined when none is known
   * @param readyMs when the stream was told as ready; undefined before
   */
  measure(
    tracks: readonly TrackCount[],
    list: TrackList,
    gopMs: number | undefined,
    readyMs: number | undefined,
    nowMs: number,
  ): void {
    const hasVideo = tracks.some(({ kind }) => kind === 'video');
    const unknown = hasVideo ? UNKNOWN_GOP_MS : WINDOW_MS;
    const windowMs = gopMs === undefined ? unknown : Math.min(Math.max(WINDOW_MS, 2 * gopMs), MAX_WINDOW_MS);
    const tellKbps = readyMs !== undefined && nowMs - (this.#toldMs ?? readyMs) >= TELL_EVERY_MS;
    for (let i = 0; i < tracks.length; i++) {
      const track = tracks[i];
      const { frames, bytes, timestamp } = track;
      const window = this.#windows[i];
      const lastedMs = window === undefined ? BACKWARDS_MS : (timestamp - window.timestamp) >>> 0;
      if (lastedMs >= BACKWARDS_MS) {
        if (frames > 0) this.#windows[i] = { frames, bytes, timestamp };
        continue;
      }
      if (lastedMs < windowMs) continue;
      const fps = roundFrameRate(((frames - window.frames) * 1000) / lastedMs);
      const kbps = Math.round(((bytes - window.bytes) * 8) / lastedMs);
      this.#windows[i] = { frames, bytes, timestamp };
      list.noteRates(
        track.kind,
        track.trackId,
        { ...(track.kind === 'video' ? { fps } : {}), ...(track.shared ? {} : { kbps }) },
        tellKbps,
      );
      if (tellKbps) this.#toldMs = nowMs;
    }
  }
}
