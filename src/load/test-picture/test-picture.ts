import { type FlvTag, FlvTagType } from '../../flv/flv-format.js';
import { AmfEcmaArray, writeAmf0 } from '../../protocol/messages/amf0-writer.js';
import { BlockEncoder } from './block-encoder.js';
import { avcConfig, blocksOf, type PictureShape } from './parameter-sets.js';
import { Scene } from './scene.js';
import { TONE_CONFIG, TONE_FRAME_MS, TONE_RATE, toneFrame } from './tone.js';

/** What a test picture is. */
export interface TestPictureOptions extends PictureShape {
  readonly hasAudio: boolean;
  /** Wall time of the first frame, in whole ms since the epoch. */
  readonly startMs: number;
}

/** Time from one key frame to the next, in ms. */
const KEY_EVERY_MS = 2000;
const KEY_FRAME = 0x17;
const INTER_FRAME = 0x27;
const AAC = 0xaf;

/**
 * The test picture as FLV tags: H.264 Constrained Baseline with the time, the number of the frame and a moving bar, and
 * AAC with a beep at each full second.
 */
export class TestPicture {
  readonly #options: TestPictureOptions;
  readonly #scene: Scene;
  readonly #encoder: BlockEncoder;
  readonly #framesOfGop: number;
  #frames = 0;
  #sounds = 0;

  constructor(options: TestPictureOptions) {
    const grid = blocksOf(options);
    this.#options = options;
    this.#scene = new Scene(grid);
    this.#encoder = new BlockEncoder(grid);
    this.#framesOfGop = Math.max(1, Math.round((KEY_EVERY_MS * options.fps) / 1000));
  }

  /** The metadata and the sequence headers, to be sent first. The caller owns them. */
  headers(): readonly FlvTag[] {
    const { hasAudio } = this.#options;
    const script = Buffer.concat([writeAmf0('@setDataFrame'), metadata(this.#options)]);
    const config = Buffer.concat([Buffer.from([KEY_FRAME, 0, 0, 0, 0]), avcConfig(this.#options)]);
    const tags: FlvTag[] = [
      { type: FlvTagType.Script, timestamp: 0, payload: script },
      { type: FlvTagType.Video, timestamp: 0, payload: config },
    ];
    const sound = Buffer.concat([Buffer.from([AAC, 0]), TONE_CONFIG]);
    return hasAudio ? [...tags, { type: FlvTagType.Audio, timestamp: 0, payload: sound }] : tags;
  }

  /** The next frame or sound, in the order of their times. The caller owns the payload. */
  next(): FlvTag {
    const frameMs = (this.#frames * 1000) / this.#options.fps;
    const soundMs = this.#options.hasAudio ? this.#sounds * TONE_FRAME_MS : Number.POSITIVE_INFINITY;
    return soundMs < frameMs ? this.#sound(soundMs) : this.#frame(frameMs);
  }

  #frame(atMs: number): FlvTag {
    const frame = this.#frames++;
    const isKey = frame % this.#framesOfGop === 0;
    const blocks = this.#scene.draw({ frame, clock: clockOf(this.#options.startMs + atMs) });
    const slice = this.#encoder.encode(blocks, isKey);
    const head = Buffer.from([isKey ? KEY_FRAME : INTER_FRAME, 1, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32BE(slice.length, 5);
    return { type: FlvTagType.Video, timestamp: Math.round(atMs), payload: Buffer.concat([head, slice]) };
  }

  #sound(atMs: number): FlvTag {
    const payload = Buffer.concat([Buffer.from([AAC, 1]), toneFrame(this.#options.startMs, this.#sounds++)]);
    return { type: FlvTagType.Audio, timestamp: Math.round(atMs), payload };
  }
}

/** Local time of day. */
function clockOf(wallMs: number): string {
  const date = new Date(wallMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((value) => String(value).padStart(2, '0'))
    .join(':');
}

function metadata({ width, height, fps, hasAudio }: TestPictureOptions): Buffer {
  const sound = hasAudio ? { audiocodecid: 10, audiosamplerate: TONE_RATE, stereo: false } : {};
  const picture = { width, height, framerate: fps, videocodecid: 7 };
  return writeAmf0('onMetaData', new AmfEcmaArray({ ...picture, ...sound, encoder: 'sluice publish --test' }));
}
