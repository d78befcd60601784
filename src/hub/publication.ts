import {
  BATCH_AUDIO,
  BATCH_BYTES,
  BATCH_COUNT,
  BATCH_FLAGS,
  BATCH_LAST_TS,
  BATCH_LAST_TS_HIGH,
  BATCH_NEWEST_TS,
  BATCH_PAYLOAD_BYTES,
  BATCH_VIDEO,
} from '../../assembly/constants.js';
import type { AmfValue } from '../wasm/amf-value.js';
import type { Audience } from './audience.js';
import { CodecGuard } from './codec-guard.js';
import type { Member } from './fanout.js';
import { FlvLog } from './flv-log.js';
import { frameMessage } from './framing.js';
import { Gop } from './gop.js';
import { DATA_CHUNK_STREAM_ID, HeaderCache } from './header-cache.js';
import { KeyframeWatch } from './keyframe-watch.js';
import { LagMarks } from './lag-marks.js';
import { LogWriter } from './log-writer.js';
import type { MediaBatch } from './media-batch.js';
import { MediaInspector, NOTEWORTHY, type PlacedBatch } from './media-inspector.js';
import type { PublicationLimits } from './publication-limits.js';
import type { SlabPool } from './slab-pool.js';
import type { StreamLog } from './stream-log.js';
import { TrackActivity } from './track-activity.js';
import { type StreamFacts, TrackList } from './track-list.js';
import { TrackRates } from './track-rates.js';

/** Is told what the media itself shows. Each call comes after the state that it reports. */
export interface PublicationObserver {
  /**
   * All announced kinds have their headers and video its first keyframe, or the time for that is over: `tracks.missing`
   * says what is not there.
   */
  ready(publication: Publication): void;
  /**
   * Codec, size, rate, the set of tracks or the metadata changed after ready. Changes that come quickly are reported
   * together.
   */
  updated(publication: Publication, before: StreamFacts, after: StreamFacts): void;
  /** A codec came that is not allowed: nothing of it, or after it, becomes part of the stream. */
  codecRefused(codec: string): void;
}

/** A cursor into the log: a player. */
export interface LogReader extends Member {
  /** Whose log it reads, if any. */
  readonly publication: Publication | undefined;
  /** Oldest log position that it still needs, or Infinity. */
  readonly needsFrom: number;
  /** Whether a write is under way. */
  readonly busy: boolean;
  /** Bytes sent to it, of this publication and others. */
  readonly bytesSent: number;
  /** How often it skipped to a keyframe. */
  readonly skips: number;
  /** A keyframe is at `position` in the log. Must not throw. */
  keyframeAt(position: number): void;
  /** The next video cannot be decoded before the next keyframe. Must not throw. */
  awaitKeyframe(): void;
}

const DATA_AMF0 = 18;
// How often frames are checked for the codec of their header, and how often changed facts are told at most, in ms:
// peers send as fast as they like.
const [CODECS_EVERY_MS, TELL_EVERY_MS] = [100, 50];

/** One accepted publish: its log, its headers, its tracks, its counters. */
export class Publication {
  readonly streamId: string;
  /** Every player of the name, whichever publication it has. */
  readonly audience: Audience<LogReader>;
  readonly log: StreamLog;
  readonly writer: LogWriter;
  readonly headers: HeaderCache;
  /** The log as FLV tags, for players that want them. It holds nothing while there are none. */
  readonly flv: FlvLog;
  readonly tracks: TrackList;
  /** When each track had its last frame, and what it has had. */
  readonly activity = new TrackActivity();
  startedMs: number;
  /** Monotonic time of the newest audio, video message; 0 before the first. */
  lastAudioMs = 0;
  lastVideoMs = 0;
  audioFrames = 0;
  videoFrames = 0;
  /** How often the publisher's timestamps jumped and were moved. */
  timestampJumps = 0;
  /** Media received, as framed for players, in bytes. */
  bytes = 0;
  /** Payload of audio and video messages received, in bytes. */
  payloadBytes = 0;
  /**
   * Bytes that the publisher's connection received while this stream was published there, chunk headers and commands
   * included.
   */
  wireBytes = 0;
  /** Time of the last message, in ms, unwrapped. */
  lastTimestamp = 0;
  /** Greatest time of any frame, in ms, unwrapped: audio may run ahead of video. */
  newestTimestamp = 0;
  /** Log position of the latest replacement sequence header. Frames before it need the previous header. */
  headersFrom = 0;
  readyMs: number | undefined;
  /** Whether the header of an FLV file can say of which kinds it is: it is ready, or has had the time for that. */
  kindsAreKnown = false;
  /** Whether its rates are limited, and those who count look more often. */
  isMetered = false;
  ended = false;
  readonly #limits: PublicationLimits;
  readonly #observer: PublicationObserver;
  readonly #marks: LagMarks;
  readonly #gop: Gop;
  readonly #inspector: MediaInspector;
  readonly #keyframes: KeyframeWatch;
  readonly #rates = new TrackRates();
  /** Undefined where every codec is allowed. */
  #guard: CodecGuard | undefined;
  readonly #codecRefused = (codec: string): void => this.#observer.codecRefused(codec);
  #codecsDueMs = 0;
  #tellDueMs = 0;
  /** The facts that observers know. */
  #told: StreamFacts | undefined;

  constructor(
    streamId: string,
    pool: SlabPool,
    audience: Audience<LogReader>,
    limits: PublicationLimits,
    observer: PublicationObserver,
    nowMs: number,
  ) {
    this.streamId = streamId;
    this.writer = new LogWriter(pool, () => this.trim(), nowMs);
    this.log = this.writer.log;
    this.headers = new HeaderCache(limits.chunkSize, limits.maxHeaderBytes);
    this.flv = new FlvLog(this, pool);
    this.tracks = new TrackList(limits.readyTimeoutMs);
    this.startedMs = nowMs;
    this.#limits = limits;
    this.#marks = new LagMarks(limits.maxLagMs);
    this.#gop = new Gop(limits);
    this.#inspector = new MediaInspector(this.headers, this.tracks, this.#gop, limits.chunkSize);
    this.#keyframes = new KeyframeWatch(limits.maxKeyframeWaitMs);
    this.audience = audience;
    this.#observer = observer;
  }

  /**
   * @param codecs prefixes of the codecs that are allowed from now on; undefined: any
   * @param isMetered whether rates are limited
   */
  limit(codecs: readonly string[] | undefined, isMetered: boolean): void {
    if (codecs === undefined) this.#guard = undefined;
    else if (this.#guard === undefined) this.#guard = new CodecGuard(codecs, this.chunkSize);
    else this.#guard.allow(codecs);
    this.isMetered = isMetered;
  }

  /**
   * Whether players get nothing yet: not every codec may be in the stream, and not all that it announces have shown
   * themselves. A refused codec may come behind an allowed one: encoders send their headers one after the other.
   */
  get holdsPlayers(): boolean {
    return this.#guard !== undefined && this.readyMs === undefined;
  }

  /** Bytes of media held, as RTMP and as FLV. */
  get heldBytes(): number {
    return this.log.heldBytes + this.flv.heldBytes;
  }

  /** How long nothing has come of which the stream consists, in ms. */
  silentMs(nowMs: number): number {
    return Math.round(nowMs - Math.max(this.lastAudioMs, this.lastVideoMs, this.tracks.dataMs, this.startedMs));
  }

  get chunkSize(): number {
    return this.#limits.chunkSize;
  }

  /** Log position of the keyframe that begins the cached GOP; undefined when there is none. */
  get gopStart(): number | undefined {
    return this.#gop.start;
  }

  /** Length of the last whole GOP, in ms; undefined before the second keyframe. */
  get gopMs(): number | undefined {
    return this.#gop.lengthMs;
  }

  /** Media time since the last keyframe, in ms; undefined before the first. */
  get openGopMs(): number | undefined {
    return this.#gop.openMs(this.lastTimestamp);
  }

  /** Positions before this are older than a player may lag in time. */
  get staleBefore(): number {
    return this.#marks.staleBefore;
  }

  get keyframes(): number {
    return this.#gop.keyframes;
  }

  /** Whether video without a keyframe is to be sent, because none has come for `maxKeyframeWaitMs`. */
  get keyframeOverdue(): boolean {
    return this.#keyframes.overdue;
  }

  /** Whether the stream has video, or may still get it. A stream that is ready without video has none. */
  get hasVideo(): boolean {
    return this.lastVideoMs > 0 || (this.readyMs === undefined && this.tracks.expectsVideo);
  }

  /**
   * Takes one batch, which is framed in the log already or copied there. Nothing here is done for each message or each
   * player, except for keyframes and headers.
   */
  append(batch: MediaBatch, nowMs: number): void {
    const { header } = batch;
    const bytes = header[BATCH_BYTES];
    const slab = this.writer.place(batch, bytes, nowMs);
    const at = slab.used;
    const position = this.log.head;
    if (this.#guard?.refuses({ batch, buffer: slab.buffer, at, position }, this.#codecRefused) === true) return;
    this.#marks.note(position, nowMs);
    this.writer.commit(slab, bytes);
    this.bytes += bytes;
    this.payloadBytes += header[BATCH_PAYLOAD_BYTES];
    this.lastTimestamp = header[BATCH_LAST_TS_HIGH] * 2 ** 32 + header[BATCH_LAST_TS];
    const newest = header[BATCH_NEWEST_TS + 1] * 2 ** 32 + header[BATCH_NEWEST_TS];
    this.newestTimestamp = Math.max(this.newestTimestamp, newest);
    this.#gop.messages += header[BATCH_COUNT];
    const audio = header[BATCH_AUDIO];
    const video = header[BATCH_VIDEO];
    if (audio > 0) this.lastAudioMs = nowMs;
    if (video > 0) this.lastVideoMs = nowMs;
    const { audioFrames, videoFrames } = this;
    this.audioFrames += audio;
    this.videoFrames += video;
    const newKind =
      (audio > 0 && this.tracks.wantsAudio) || (video > 0 && (this.tracks.wantsVideo || !this.#keyframes.begun));
    const isNotable = newKind || (header[BATCH_FLAGS] & NOTEWORTHY) !== 0;
    const looksAtCodecs = nowMs >= this.#codecsDueMs;
    // Most batches need neither, and then no object is made for them.
    if (isNotable || looksAtCodecs) {
      const placed = { batch, buffer: slab.buffer, at, position };
      if (isNotable) this.#inspect(placed, nowMs);
      if (looksAtCodecs) this.#lookAtCodecs(placed, nowMs);
    }
    const newAudio = this.audioFrames - audioFrames;
    const newVideo = this.videoFrames - videoFrames;
    this.activity.note(batch, newAudio, newVideo, slab.buffer, at, this.chunkSize, nowMs);
    this.#gop.bound(this.log.head, this.lastTimestamp);
    this.audience.wake();
  }

  /**
   * Takes a data message. `payload` is as players get it. `slot` names a message that late
   * joiners must get too.
   */
  appendData(payload: Buffer, timestamp: number, slot: string | undefined, nowMs: number, type = DATA_AMF0): void {
    const framed = frameMessage(DATA_CHUNK_STREAM_ID, type, timestamp, payload, this.chunkSize);
    if (slot !== undefined) this.headers.set(slot, type, payload, this.log.head);
    this.writer.add(framed, nowMs);
    this.#gop.messages++;
    this.#gop.bound(this.log.head, this.lastTimestamp);
    this.audience.wake();
  }

  /** Notes the stream's onMetaData, as a hint for facts that the media does not carry. */
  noteMetadata(metadata: AmfValue, nowMs: number): void {
    this.tracks.noteMetadata(metadata);
    this.#tellSoon(nowMs);
  }

  /**
   * Does what is due by time: rates are measured, a stream that promised audio and has none becomes ready without it, a
   * change that could not be told is told, and waiting for a keyframe ends. Call it a few times a second.
   */
  tick(nowMs: number): void {
    this.#keyframes.look(nowMs, this.newestTimestamp >>> 0);
    this.#rates.measure(this.activity.tracks, this.tracks, this.gopMs, this.readyMs, nowMs);
    this.#tell(nowMs);
    if (this.kindsAreKnown || nowMs - this.startedMs < this.#limits.readyTimeoutMs) return;
    this.kindsAreKnown = true;
    this.audience.wake();
  }

  /**
   * The publisher is back after a gap: everything that is not there yet is waited for again. Frames behind the gap
   * cannot refer to frames before it, so video goes on with the next keyframe for all players.
   */
  resumed(nowMs: number): void {
    this.#gop.start = undefined;
    this.#keyframes.begin(nowMs, this.newestTimestamp >>> 0);
    if (this.lastVideoMs > 0) this.#awaitKeyframe();
    if (this.lastAudioMs > 0) this.lastAudioMs = nowMs;
    if (this.lastVideoMs > 0) this.lastVideoMs = nowMs;
    if (this.tracks.dataMs > 0) this.tracks.noteData(nowMs);
    this.activity.restart(nowMs);
    if (this.lastAudioMs + this.lastVideoMs === 0) this.startedMs = nowMs;
  }

  /** Those of the audience that read this log: all of them while it is the stream of its name. */
  get players(): readonly LogReader[] {
    return this.audience.everyone.filter(({ publication }) => publication === this);
  }

  /** Drops the log. Players must have been detached. */
  end(): void {
    this.writer.letCodecGo();
    this.ended = true;
    this.flv.close();
    this.log.close();
  }

  /**
   * Lets go of what neither the GOP nor any player needs: before a new slab, and when memory is short.
   *
   * @returns the log position from which most players will send next
   */
  trim(): number {
    const head = this.log.head;
    let needed = this.#gop.start ?? head;
    let edge = head;
    for (const player of this.audience.everyone) {
      if (player.publication !== this) continue;
      const from = player.needsFrom;
      if (from < needed) needed = from;
      if (!player.busy && from < edge) edge = from;
    }
    this.log.trim(needed);
    this.flv.trim();
    return edge;
  }

  #inspect(placed: PlacedBatch, nowMs: number): void {
    const found = this.#inspector.inspect(placed, nowMs);
    this.audioFrames -= found.audioWithout;
    this.videoFrames -= found.videoWithout;
    this.timestampJumps += found.jumps;
    if (found.replacedAt >= 0) this.headersFrom = found.replacedAt;
    // Of a publish that began in the middle of a GOP no player has the frames to which its first ones refer.
    if (found.interFirst && !this.#keyframes.begun) {
      this.#keyframes.begin(nowMs, this.lastTimestamp >>> 0);
      if (found.beganWithinGop) this.#awaitKeyframe();
    }
    if (found.keyframeAt >= 0) {
      this.#keyframes.begin(nowMs, found.keyframeTimestamp);
      this.tracks.noteKeyframe();
      for (const player of this.players) player.keyframeAt(found.keyframeAt);
    }
    this.#tellSoon(nowMs);
  }

  #awaitKeyframe(): void {
    if (!this.keyframeOverdue) for (const player of this.players) player.awaitKeyframe();
  }

  #lookAtCodecs(placed: PlacedBatch, nowMs: number): void {
    this.#codecsDueMs = nowMs + CODECS_EVERY_MS;
    if (!this.#inspector.lookAtCodecs(placed, nowMs)) return;
    // Late joiners would get frames of the old codec without their header.
    this.#gop.start = undefined;
    this.headersFrom = placed.position;
  }

  /** Tells at once that the stream is ready, and a change at most so often; {@link tick} tells the rest. */
  #tellSoon(nowMs: number): void {
    if (this.#told !== undefined && nowMs < this.#tellDueMs) return;
    this.#tellDueMs = nowMs + TELL_EVERY_MS;
    this.#tell(nowMs);
  }

  /** Reports what an observation has changed. */
  #tell(nowMs: number): void {
    const { tracks } = this;
    const told = this.#told;
    if (told === undefined) {
      if (!tracks.isReady(nowMs)) return;
      this.readyMs = nowMs;
      this.kindsAreKnown = true;
      this.audience.wake();
      this.#told = tracks.facts;
      this.#observer.ready(this);
    } else if (tracks.shape !== told.shape) {
      this.#told = tracks.facts;
      this.#observer.updated(this, told, this.#told);
    }
  }
}
