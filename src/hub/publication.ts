import {
  BATCH_ADDRESS,
  BATCH_AUDIO,
  BATCH_BYTES,
  BATCH_COUNT,
  BATCH_FLAGS,
  BATCH_LAST_TS,
  BATCH_LAST_TS_HIGH,
  BATCH_VIDEO,
  FLAG_COMMAND,
  FLAG_CONFIG,
  FLAG_EMPTY,
  FLAG_END_OF_SEQUENCE,
  FLAG_KEYFRAME,
  FLAG_REBASED,
  FLAG_SEQUENCE_HEADER,
  RECORD_OFFSET,
  RECORD_TIMESTAMP,
  RECORD_TRACK,
  RECORD_TYPE_FLAGS,
  RECORD_WORDS,
} from '../../assembly/constants.js';
import type { AmfValue } from '../protocol/amf0.js';
import type { FrameTarget } from '../wasm/chunk-codec.js';
import type { Audience } from './audience.js';
import { ConfigCache, DATA_CHUNK_STREAM_ID } from './config-cache.js';
import { frameMessage, readFramed, readPayload } from './framing.js';
import { Gop, type GopLimits } from './gop.js';
import type { MediaBatch, SlabCodec } from './media-batch.js';
import type { Player } from './player.js';
import type { Slab, SlabPool } from './slab-pool.js';
import { StreamLog } from './stream-log.js';
import { TrackClock } from './track-clock.js';
import { type StreamFacts, TrackList } from './track-list.js';

/** Bounds of what is kept for late joiners and slow players. */
export interface PublicationLimits extends GopLimits {
  readonly chunkSize: number;
  readonly maxLagMs: number;
  /** Sequence headers and metadata kept, in bytes. */
  readonly maxHeaderBytes: number;
}

/** Told of what the media itself shows; each call comes after the state it reports. */
export interface PublicationObserver {
  /** All announced kinds have their headers and video its first keyframe. */
  ready(publication: Publication): void;
  /**
   * Codec, size, rate, the set of tracks or the metadata changed after ready.
   *
   * @returns false when it cannot be told now: the change is offered again with {@link Publication.tick}, with all that came meanwhile
   */
  updated(publication: Publication, before: StreamFacts, after: StreamFacts): boolean;
}

const AUDIO = 8;
const VIDEO = 9;
const DATA_AMF0 = 18;
/** Messages that carry no frame; they are left out of the frame counts. */
const NO_FRAME = FLAG_SEQUENCE_HEADER | FLAG_CONFIG | FLAG_END_OF_SEQUENCE | FLAG_COMMAND | FLAG_EMPTY;
/** Any of these makes the host look at the records; without them a batch is only copied and counted. */
const NOTEWORTHY = FLAG_KEYFRAME | FLAG_REBASED | NO_FRAME;
/** How often the place of the log is noted, for the bound on lag in time. */
const MARK_EVERY_MS = 500;

/** One accepted publish: its log, its headers, its tracks, its counters. */
export class Publication implements FrameTarget {
  readonly streamId: string;
  /** Everyone who plays the name, whoever publishes to it. */
  readonly audience: Audience;
  readonly log: StreamLog;
  readonly config: ConfigCache;
  readonly tracks: TrackList;
  /** When each track had its last frame. */
  readonly clock = new TrackClock();
  readonly players = new Set<Player>();
  startedMs: number;
  /** Monotonic time of the newest audio, video message; 0 before the first. */
  lastAudioMs = 0;
  lastVideoMs = 0;
  audioFrames = 0;
  videoFrames = 0;
  /** How often the publisher's timestamps jumped, and were moved. */
  timestampJumps = 0;
  /** Framed bytes received from the publisher. */
  bytes = 0;
  /** Time of the newest message, in ms, unwrapped. */
  lastTimestamp = 0;
  /** Positions before this are older than a player may lag in time. */
  staleBefore = 0;
  /** Where the newest sequence header stands that took the place of another: frames before it go with the old one. */
  headersFrom = 0;
  readyMs: number | undefined;
  ended = false;
  readonly #limits: PublicationLimits;
  readonly #observer: PublicationObserver;
  readonly #marks: { atMs: number; position: number }[] = [];
  #markDueMs = 0;
  readonly #gop: Gop;
  /** What observers know. */
  #told: StreamFacts | undefined;
  #edge = 0;
  /** The codec that frames into the log's slabs, if one does. */
  #codec: SlabCodec | undefined;
  /** Nothing was written behind the log's end since the codec was told where that is. */
  #aimed = true;
  #lastMs: number;

  constructor(
    streamId: string,
    pool: SlabPool,
    audience: Audience,
    limits: PublicationLimits,
    observer: PublicationObserver,
    nowMs: number,
  ) {
    this.streamId = streamId;
    this.log = new StreamLog(pool);
    this.config = new ConfigCache(limits.chunkSize, limits.maxHeaderBytes);
    this.tracks = new TrackList();
    this.startedMs = nowMs;
    this.#lastMs = nowMs;
    this.#limits = limits;
    this.#gop = new Gop(limits);
    this.audience = audience;
    this.#observer = observer;
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

  get keyframes(): number {
    return this.#gop.keyframes;
  }

  /** Whether video is, or may be expected to become, part of the stream. A stream that is ready without it has none. */
  get hasVideo(): boolean {
    return this.lastVideoMs > 0 || (this.readyMs === undefined && this.tracks.expectsVideo);
  }

  /**
   * Has `codec` frame media straight into the log: its slabs become part of the codec's memory. A codec frames for one publication at
   * a time; another's media is copied.
   */
  frameFrom(codec: SlabCodec): void {
    this.letCodecGo();
    if (codec.slabs === undefined || codec.target !== undefined) return;
    codec.target = this;
    this.#codec = codec;
    this.log.area = codec.slabs;
  }

  /** Ends that: the codec writes nothing more where players read. What is in the log stays. */
  letCodecGo(): void {
    const codec = this.#codec;
    if (codec === undefined) return;
    this.#codec = undefined;
    this.log.area = undefined;
    codec.target = undefined;
    codec.aim(0, 0);
  }

  /** The codec asks for a slab with room for a message: see FrameTarget. */
  makeRoom(bytes: number): void {
    this.#aim(this.#reserve(bytes, this.#lastMs));
  }

  /**
   * Takes one batch: framed in the log already, or copied there. Nothing happens here per message or per player, but for keyframes
   * and headers.
   */
  append(batch: MediaBatch, nowMs: number): void {
    const { header } = batch;
    const bytes = header[BATCH_BYTES];
    this.#lastMs = nowMs;
    const slab = this.#inPlace(batch) ?? this.#copyIn(batch, bytes, nowMs);
    const at = slab.used;
    const position = this.log.head;
    if (nowMs >= this.#markDueMs) this.#mark(nowMs);
    this.log.commit(bytes);
    if (!this.#aimed) this.#aim(slab);
    this.bytes += bytes;
    this.lastTimestamp = header[BATCH_LAST_TS_HIGH] * 2 ** 32 + header[BATCH_LAST_TS];
    this.#gop.messages += header[BATCH_COUNT];
    const audio = header[BATCH_AUDIO];
    const video = header[BATCH_VIDEO];
    if (audio > 0) this.lastAudioMs = nowMs;
    if (video > 0) this.lastVideoMs = nowMs;
    const { audioFrames, videoFrames } = this;
    this.audioFrames += audio;
    this.videoFrames += video;
    const newKind = (audio > 0 && this.tracks.wantsAudio) || (video > 0 && this.tracks.wantsVideo);
    if (newKind || (header[BATCH_FLAGS] & NOTEWORTHY) !== 0) this.#inspect(batch, slab, at, position, nowMs);
    const newAudio = this.audioFrames - audioFrames;
    const newVideo = this.videoFrames - videoFrames;
    this.clock.note(batch, newAudio, newVideo, slab.buffer, at, this.chunkSize, nowMs);
    this.#gop.bound(this.log.head, this.lastTimestamp);
    this.audience.wake();
  }

  /** A player has something to send and no write under way: the fan-out shall see to it. */
  wake(): void {
    this.audience.wake();
  }

  /** Takes a data message; `payload` is as players get it, AMF0, or AMF3 in `type` 15. `slot` names what late joiners must get too. */
  appendData(payload: Buffer, timestamp: number, slot: string | undefined, nowMs: number, type = DATA_AMF0): void {
    const framed = frameMessage(DATA_CHUNK_STREAM_ID, type, timestamp, payload, this.chunkSize);
    if (slot !== undefined) this.config.set(slot, type, payload, this.log.head);
    this.#lastMs = nowMs;
    const slab = this.#clearTail(framed.length, nowMs);
    framed.copy(slab.buffer, slab.used);
    this.log.commit(framed.length);
    this.#aim(slab);
    this.#gop.messages++;
    this.#gop.bound(this.log.head, this.lastTimestamp);
    this.audience.wake();
  }

  /** What the stream's onMetaData says, as a hint for facts that the media does not carry. */
  noteMetadata(metadata: AmfValue, nowMs: number): void {
    this.tracks.noteMetadata(metadata);
    this.#tell(nowMs);
  }

  /**
   * Readiness also comes with time: a stream that promised audio and has none is ready without. A change that could not be told is
   * told. Call it a few times a second.
   */
  tick(nowMs: number): void {
    this.#tell(nowMs);
  }

  /** The publisher is back after a gap: what is not there yet is waited for anew. */
  resumed(nowMs: number): void {
    if (this.lastAudioMs > 0) this.lastAudioMs = nowMs;
    if (this.lastVideoMs > 0) this.lastVideoMs = nowMs;
    this.clock.restart(nowMs);
    if (this.lastAudioMs + this.lastVideoMs === 0) this.startedMs = nowMs;
  }

  add(player: Player): void {
    this.players.add(player);
    player.attach(this);
  }

  remove(player: Player): void {
    this.players.delete(player);
    player.detach();
  }

  /** Lets go of the log; players must have been detached. */
  end(): void {
    this.letCodecGo();
    this.ended = true;
    this.log.close();
  }

  /** The slab that a batch is already part of, right behind what is in the log. */
  #inPlace(batch: MediaBatch): Slab | undefined {
    const address = batch.header[BATCH_ADDRESS];
    if (address === 0 || batch !== this.#codec) return undefined;
    const slab = this.log.last;
    return slab !== undefined && slab.address !== 0 && slab.address + slab.used === address ? slab : undefined;
  }

  #copyIn(batch: MediaBatch, bytes: number, nowMs: number): Slab {
    const slab = this.#clearTail(bytes, nowMs);
    const from = batch.header[BATCH_ADDRESS] - slab.address;
    // Framed here, but behind media of the connection's other streams: the two places may overlap.
    const here = batch === this.#codec && slab.address > 0 && from >= 0 && from < slab.buffer.length;
    if (here) slab.buffer.copyWithin(slab.used, from, from + bytes);
    else batch.copyBatch(slab.buffer, slab.used);
    return slab;
  }

  /** Room for `bytes` behind the log's end, with nothing of the codec's in it. */
  #clearTail(bytes: number, nowMs: number): Slab {
    this.#codec?.aim(0, 0);
    this.#aimed = this.#codec === undefined;
    return this.#reserve(bytes, nowMs);
  }

  /** Has the codec frame what comes behind the log's end, when that lies in its own memory. */
  #aim(slab: Slab): void {
    this.#aimed = true;
    if (slab.address === 0) return;
    this.#codec?.aim(slab.address + slab.used, slab.address + slab.buffer.length);
  }

  #reserve(bytes: number, nowMs: number): Slab {
    if (this.log.needsSlab(bytes)) this.trim();
    return this.log.reserve(bytes, this.#edge, nowMs);
  }

  /** Before a new slab, and when memory is short: lets go of what neither the GOP nor any player needs, and finds where most players stand. */
  trim(): void {
    const head = this.log.head;
    let needed = this.#gop.start ?? head;
    let edge = head;
    for (const player of this.players) {
      const from = player.needsFrom;
      if (from < needed) needed = from;
      if (!player.busy && from < edge) edge = from;
    }
    this.#edge = edge;
    this.log.trim(needed);
  }

  /** Notes that what is before the head came before now, and finds what has become too old to wait for a player. */
  #mark(nowMs: number): void {
    this.#markDueMs = nowMs + MARK_EVERY_MS;
    this.#marks.push({ atMs: nowMs, position: this.log.head });
    while (this.#marks.length > 1 && nowMs - this.#marks[0].atMs >= this.#limits.maxLagMs) {
      this.staleBefore = this.#marks.shift()!.position;
    }
  }

  #inspect(batch: MediaBatch, slab: Slab, at: number, position: number, nowMs: number): void {
    const { records } = batch;
    const count = batch.header[BATCH_COUNT];
    let keyframeAt = -1;
    for (let i = 0, r = 0; i < count; i++, r += RECORD_WORDS) {
      const type = records[r + RECORD_TYPE_FLAGS] & 0xff;
      const flags = records[r + RECORD_TYPE_FLAGS] >>> 8;
      const trackId = records[r + RECORD_TRACK] & 0xff;
      const offset = records[r + RECORD_OFFSET];
      if ((flags & FLAG_REBASED) !== 0) this.timestampJumps++;
      const header = (flags & (FLAG_SEQUENCE_HEADER | FLAG_CONFIG)) !== 0;
      const key = !header && (flags & (FLAG_KEYFRAME | FLAG_COMMAND)) === FLAG_KEYFRAME;
      if (key && type === VIDEO && trackId === 0) {
        keyframeAt = position + offset;
        this.#gop.begin(keyframeAt, count - i, records[r + RECORD_TIMESTAMP]);
      }
      const kind = type === AUDIO ? 'audio' : 'video';
      if ((flags & NO_FRAME) !== 0) {
        if (kind === 'audio') this.audioFrames--;
        else this.videoFrames--;
      }
      if (!header && ((flags & FLAG_EMPTY) !== 0 || !this.tracks.wants(kind, trackId))) continue;
      const message = readFramed(slab.buffer, at + offset, this.chunkSize);
      const payload = readPayload(slab.buffer, message, this.chunkSize, header ? message.length : FIRST_FRAME_BYTES);
      if (header) this.#keepHeader(kind, type, trackId, flags, payload, position + offset);
      this.tracks.observe({ kind, trackId, header, timestamp: records[r + RECORD_TIMESTAMP], payload }, nowMs);
    }
    if (keyframeAt >= 0) {
      this.tracks.noteKeyframe();
      for (const player of this.players) player.keyframeAt(keyframeAt);
    }
    this.#tell(nowMs);
  }

  /** A header that differs from the one before makes the cached GOP undecodable for late joiners. */
  #keepHeader(kind: string, type: number, trackId: number, flags: number, payload: Buffer, position: number): void {
    const isHeader = (flags & FLAG_SEQUENCE_HEADER) !== 0;
    const slot = `${kind}:${trackId}:${isHeader ? 'header' : 'config'}`;
    const replaced = this.config.get(slot) !== undefined;
    if (!this.config.set(slot, type, payload, position) || !replaced || !isHeader) return;
    this.#gop.start = undefined;
    this.headersFrom = position;
  }

  /** Reports what an observation has changed. */
  #tell(nowMs: number): void {
    const { tracks } = this;
    const told = this.#told;
    if (told === undefined) {
      if (!tracks.isReady(nowMs)) return;
      this.readyMs = nowMs;
      this.#told = tracks.facts;
      this.#observer.ready(this);
    } else if (tracks.facts.shape !== told.shape) {
      const { facts } = tracks;
      if (this.#observer.updated(this, told, facts)) this.#told = facts;
    }
  }
}

/** How much of a frame is looked at for codecs whose facts stand in the frame itself (MP3, H.263, VP6 …). */
const FIRST_FRAME_BYTES = 64;
