import type { Clock } from '../core/clock.js';
import { codecName } from '../core/codec-name.js';
import { ERRORS } from '../core/errors.js';
import { type Logger, rateLimited } from '../core/log.js';
import type { LogFields } from '../core/log-fields.js';
import type { HealthChange } from '../model/health-change.js';
import type { PlayEndReason } from '../model/reasons.js';
import type { Track } from '../model/track.js';
import type { ConnectionFacts } from './access.js';
import { AddressLog, PLAY_LINES, STREAM_LINES } from './address-log.js';
import type { PlayerEntry } from './player-entry.js';
import type { StreamReady } from './stream-reports.js';

/** The members of a stream that its log lines use. */
interface LoggedStream {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  /** Address of its publisher. */
  readonly address: string;
  readonly bytes: number;
  readonly tracks: readonly Track[];
  /** The connection that publishes it. */
  readonly facts: ConnectionFacts;
}

/** Lines about plays of all addresses together, a second. Ten thousand players that come at once show in `/metrics`. */
const PLAY_LINES_PER_SECOND = 20;

/**
 * The log lines about streams and players, at level info and above: one for each event, with the peer and, once they
 * are known, the codecs. Each address has one rate for streams and one for plays.
 */
export class ActivityLog {
  /** Tracks that stalled, of all streams so far. */
  stalls = 0;
  readonly #streams: AddressLog;
  readonly #plays: AddressLog;

  constructor(log: Logger, clock: Clock) {
    this.#streams = new AddressLog(log, clock, STREAM_LINES);
    this.#plays = new AddressLog(rateLimited(log, clock, PLAY_LINES_PER_SECOND), clock, PLAY_LINES);
  }

  started(stream: LoggedStream): void {
    const { connectionId } = stream.facts;
    this.#stream('info', stream, 'stream started', { connectionId, ...encoderOf(stream) });
  }

  /** @param how with the `encoder` that its metadata names: OBS says who it is nowhere else */
  ready(stream: LoggedStream, how: Pick<StreamReady, 'timeToReadyMs' | 'missing' | 'encoder'>): void {
    const { timeToReadyMs, missing, encoder } = how;
    const without = missing.length === 0 ? {} : { missing: missing.join(' and ') };
    this.#stream('info', stream, 'stream ready', {
      ...mediaOf(stream.tracks),
      ...without,
      afterMs: timeToReadyMs,
      ...(encoder === undefined ? encoderOf(stream) : { encoder }),
    });
  }

  suspended(stream: LoggedStream, reason: string, forMs: number): void {
    this.#stream('info', stream, 'stream held for its publisher to come back', { reason, forMs });
  }

  resumed(stream: LoggedStream, { connectionId }: ConnectionFacts): void {
    this.#stream('info', stream, 'stream resumed', { connectionId });
  }

  health(stream: LoggedStream, { verb, kind, trackId, gapMs }: HealthChange): void {
    if (verb === 'stalled') this.stalls++;
    const fields = { kind, ...(trackId === 0 ? {} : { track: trackId }), gapMs };
    if (verb === 'stalled') this.#stream('warn', stream, 'stream stalled', fields);
    else this.#stream('info', stream, 'stream recovered', fields);
  }

  ended(stream: LoggedStream, reason: string): void {
    this.#stream('info', stream, 'stream ended', {
      reason,
      bytes: stream.bytes,
      ...mediaOf(stream.tracks),
    });
  }

  movedAway(stream: LoggedStream): void {
    this.#stream('info', stream, 'stream goes on at another node', { bytes: stream.bytes });
  }

  headersRefused(stream: LoggedStream): void {
    const code = 'ERR_LIMIT_HEADERS';
    this.#stream('warn', stream, ERRORS[code].says, { code });
  }

  jumped(stream: LoggedStream): void {
    this.#stream('warn', stream, 'timestamps of this publisher jump; players get them moved to go on smoothly', {});
  }

  /** A player asks for a name that is not published. */
  playWaits(entry: PlayerEntry): void {
    this.#play(entry, 'play waits: nobody publishes this', {});
  }

  /** A player is served. It is noted whether that was logged, because only then its end is. */
  playStarted(entry: PlayerEntry): void {
    const { info } = entry.facts;
    const client = info?.flashVer ? { client: info.flashVer } : {};
    entry.logged = this.#play(entry, 'play started', { ...played(entry), ...client });
  }

  playEnded(entry: PlayerEntry, reason: PlayEndReason, bytes: number, drops: number): void {
    if (!entry.logged) return;
    entry.logged = false;
    this.#play(entry, 'play ended', { ...played(entry), reason, bytes, ...(drops === 0 ? {} : { drops }) });
  }

  #stream(level: 'info' | 'warn', stream: LoggedStream, message: string, more: LogFields): void {
    const { streamId, app, name, address } = stream;
    this.#streams.tell(level, address, { streamId, app, name, peer: address, ...more }, message);
  }

  #play({ app, name, facts, playId }: PlayerEntry, message: string, more: LogFields): boolean {
    const { connectionId, peer } = facts;
    const fields = { app, name, peer: peer.address, connectionId, playerId: playId, ...more };
    return this.#plays.tell('info', peer.address, fields, message);
  }
}

/** The stream or the file that is played. */
function played({ streamId, file }: PlayerEntry): LogFields {
  return file === undefined ? { streamId } : { file };
}

/** What the publisher's program says of itself. */
function encoderOf({ facts: { info } }: LoggedStream): LogFields {
  return info?.flashVer ? { encoder: info.flashVer } : {};
}

/** `codecs`, exact: `avc1.64001F 1280x720 + mp4a.40.2`, and `media`, for people: `h264 1280x720@30 + aac 48k`. */
function mediaOf(tracks: readonly Track[]): LogFields {
  const size = ({ width, height }: Track): string => (width === undefined ? '' : ` ${width}x${height}`);
  return {
    codecs: tracks.map((track) => `${track.codec}${size(track)}`).join(' + '),
    media: tracks.map((track) => `${codecName(track.codec)}${size(track)}${rate(track)}`).join(' + '),
  };
}

/**
 * `@29.97`, behind a picture's size: frames per second as measured, else as the publisher claims; or ` 44.1k`, samples
 * per second. '' when it is not known.
 */
function rate({ kind, width, fps, declaredFps, sampleRate }: Track): string {
  if (kind === 'audio') return sampleRate === undefined ? '' : ` ${sampleRate / 1000}k`;
  const frames = fps ?? declaredFps;
  return width === undefined || frames === undefined ? '' : `@${Math.round(frames * 100) / 100}`;
}
