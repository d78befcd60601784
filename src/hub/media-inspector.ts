import {
  BATCH_COUNT,
  FLAG_COMMAND,
  FLAG_CONFIG,
  FLAG_EMPTY,
  FLAG_END_OF_SEQUENCE,
  FLAG_ENHANCED,
  FLAG_KEYFRAME,
  FLAG_MULTITRACK,
  FLAG_REBASED,
  FLAG_SEQUENCE_HEADER,
  RECORD_CODEC,
  RECORD_OFFSET,
  RECORD_TIMESTAMP,
  RECORD_TRACK,
  RECORD_TYPE_FLAGS,
  RECORD_WORDS,
} from '../../assembly/constants.js';
import { codecFamily } from '../media/codec-family.js';
import { mediaBodies } from '../media/payload.js';
import { configuredCodec } from '../media/track-facts.js';
import type { MediaKind } from '../model/track.js';
import { readFramed, readPayload } from './framing.js';
import type { Gop } from './gop.js';
import type { HeaderCache } from './header-cache.js';
import type { MediaBatch } from './media-batch.js';
import type { TrackList } from './track-list.js';

/** Messages that carry no frame. They are left out of the frame counts. */
export const NO_FRAME = FLAG_SEQUENCE_HEADER | FLAG_CONFIG | FLAG_END_OF_SEQUENCE | FLAG_COMMAND | FLAG_EMPTY;
/** Any of these flags makes the host read the records. A batch without them is only counted. */
export const NOTEWORTHY = FLAG_KEYFRAME | FLAG_REBASED | NO_FRAME;

const VIDEO = 9;
const AUDIO = 8;
/** Bytes of a frame that are inspected for codecs whose facts are in the frame itself (MP3, H.263, VP6 …). */
const FIRST_FRAME_BYTES = 64;
/** The same for a keyframe of a codec whose parameter sets may be in the frame, behind delimiters and messages. */
const KEYFRAME_BYTES = 1024;
/**
 * Most headers of one batch that are read one by one. When there are more, which only a flood has, the last of each
 * track is read.
 */
const MAX_HEADERS = 64;

/** What the records of a batch showed. Positions are those of the stream's log. */
interface Inspection {
  /** Messages without a frame, by kind. */
  audioWithout: number;
  videoWithout: number;
  /** Timestamps that jumped and were moved. */
  jumps: number;
  /** Log position of the last keyframe of the default track, and its time; below 0: there is none. */
  keyframeAt: number;
  keyframeTimestamp: number;
  /** Whether a video frame came before the first of them. */
  interFirst: boolean;
  /** Whether that frame came before a keyframe of any track: the publish began in the middle of a GOP. */
  beganWithinGop: boolean;
  /**
   * Log position of the latest replacement sequence header. Frames before it need the previous header. Below 0: none.
   */
  replacedAt: number;
}

/** A batch and its place in the log. */
export interface PlacedBatch {
  readonly batch: MediaBatch;
  /** The bytes that hold the batch, from `at` on. */
  readonly buffer: Buffer;
  readonly at: number;
  /** The log position of `at`. */
  readonly position: number;
}

/**
 * Reads the records of noteworthy batches: keeps headers for late joiners, finds keyframes, and passes facts to the
 * track list. Of a flood of headers only a bounded number is read in each batch.
 */
export class MediaInspector {
  readonly #headers: HeaderCache;
  readonly #tracks: TrackList;
  readonly #gop: Gop;
  readonly #chunkSize: number;
  /** The codec of the last frames of each kind's default track. */
  readonly #codecs: Record<MediaKind, number | undefined> = { audio: undefined, video: undefined };
  /** Whether any track has had a keyframe. ffmpeg delays some tracks: the default one may come after others. */
  #hasKeyframe = false;
  /** The codec of the header that is kept for a track, by `kind:track`. */
  readonly #headerCodecs = new Map<string, string>();
  /** The slot of the latest header of each track, by `kind:track`: one message may configure several tracks. */
  readonly #headerSlots = new Map<string, string>();
  /** Reused from batch to batch, so that no object is made for each. */
  readonly #found: Inspection = {
    audioWithout: 0,
    videoWithout: 0,
    jumps: 0,
    keyframeAt: -1,
    keyframeTimestamp: 0,
    interFirst: false,
    beganWithinGop: false,
    replacedAt: -1,
  };

  constructor(headers: HeaderCache, tracks: TrackList, gop: Gop, chunkSize: number) {
    this.#headers = headers;
    this.#tracks = tracks;
    this.#gop = gop;
    this.#chunkSize = chunkSize;
  }

  /** Inspects every record of a batch. The result is valid until the next call. */
  inspect(placed: PlacedBatch, nowMs: number): Readonly<Inspection> {
    const found = this.#begin();
    const { batch, position } = placed;
    const { records } = batch;
    const count = batch.header[BATCH_COUNT];
    let headers = 0;
    let late: Map<number, number> | undefined;
    for (let i = 0, r = 0; i < count; i++, r += RECORD_WORDS) {
      const word = records[r + RECORD_TYPE_FLAGS];
      const type = word & 0xff;
      const flags = word >>> 8;
      const trackId = records[r + RECORD_TRACK] & 0xff;
      if ((flags & FLAG_REBASED) !== 0) found.jumps++;
      if ((flags & NO_FRAME) !== 0) {
        if (type === AUDIO) found.audioWithout++;
        else found.videoWithout++;
      } else if (type === VIDEO) {
        if ((flags & FLAG_KEYFRAME) === 0) {
          found.interFirst ||= found.keyframeAt < 0;
          found.beganWithinGop ||= !this.#hasKeyframe;
        } else {
          this.#hasKeyframe = true;
          if (trackId === 0) {
            found.keyframeAt = position + records[r + RECORD_OFFSET];
            found.keyframeTimestamp = records[r + RECORD_TIMESTAMP];
            this.#gop.begin(found.keyframeAt, count - i, found.keyframeTimestamp);
          }
        }
      }
      if ((flags & (FLAG_SEQUENCE_HEADER | FLAG_CONFIG)) !== 0) {
        if (++headers <= MAX_HEADERS) this.#header(placed, r, nowMs);
        else {
          late ??= new Map();
          late.set((type << 16) | ((flags & FLAG_SEQUENCE_HEADER) << 8) | trackId, r);
        }
      } else if ((flags & FLAG_EMPTY) === 0) this.#frame(placed, r, nowMs);
    }
    if (late !== undefined) for (const r of late.values()) this.#header(placed, r, nowMs);
    return found;
  }

  /**
   * Checks whether the default tracks still have the codec they had. Frames of another codec that no header announced
   * make the kept header useless. It is called for one batch in a while, because frames of a codec without headers show
   * nothing else.
   *
   * @returns whether a header was dropped
   */
  lookAtCodecs(placed: PlacedBatch, nowMs: number): boolean {
    const { records, header } = placed.batch;
    let audio = -1;
    let video = -1;
    // The search begins at the end, where two or three messages almost always show both kinds.
    for (let r = (header[BATCH_COUNT] - 1) * RECORD_WORDS; r >= 0 && (audio < 0 || video < 0); r -= RECORD_WORDS) {
      const word = records[r + RECORD_TYPE_FLAGS];
      if (((word >>> 8) & (NO_FRAME | FLAG_MULTITRACK)) !== 0) continue;
      // A message that ends before its FourCC shows no codec, and 0 is one of legacy audio only.
      if (((word >>> 8) & FLAG_ENHANCED) !== 0 && records[r + RECORD_CODEC] === 0) continue;
      if ((word & 0xff) !== AUDIO) video = Math.max(video, r);
      else audio = Math.max(audio, r);
    }
    const audioGone = audio >= 0 && this.#lookAtCodec('audio', placed, audio, nowMs);
    const videoGone = video >= 0 && this.#lookAtCodec('video', placed, video, nowMs);
    return audioGone || videoGone;
  }

  #lookAtCodec(kind: MediaKind, placed: PlacedBatch, r: number, nowMs: number): boolean {
    const codec = placed.batch.records[r + RECORD_CODEC];
    const before = this.#codecs[kind];
    if (codec === before) return false;
    this.#codecs[kind] = codec;
    const family = codecFamily(kind, codec);
    const header = this.#headerCodecs.get(`${kind}:0`);
    if (header === family || (header === undefined && before === undefined)) return false;
    if (before !== undefined && codecFamily(kind, before) === family) return false;
    const gone = this.#forget(kind, 0);
    this.#tracks.forget(kind, 0);
    this.#frame(placed, r, nowMs);
    return gone;
  }

  #begin(): Inspection {
    const found = this.#found;
    found.audioWithout = 0;
    found.videoWithout = 0;
    found.jumps = 0;
    found.keyframeAt = -1;
    found.interFirst = false;
    found.beganWithinGop = false;
    found.replacedAt = -1;
    return found;
  }

  /** Drops the header that is kept for late joiners of a track. @returns whether there was one */
  #forget(kind: MediaKind, trackId: number): boolean {
    const track = `${kind}:${trackId}`;
    this.#headerCodecs.delete(track);
    const slot = this.#headerSlots.get(track) ?? '';
    this.#headerSlots.delete(track);
    const had = this.#headers.get(slot) !== undefined;
    this.#headers.delete(slot);
    this.#headers.delete(`${track}:config`);
    return had;
  }

  #header({ batch: { records }, buffer, at, position }: PlacedBatch, r: number, nowMs: number): void {
    const word = records[r + RECORD_TYPE_FLAGS];
    const type = word & 0xff;
    const kind = type === AUDIO ? 'audio' : 'video';
    const trackId = records[r + RECORD_TRACK] & 0xff;
    const offset = records[r + RECORD_OFFSET];
    const message = readFramed(buffer, at + offset, this.#chunkSize);
    const payload = readPayload(buffer, message, this.#chunkSize);
    const track = `${kind}:${trackId}`;
    if (((word >>> 8) & FLAG_SEQUENCE_HEADER) === 0)
      this.#headers.set(`${track}:config`, type, payload, position + offset);
    else {
      const codec = configuredCodec(kind, payload);
      // An empty or damaged record configures nothing: the header that was kept before stays in force.
      if (codec === undefined) return;
      const replaced = this.#headers.get(this.#headerSlots.get(track) ?? '') !== undefined;
      if (replaced && this.#headerCodecs.get(track) !== codec) this.#headers.delete(`${track}:config`);
      this.#headerCodecs.set(track, codec);
      if (this.#headers.set(this.#slotFor(kind, payload), type, payload, position + offset) && replaced) {
        this.#found.replacedAt = position + offset;
        // Frames before it cannot be decoded with the headers that late joiners get.
        if (position + offset > this.#found.keyframeAt) this.#gop.start = undefined;
      }
    }
    this.#tracks.observe({ kind, trackId, header: true, timestamp: message.timestamp, payload }, nowMs);
  }

  /**
   * The slot for a header, which is named after all tracks that it configures. Headers whose every track is configured
   * by later ones are dropped. A header that comes again while a part of it is out of date moves behind those that
   * were later, so that late joiners get them in the order in which they take effect.
   */
  #slotFor(kind: MediaKind, payload: Buffer): string {
    const tracks = new Set(mediaBodies(kind, payload).map(({ trackId }) => `${kind}:${trackId}`));
    const slot = `${[...tracks].join()}:header`;
    const before = [...tracks].map((track) => this.#headerSlots.get(track) ?? slot);
    for (const track of tracks) this.#headerSlots.set(track, slot);
    const used = new Set(this.#headerSlots.values());
    for (const old of before) if (!used.has(old)) this.#headers.delete(old);
    if (tracks.size > 1 && before.some((old) => old !== slot && used.has(old))) this.#headers.delete(slot);
    return slot;
  }

  #frame({ batch: { records }, buffer, at }: PlacedBatch, r: number, nowMs: number): void {
    const word = records[r + RECORD_TYPE_FLAGS];
    const kind = (word & 0xff) === AUDIO ? 'audio' : 'video';
    const trackId = records[r + RECORD_TRACK] & 0xff;
    if (!this.#tracks.wants(kind, trackId)) return;
    const key = kind === 'video' && ((word >>> 8) & FLAG_KEYFRAME) !== 0;
    const message = readFramed(buffer, at + records[r + RECORD_OFFSET], this.#chunkSize);
    const payload = readPayload(buffer, message, this.#chunkSize, key ? KEYFRAME_BYTES : FIRST_FRAME_BYTES);
    this.#tracks.observe({ kind, trackId, header: false, timestamp: message.timestamp, payload }, nowMs);
  }
}
