/** What the newest progress says: the members of ffmpeg's `-progress` that are numbers. */
export interface RunProgress {
  readonly frame?: number;
  readonly fps?: number;
  readonly bitrateKbps?: number;
  readonly totalBytes?: number;
  readonly outTimeMs?: number;
  readonly dupFrames?: number;
  readonly dropFrames?: number;
  readonly speed?: number;
}
