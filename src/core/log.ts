import { type Logger as PinoLogger, pino } from 'pino';
import type { Clock } from './clock.js';
import { showsColours } from './colours.js';
import { cleanFields, cleanText, type LogFields } from './log-fields.js';
import { terminalLine } from './log-line.js';
import { openStderr } from './log-target.js';
import { LogWriter } from './log-writer.js';
import { TokenBucket } from './token-bucket.js';

/** Log levels. Each includes those after it. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/** `json`: one object per line; `pretty`: for people; `auto`: pretty in a terminal, else json. */
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;
type LogFormat = (typeof LOG_FORMATS)[number];

/** A logger whose level can be changed, for itself and all that were made from it. */
export interface LevelledLogger extends Logger {
  setLevel(level: LogLevel): void;
}

/** Writes one line: the fields, then a sentence; or the sentence alone. */
export interface LogMethod {
  (fields: LogFields, message: string): void;
  (message: string): void;
}

/**
 * The logger that every part uses. Values are cleaned on the way out: secrets are masked, control characters escaped,
 * fields cut to 256 bytes and lines to 4 KiB. Callers may therefore pass what a peer sent.
 */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** A logger that adds `fields` to each of its lines. */
  child(fields: LogFields): Logger;
}

/** Where lines go. Each call has one line with its line break. */
interface LogSink {
  write(line: string): void;
}

export interface LoggerOptions {
  readonly level?: LogLevel;
  readonly format?: LogFormat;
  /** Where lines go; default: {@link stderrWriter}, so that stdout stays what a command prints. */
  readonly sink?: LogSink;
  /**
   * Most bytes of lines that may wait for stderr (`log.bufferBytes`); default 1 MiB. The first logger of a process
   * decides.
   */
  readonly bufferBytes?: number;
}

const BUFFER_BYTES = 1 << 20;
/** Longest wait for the reader of the log when the process ends, in ms. */
const LAST_LINES_MS = 250;

let stderr: LogWriter | undefined;

/**
 * The one writer of log lines to standard error. All loggers of the process share it, so that their lines do not mix
 * and their losses are counted together. At the end of the process it writes what it still holds, as far as the reader
 * takes it.
 *
 * @param maxBytes most bytes that may wait; only the first call decides
 */
export function stderrWriter(maxBytes = BUFFER_BYTES): LogWriter {
  if (stderr === undefined) {
    const writer = new LogWriter(openStderr(), { maxBytes });
    process.once('exit', () => writer.flushNow(LAST_LINES_MS));
    stderr = writer;
  }
  return stderr;
}

/** Lines for standard error: how many were lost since the start, and the bytes that wait now. */
export function stderrLosses(): { readonly lostLines: number; readonly heldBytes: number } {
  return stderr ?? { lostLines: 0, heldBytes: 0 };
}

/**
 * Makes a logger. A line that is logged never waits for its reader: see {@link LogWriter}.
 *
 * @param options level (default `info`), format (default `auto`) and sink
 */
export function createLogger(options: LoggerOptions = {}): LevelledLogger {
  if (options.sink !== undefined) return makeLogger(options, options.sink);
  const writer = stderrWriter(options.bufferBytes);
  const log = makeLogger(options, writer);
  writer.onLost = (lost, cause) => log.warn({ lost, cause }, 'log lines were lost');
  return log;
}

function makeLogger(options: LoggerOptions, sink: LogSink): LevelledLogger {
  const { format = 'auto' } = options;
  const threshold = { level: options.level ?? 'info' };
  const pretty =
    format === 'pretty' || (format === 'auto' && options.sink === undefined && process.stderr.isTTY === true);
  const log = wrap(
    pino(
      {
        // What is logged is decided by the threshold, which can be changed.
        level: 'debug',
        base: undefined,
        // The fields are clean already. Without this, pino would read `err` as an Error once more.
        serializers: { err: (value: unknown) => value },
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      pretty
        ? prettySink(sink, options.sink === undefined && showsColours(process.stderr, process.env), threshold)
        : sink,
    ),
    threshold,
  );
  return {
    ...log,
    setLevel: (level) => {
      threshold.level = level;
    },
  };
}

/** A logger that writes nothing; for tests and for library use without logs. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};

/**
 * Returns a logger that writes `linesPerSecond` lines at once and as many a second, then one line about how many it
 * left out. It is for lines that peers can cause as often as they like: they must not fill the disk.
 *
 * @param clock measures the seconds
 */
export function rateLimited(log: Logger, clock: Clock, linesPerSecond: number): Logger {
  const bucket = new TokenBucket({ burst: linesPerSecond, perSecond: linesPerSecond });
  let suppressed = 0;
  function admit(): boolean {
    if (!bucket.take(clock.monotonicMs())) {
      suppressed += 1;
      return false;
    }
    if (suppressed > 0) log.warn({ suppressed }, 'log lines kept back by the rate limit');
    suppressed = 0;
    return true;
  }
  function limit(target: Logger): Logger {
    function gate(method: LogMethod): LogMethod {
      return (...line: unknown[]) => {
        if (admit()) (method as (...line: unknown[]) => void)(...line);
      };
    }
    return {
      debug: gate(target.debug),
      info: gate(target.info),
      warn: gate(target.warn),
      error: gate(target.error),
      child: (fields) => limit(target.child(fields)),
    };
  }
  return limit(log);
}

/** The level from which on lines are written, shared by a logger and all that were made from it. */
interface Threshold {
  level: LogLevel;
}

function isLogged(level: LogLevel, threshold: Threshold): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(threshold.level);
}

function wrap(inner: PinoLogger, threshold: Threshold): Logger {
  function method(level: 'debug' | 'info' | 'warn' | 'error'): LogMethod {
    return (first: LogFields | string, message?: string) => {
      // Cleaning costs more than the check of the level, so that comes first.
      if (!isLogged(level, threshold)) return;
      if (typeof first === 'string') inner[level](cleanText(first));
      else inner[level](cleanFields(first), cleanText(message ?? ''));
    };
  }
  return {
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    child: (fields) => wrap(inner.child(cleanFields(fields)), threshold),
  };
}

function prettySink(sink: LogSink, colour: boolean, threshold: Threshold): LogSink {
  return { write: (line) => sink.write(terminalLine(line, { colour, withIds: threshold.level === 'debug' })) };
}

/**
 * Wraps the logger of a program: what it throws is reported once as a warning of the process and has no other effect.
 */
export function guardedLogger(log: Logger, told = { once: false }): Logger {
  function guard(level: 'debug' | 'info' | 'warn' | 'error'): LogMethod {
    return (...line: unknown[]) => {
      try {
        (log[level] as (...line: unknown[]) => void)(...line);
      } catch (error) {
        if (!told.once) process.emitWarning(`sluice: the logger failed: ${String(error)}`);
        told.once = true;
      }
    };
  }
  return {
    debug: guard('debug'),
    info: guard('info'),
    warn: guard('warn'),
    error: guard('error'),
    child: (fields) => {
      try {
        return guardedLogger(log.child(fields), told);
      } catch {
        return guardedLogger(log, told);
      }
    },
  };
}
