/** A recording as `GET /v1/recordings` tells it. */
export interface Recording {
  /** Below `media.root`, with slashes; it names the recording. */
  readonly path: string;
  readonly app: string;
  readonly name: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Media time from its first frame to its last; missing: it cannot be told. */
  readonly durationMs?: number;
  readonly bytes: number;
  /** Whether it is being written, or a crash has left it. */
  readonly isOpen: boolean;
}

/** Where the bytes of a recording are. */
export function recordingUrl(path: string): string {
  return `/v1/recordings/${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** The name of its file, for a download. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
