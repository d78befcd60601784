import { parseRtmpUrl, type RtmpUrl } from '../client/rtmp-url.js';
import { SluiceError } from '../core/errors.js';
import { isLoopback } from '../core/loopback.js';
import type { LoadSecond } from './report.js';
import { DEFAULT_KBPS } from './synthetic.js';

/** Options of {@link runLoad}. */
export interface LoadOptions {
  readonly mode: 'play' | 'publish';
  /** `rtmp://host[:port]/app/name[?query]`, or the same with `rtmps://`. */
  readonly url: string;
  /** Connections; default 1. More than one publisher: names get `-1`, `-2` … */
  readonly count?: number;
  /** Seconds to measure; without it until the signal. */
  readonly seconds?: number;
  /**
   * Seconds between the time when all connections are up or refused and the start of the measurement. Players get their
   * first GOP in them. Default 2.
   */
  readonly warmup?: number;
  /** New connections a second; default 500. */
  readonly rate?: number;
  /** Players check every message instead of counting bytes. */
  readonly verify?: boolean;
  /**
   * Publishers stamp each video frame with the time, and the first `delayPlayers` players measure the delay. Same
   * machine only.
   */
  readonly delay?: boolean;
  /** Players that look for stamps; default 50. */
  readonly delayPlayers?: number;
  /** Players are spread over this many names, `-1`, `-2` …; default 1: all play exactly the name of the URL. */
  readonly streams?: number;
  /** FLV file to publish in a loop; without it a synthetic 720p stream. */
  readonly file?: string;
  /** Bit rate of the synthetic stream; default 2680. Players that verify must get the same value. */
  readonly kbps?: number;
  /** Bytes per chunk that publishers write; default 4096, at least 128. */
  readonly chunkSize?: number;
  /** Source addresses 127.0.0.2 … to spread over when the target is loopback; default one per 8000 connections. */
  readonly sources?: number;
  /**
   * Players: all sockets are read once in this many ms, so that a server that writes often costs the generator no more
   * than one that merges. 0 reads as data comes. Default 5 from 100 players on, 0 below and with `delay`.
   */
  readonly drainMs?: number;
  /** From connecting until playing or publishing; default 15000. */
  readonly timeoutMs?: number;
  /** With `rtmps://`: takes any certificate. Default false. */
  readonly insecure?: boolean;
  readonly signal?: AbortSignal;
  /** Called every second. */
  readonly onSecond?: (second: LoadSecond) => void;
  /** Called once, when measuring begins. */
  readonly onSteady?: (second: LoadSecond) => void;
}

/** Options with defaults filled in and the URL read. */
export interface LoadSettings
  extends Required<Omit<LoadOptions, 'url' | 'file' | 'seconds' | 'signal' | 'onSecond' | 'onSteady'>> {
  readonly url: RtmpUrl;
  readonly file: string | undefined;
  readonly seconds: number | undefined;
  readonly isLoopback: boolean;
}

const MANY_PLAYERS = 100;
const DEFAULT_DRAIN_MS = 5;
const MAX_CONNECTIONS = 1_000_000;
/** Linux gives about 28,000 ports to one source address. A third of that leaves room for ports in TIME_WAIT. */
const CONNECTIONS_PER_SOURCE = 8000;

/**
 * Checks options and fills in defaults.
 *
 * @throws SluiceError `ERR_CLIENT_URL`, `ERR_LOAD_OPTION`
 */
export function loadSettings(options: LoadOptions): LoadSettings {
  const url = parseRtmpUrl(options.url);
  const count = whole('count', options.count ?? 1, 1, MAX_CONNECTIONS);
  const local = isLoopback(url.host);
  const sources = local ? Math.ceil(count / CONNECTIONS_PER_SOURCE) : 1;
  return {
    mode: options.mode,
    url,
    count,
    seconds: options.seconds === undefined ? undefined : number('seconds', options.seconds, 0.001, 1e7),
    warmup: number('warmup', options.warmup ?? 2, 0, 1e6),
    rate: number('rate', options.rate ?? 500, 0.1, 100_000),
    verify: options.verify ?? false,
    delay: options.delay ?? false,
    delayPlayers: whole('delayPlayers', options.delayPlayers ?? 50, 1, MAX_CONNECTIONS),
    streams: whole('streams', options.streams ?? 1, 1, MAX_CONNECTIONS),
    file: options.file,
    kbps: number('kbps', options.kbps ?? DEFAULT_KBPS, 300, 1_000_000),
    chunkSize: whole('chunkSize', options.chunkSize ?? 4096, 128, 0xffffff),
    sources: whole('sources', options.sources ?? sources, 1, 250),
    drainMs: number('drainMs', options.drainMs ?? defaultDrainMs(options, count), 0, 1000),
    timeoutMs: number('timeoutMs', options.timeoutMs ?? 15_000, 1, 1e9),
    insecure: options.insecure ?? false,
    isLoopback: local,
  };
}

function defaultDrainMs(options: LoadOptions, count: number): number {
  return options.mode === 'play' && options.delay !== true && count >= MANY_PLAYERS ? DEFAULT_DRAIN_MS : 0;
}

/**
 * The stream name of connection `index`, query kept behind it.
 *
 * @param index from 0
 */
export function streamNameOf(settings: LoadSettings, index: number): string {
  const names = settings.mode === 'publish' ? settings.count : settings.streams;
  if (names === 1) return settings.url.name;
  const [name, ...query] = settings.url.name.split('?');
  return [`${name}-${(index % names) + 1}`, ...query].join('?');
}

/** The source address of connection `index`; `undefined` lets the system choose. */
export function sourceOf(settings: LoadSettings, index: number): string | undefined {
  return settings.isLoopback && settings.sources > 1 ? `127.0.0.${2 + (index % settings.sources)}` : undefined;
}

function number(name: string, value: number, low: number, high: number): number {
  if (value >= low && value <= high) return value;
  throw new SluiceError('ERR_LOAD_OPTION', `${name} is ${value}, from ${low} to ${high} is allowed`);
}

function whole(name: string, value: number, low: number, high: number): number {
  if (!Number.isInteger(value))
    throw new SluiceError('ERR_LOAD_OPTION', `${name} is ${value}, a whole number was expected`);
  return number(name, value, low, high);
}
