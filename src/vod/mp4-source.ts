import type { Mp4Index, Mp4Track } from '../mp4/mp4-index.js';
import { type AmfInput, writeAmf0 } from '../protocol/messages/amf0-writer.js';
import { lastAtOrBefore } from './last-at-or-before.js';
import {
  areHere,
  type Beginning,
  type MediaMessage,
  type MediaSource,
  type Piece,
  type Place,
  type ReadPart,
} from './media-source.js';

const AUDIO = 8;
const VIDEO = 9;
const KEYFRAME = 1;
const INTER = 2;
const AVC = 7;
/** Enhanced RTMP video header and its packet types. */
const EX_VIDEO = 0x80;
const SEQUENCE_START = 0;
const CODED_FRAMES = 1;
const CODED_FRAMES_X = 3;
const HVC1 = Buffer.from('hvc1');
/** AAC, 44 kHz, 16 bits, stereo: what the field says for all AAC. */
const AAC = 0xaf;

const AAC_FRAME = Buffer.from([AAC, 1]);

/** An MP4 file as messages: H.264 and AAC as FLV has them, HEVC as Enhanced RTMP's `hvc1`. */
export class Mp4Source implements MediaSource {
  readonly metadata: Buffer;
  readonly firstMs = 0;
  readonly lastMs: number;
  readonly heldBytes: number;
  readonly #video: Mp4Track | undefined;
  readonly #audio: Mp4Track | undefined;
  readonly #read: ReadPart;

  constructor({ video, audio, durationMs, heldBytes }: Mp4Index, read: ReadPart) {
    this.#video = video;
    this.#audio = audio;
    this.#read = read;
    this.lastMs = durationMs;
    this.metadata = writeAmf0('onMetaData', metadataOf(video, audio, durationMs));
    this.heldBytes = heldBytes + this.metadata.length;
  }

  beginAt(ms: number): Beginning {
    const video = this.#video?.samples;
    const audio = this.#audio?.samples;
    let place: Place = [0, 0];
    if (video !== undefined) {
      const at = Math.max(0, lastAtOrBefore(video.times, ms));
      const { keys } = video;
      const from = keys === undefined ? at : (keys[Math.max(0, lastAtOrBefore(keys, at))] ?? 0);
      // The first audio that is not before the keyframe; all of it from the start on.
      const sound = from === 0 || audio === undefined ? -1 : lastAtOrBefore(audio.times, video.times[from]! - 1);
      place = [from, sound + 1];
    } else if (audio !== undefined) place = [0, Math.max(0, lastAtOrBefore(audio.times, ms))];
    const timestamp = this.#next(place)?.timestamp ?? 0;
    return { place, messages: this.#configs(timestamp), ms: timestamp };
  }

  read(place: Place, untilMs: number, maxBytes: number): Piece | Promise<Piece> {
    const samples: Sample[] = [];
    let [v, a] = place;
    let bytes = 0;
    let next = this.#next(place);
    while (next !== undefined && next.timestamp <= untilMs && bytes < maxBytes) {
      samples.push(next);
      bytes += next.bytes;
      if (next.type === VIDEO) v++;
      else a++;
      next = this.#next([v, a]);
    }
    const parts = samples.map(({ offset, bytes: length }) => this.#read(offset, length));
    const piece = (payloads: readonly Buffer[]): Piece => ({
      messages: samples.map(({ type, timestamp, prefix }, i) => ({ type, timestamp, parts: [prefix, payloads[i]!] })),
      place: [v, a],
      nextMs: next?.timestamp,
    });
    return areHere(parts) ? piece(parts) : Promise.all(parts).then(piece);
  }

  /** The sample that follows a place: of both tracks the one that is decoded first, video before audio. */
  #next([v, a]: Place): Sample | undefined {
    const video = this.#video?.samples;
    const audio = this.#audio?.samples;
    const videoMs = video !== undefined && v < video.count ? video.times[v]! : Number.POSITIVE_INFINITY;
    const audioMs = audio !== undefined && a < audio.count ? audio.times[a]! : Number.POSITIVE_INFINITY;
    if (videoMs === Number.POSITIVE_INFINITY && audioMs === Number.POSITIVE_INFINITY) return undefined;
    if (videoMs <= audioMs) return videoSample(this.#video!, v);
    const { offsets, sizes } = audio!;
    return { type: AUDIO, timestamp: audioMs, offset: offsets[a]!, bytes: sizes[a]!, prefix: AAC_FRAME };
  }

  #configs(timestamp: number): MediaMessage[] {
    const messages: MediaMessage[] = [];
    if (this.#video !== undefined) {
      const { kind, config } = this.#video.codec;
      const prefix =
        kind === 'avc'
          ? Buffer.from([(KEYFRAME << 4) | AVC, 0, 0, 0, 0])
          : Buffer.concat([Buffer.from([EX_VIDEO | (KEYFRAME << 4) | SEQUENCE_START]), HVC1]);
      messages.push({ type: VIDEO, timestamp, parts: [prefix, config] });
    }
    if (this.#audio !== undefined)
      messages.push({ type: AUDIO, timestamp, parts: [Buffer.from([AAC, 0]), this.#audio.codec.config] });
    return messages;
  }
}

/** A sample, where it is, and what stands before it in its message. */
interface Sample {
  readonly type: number;
  readonly timestamp: number;
  readonly offset: number;
  readonly bytes: number;
  readonly prefix: Buffer;
}

function videoSample({ codec, samples }: Mp4Track, i: number): Sample {
  const { times, offsets, sizes, compositions, keys } = samples;
  const isKey = keys === undefined || keys[lastAtOrBefore(keys, i)] === i;
  const frame = (isKey ? KEYFRAME : INTER) << 4;
  const cts = compositions?.[i] ?? 0;
  const cts24 = [(cts >> 16) & 255, (cts >> 8) & 255, cts & 255];
  const prefix =
    codec.kind === 'avc'
      ? Buffer.from([frame | AVC, 1, ...cts24])
      : Buffer.from([
          EX_VIDEO | frame | (cts === 0 ? CODED_FRAMES_X : CODED_FRAMES),
          ...HVC1,
          ...(cts === 0 ? [] : cts24),
        ]);
  return { type: VIDEO, timestamp: times[i]!, offset: offsets[i]!, bytes: sizes[i]!, prefix };
}

function metadataOf(video: Mp4Track | undefined, audio: Mp4Track | undefined, durationMs: number) {
  const metadata: { [key: string]: AmfInput } = { duration: durationMs / 1000 };
  if (video !== undefined && 'width' in video.codec) {
    const { kind, width, height } = video.codec;
    // Enhanced RTMP writes the FourCC as a number.
    Object.assign(metadata, { width, height, videocodecid: kind === 'avc' ? AVC : HVC1.readUInt32BE(0) });
  }
  if (audio !== undefined) metadata['audiocodecid'] = AAC >> 4;
  return metadata;
}
