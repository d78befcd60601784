import type { GopLimits } from './gop.js';

/** Bounds of what is kept for late joiners and slow players. */
export interface PublicationLimits extends GopLimits {
  readonly chunkSize: number;
  readonly maxLagMs: number;
  /** Sequence headers and metadata kept, in bytes. */
  readonly maxHeaderBytes: number;
  /** How long players wait for a keyframe before they get video as it comes, in ms since the last one. */
  readonly maxKeyframeWaitMs: number;
  /** How long a kind that the metadata announces is waited for before the stream is ready without it, in ms. */
  readonly readyTimeoutMs: number;
}
