import { showsColours } from '../core/colours.js';
import { SluiceError } from '../core/errors.js';
import { readSecret } from './read-secret.js';

/** The streams that a command prints to and reads from: those of the process, or text in a test. */
export interface Io {
  /** Results. */
  out(text: string): void;
  /**
   * Waits until the reader of the results has taken them, or has gone. A command that prints without end asks before
   * each piece.
   */
  room(signal: AbortSignal): Promise<void>;
  /** Everything else: progress, notices, errors. */
  err(text: string): void;
  /**
   * Reads a secret from standard input: a line that a terminal does not show, or all that comes.
   *
   * @throws ERR_CLI_USAGE when nothing comes, or what comes is no single line
   */
  readSecret(prompt: string): Promise<string>;
  /** Whether results go to a terminal that shows colours. */
  readonly colour: boolean;
  /** Whether notices go to a terminal, where a progress line can be overwritten. */
  readonly live: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Aborted when results can no longer be written: the reader has gone, as in `sluice events | head`, or the disk is
   * full.
   */
  readonly gone: AbortSignal;
  /**
   * Waits until the results are written, as long as their reader takes them.
   *
   * @returns ERR_CLI_OUTPUT when they could not be written, other than because the reader of a pipe has gone
   */
  settle(): Promise<SluiceError | undefined>;
}

/** How long the end of a command waits for a reader that takes nothing, in ms. */
const SETTLE_MS = 2000;

/** The streams and environment of this process. */
export function processIo(): Io {
  const gone = new AbortController();
  let failure: SluiceError | undefined;
  const { stdout } = process;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') failure ??= new SluiceError('ERR_CLI_OUTPUT', error.code ?? error.message);
    gone.abort();
  });
  // A failure of stderr cannot be reported anywhere.
  process.stderr.on('error', () => {});
  return {
    out: (text) => void stdout.write(text),
    room: async (signal) => {
      if (!stdout.writableNeedDrain || gone.signal.aborted || signal.aborted) return;
      await new Promise<void>((resolve) => {
        stdout.once('drain', resolve);
        AbortSignal.any([signal, gone.signal]).addEventListener('abort', () => resolve(), { once: true });
      });
    },
    err: (text) => void process.stderr.write(text),
    readSecret: (prompt) => readSecret(process.stdin, prompt, (text) => void process.stderr.write(text)),
    colour: showsColours(stdout, process.env),
    live: process.stderr.isTTY === true,
    env: process.env,
    gone: gone.signal,
    settle: async () => {
      if (!gone.signal.aborted && !stdout.destroyed) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          timer = setTimeout(resolve, SETTLE_MS);
          gone.signal.addEventListener('abort', () => resolve(), { once: true });
          stdout.write('', () => resolve());
        });
        clearTimeout(timer);
      }
      return failure;
    },
  };
}
