/** What a command prints to and reads from; the process's own streams, or text in a test. */
export interface Io {
  /** Results. */
  out(text: string): void;
  /** Everything else: progress, notices, errors. */
  err(text: string): void;
  /** Whether results go to a terminal that shows colours. */
  readonly colour: boolean;
  /** Whether notices go to a terminal, where a progress line can be overwritten. */
  readonly live: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the reader of the results has gone, as in `sluice events | head`. */
  readonly gone: AbortSignal;
}

/** The streams and environment of this process. */
export function processIo(): Io {
  const gone = new AbortController();
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    gone.abort();
  });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    colour: process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb',
    live: process.stderr.isTTY === true,
    env: process.env,
    gone: gone.signal,
  };
}
