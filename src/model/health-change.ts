import type { MediaKind } from './track.js';

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
