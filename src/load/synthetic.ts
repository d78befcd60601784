import { AmfEcmaArray, writeAmf0 } from '../protocol/messages/amf0-writer.js';
import { grayConfig, grayKeySlice, grayRepeatSlice } from './gray-picture.js';
import { STAMP_UUID, stampNal } from './stamp.js';

/** One message of a loop that is sent again and again. */
export interface LoopMessage {
  /** 8 or 9. */
  readonly type: number;
  /** Milliseconds from the loop's start. */
  readonly timestamp: number;
  readonly payload: Buffer;
  /** Where a stamp's UUID starts in the payload; -1 when there is none. */
  readonly stampAt: number;
}

/** A stream as data: headers once, then a loop of frames. */
export interface MediaLoop {
  /** `onMetaData` as players get it, or `undefined`. */
  readonly metadata: Buffer | undefined;
  /** Sequence headers, to be sent before the loop. */
  readonly headers: readonly { readonly type: number; readonly payload: Buffer }[];
  /** In sending order, timestamps not falling. */
  readonly messages: readonly LoopMessage[];
  readonly durationMs: number;
}

const WIDTH = 1280;
const HEIGHT = 720;
const FPS = 30;
const GOP_FRAMES = 60;
const AUDIO_RATE = 44_100;
const AUDIO_SAMPLES = 1024;
const AUDIO_KBPS = 128;
/** Share of a GOP's video bytes in its key frame: about four times a P frame. */
const KEY_WEIGHT = 4;
/** AAC LC, 44100 Hz, stereo. */
const AAC_CONFIG = '1210';
/** A channel pair element without sound, then the end. */
const AAC_SILENCE = '211004608c1c';
/** UUID of the noise in an SEI message: any 16 bytes other than the stamp's. */
const NOISE_UUID = Buffer.from('7c6f13b2d45e4a1b9e3d5a8890c4f127', 'hex');
/** The bit rate with which the benches measure: 720p video and audio, in kbit/s. */
export const DEFAULT_KBPS = 2680;

/**
 * A 720p stream of H.264 and AAC: 30 frames per second, a key frame every 2 s, AAC frames 43 times a second. It
 * decodes, to a gray picture and silence; noise in user data brings each frame to its size. The same `kbps` gives the
 * same bytes in every process, so a player can check what it gets.
 *
 * @param kbps video and audio together, at least 300
 */
export function syntheticLoop(kbps = DEFAULT_KBPS): MediaLoop {
  const durationMs = (GOP_FRAMES * 1000) / FPS;
  const noise = new Noise();
  const videoBytes = ((Math.max(300, kbps) - AUDIO_KBPS) * durationMs) / 8;
  const unit = videoBytes / (GOP_FRAMES - 1 + KEY_WEIGHT);
  const messages: LoopMessage[] = [];
  for (let index = 0; index < GOP_FRAMES; index++) {
    messages.push(videoFrame(index, Math.round(index === 0 ? unit * KEY_WEIGHT : unit), noise));
  }
  const audioFrames = Math.round((durationMs * AUDIO_RATE) / AUDIO_SAMPLES / 1000);
  const audioBytes = Math.round((AUDIO_KBPS * durationMs) / 8 / audioFrames);
  for (let index = 0; index < audioFrames; index++) {
    const timestamp = Math.round((index * durationMs) / audioFrames);
    messages.push({ type: 8, timestamp, payload: audioFrame(audioBytes, noise), stampAt: -1 });
  }
  messages.sort((a, b) => a.timestamp - b.timestamp || b.type - a.type);
  return {
    metadata: metadata(kbps),
    headers: [
      { type: 9, payload: Buffer.from(`1700000000${grayConfig().toString('hex')}`, 'hex') },
      { type: 8, payload: Buffer.from(`af00${AAC_CONFIG}`, 'hex') },
    ],
    messages,
    durationMs,
  };
}

function videoFrame(index: number, bytes: number, noise: Noise): LoopMessage {
  const isKey = index === 0;
  const sei = stampNal(index);
  const header = Buffer.from([isKey ? 0x17 : 0x27, 1, 0, 0, 0]);
  const slice = isKey ? grayKeySlice() : grayRepeatSlice(index);
  const rest = noiseNal(bytes - header.length - 12 - sei.length - slice.length, noise);
  const payload = Buffer.concat([header, ...[sei, rest, slice].flatMap((nal) => [lengthPrefix(nal), nal])]);
  return { type: 9, timestamp: Math.round((index * 1000) / FPS), payload, stampAt: payload.indexOf(STAMP_UUID) };
}

/** An SEI user data message (ITU-T H.264 §D.1.6) of about this many bytes in all. */
function noiseNal(bytes: number, noise: Noise): Buffer {
  const size = Math.max(NOISE_UUID.length, Math.round((bytes * 255) / 256) - 4);
  const sizeBytes = [...Array<number>(Math.floor(size / 255)).fill(255), size % 255];
  const data = noise.bytes(size - NOISE_UUID.length);
  return Buffer.concat([Buffer.from([0x06, 0x05, ...sizeBytes]), NOISE_UUID, data, Buffer.from([0x80])]);
}

/** A data stream element (ISO/IEC 14496-3 §4.4.2.5) full of noise before the silence. */
function audioFrame(bytes: number, noise: Noise): Buffer {
  const silence = Buffer.from(AAC_SILENCE, 'hex');
  const data = Math.min(510, Math.max(255, bytes - 2 - 3 - silence.length));
  return Buffer.concat([Buffer.from([0xaf, 0x01, 0x81, 0xff, data - 255]), noise.bytes(data), silence]);
}

function lengthPrefix(nal: Buffer): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(nal.length);
  return prefix;
}

function metadata(kbps: number): Buffer {
  return writeAmf0(
    'onMetaData',
    new AmfEcmaArray({
      width: WIDTH,
      height: HEIGHT,
      framerate: FPS,
      videocodecid: 7,
      videodatarate: kbps - AUDIO_KBPS,
      audiocodecid: 10,
      audiosamplerate: AUDIO_RATE,
      audiodatarate: AUDIO_KBPS,
      stereo: true,
      encoder: 'sluice load',
    }),
  );
}

/** Repeatable bytes from 1 to 255. Without zeros nothing in them looks like a start code. */
class Noise {
  #state = 0x2545f491;

  bytes(count: number): Buffer {
    const out = Buffer.allocUnsafe(count);
    for (let i = 0; i < count; i++) {
      this.#state ^= this.#state << 13;
      this.#state ^= this.#state >>> 17;
      this.#state ^= this.#state << 5;
      out[i] = 1 + ((this.#state >>> 0) % 255);
    }
    return out;
  }
}
