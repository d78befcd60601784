/** A name that may be that of a file, as a client asks for it. */
export interface FileName {
  readonly app: string;
  readonly name: string;
  /** What stood before the name: `mp4:` or `flv:`; undefined: nothing. */
  readonly container?: 'mp4' | 'flv';
}

/** What a play asks for. `query` is secret. */
export interface PlayRequest extends FileName {
  readonly query: string;
  /** -2: what is live, else a file; -1: what is live; else a file from that time on, in ms, else what is live. */
  readonly start: number;
}

/** A file that can be played. */
export interface FoundFile {
  /** Path below `media.root`. */
  readonly file: string;
  readonly durationMs: number;
}

/** Finds files that can be played. */
export interface RecordedNames {
  /**
   * Finds the file of a name and reads its index.
   *
   * @returns undefined when there is no such file, or recorded streams are switched off
   * @throws SluiceError why it cannot be played: damaged, an unknown codec, a limit
   */
  find(of: FileName): Promise<FoundFile | undefined>;
}
