import type { Clock } from '../core/clock.js';
import { ERRORS } from '../core/errors.js';
import { type Logger, rateLimited } from '../core/log.js';
import type { LogFields } from '../core/log-fields.js';
import type { HealthChange } from '../model/health-change.js';
import type { PlayEndReason } from '../model/reasons.js';
import type { Track } from '../model/track.js';
import type { ConnectionFacts } from './access.js';
import { AddressLog, PLAY_LINES, STREAM_LINES } from './address-log.js';
import type { PlayerEntry } from './player-entry.js';

/** The members of a stream that its log lines use. */
interface LoggedStream {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  /** Address of its publisher. */
  readonly address: string;
  readonly bytes: number;
  readonly tracks: readonly Track[];
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

  started(stream: LoggedStream, { connectionId, info }: ConnectionFacts): void {
    this.#stream('info', stream, 'stream started', {
      connectionId,
      ...(info?.flashVer ? { encoder: info.flashVer } : {}),
    });
  }

  ready(stream: LoggedStream, timeToReadyMs: number, missing: readonly string[]): void {
    const without = missing.length === 0 ? {} : { missing: missing.join(' and ') };
    this.#stream('info', stream, 'stream ready', {
      codecs: codecsOf(stream.tracks),
      ...without,
      afterMs: timeToReadyMs,
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
      codecs: codecsOf(stream.tracks),
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

/** `avc1.64001F 1280x720 + mp4a.40.2`. */
function codecsOf(tracks: readonly Track[]): string {
  const words = ({ codec, width, height }: Track): string =>
    width === undefined ? codec : `${codec} ${width}x${height}`;
  return tracks.map(words).join(' + ');
}
