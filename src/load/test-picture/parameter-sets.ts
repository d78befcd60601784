import { BitWriter } from '../bit-writer.js';

/** Size and rate of a picture. */
export interface PictureShape {
  /** Pixels; even numbers. */
  readonly width: number;
  readonly height: number;
  /** Whole frames a second. */
  readonly fps: number;
}

/** Pixels of a macroblock, either way. */
const BLOCK = 16;
/** Offset of the chroma quantiser: with it, one step of a chroma DC coefficient is below one step of the sample. */
const CHROMA_QP_OFFSET = -6;

/** Macroblocks of a picture, either way. */
export function blocksOf({ width, height }: PictureShape): { readonly columns: number; readonly rows: number } {
  return { columns: Math.ceil(width / BLOCK), rows: Math.ceil(height / BLOCK) };
}

/** Levels with the most macroblocks of a frame, and a second (ITU-T H.264 table A-1). */
const LEVELS = [
  [30, 1620, 40_500],
  [31, 3600, 108_000],
  [32, 5120, 216_000],
  [40, 8192, 245_760],
  [42, 8704, 522_240],
  [51, 36_864, 983_040],
] as const;

function levelOf(shape: PictureShape): number {
  const { columns, rows } = blocksOf(shape);
  const blocks = columns * rows;
  return LEVELS.find(([, most, perSecond]) => blocks <= most && blocks * shape.fps <= perSecond)?.[0] ?? 52;
}

/** Constrained Baseline: one reference frame, output in decoding order, a fixed rate. */
function sequenceParameterSet(shape: PictureShape): Buffer {
  const { columns, rows } = blocksOf(shape);
  const set = new BitWriter().bits(66, 8).bits(0xc0, 8).bits(levelOf(shape), 8);
  // Id 0, frame numbers of 4 bits, picture order as decoded, one reference frame without gaps.
  set.ue(0).ue(0).ue(2).ue(1).raw('0');
  set
    .ue(columns - 1)
    .ue(rows - 1)
    .raw('11');
  const [right, bottom] = [columns * BLOCK - shape.width, rows * BLOCK - shape.height];
  if (right + bottom === 0) set.raw('0');
  else
    set
      .raw('1')
      .ue(0)
      .ue(right / 2)
      .ue(0)
      .ue(bottom / 2);
  // The VUI holds only the timing; a tick is half a frame.
  set.raw('1').raw('0000').raw('1').bits(1, 32);
  return set
    .bits(2 * shape.fps, 32)
    .raw('1')
    .raw('0000')
    .nal(0x67);
}

/** CAVLC, no deblocking unless a slice asks for it. */
function pictureParameterSet(): Buffer {
  const set = new BitWriter().ue(0).ue(0).raw('00').ue(0).ue(0).ue(0).raw('000');
  return set.se(0).se(0).se(CHROMA_QP_OFFSET).raw('100').nal(0x68);
}

/**
 * The AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1) of the pictures of a `BlockEncoder`. The caller owns
 * it.
 */
export function avcConfig(shape: PictureShape): Buffer {
  const [sps, pps] = [sequenceParameterSet(shape), pictureParameterSet()];
  const size = (nal: Buffer): Buffer => Buffer.from([nal.length >> 8, nal.length & 255]);
  const head = Buffer.from([1, ...sps.subarray(1, 4), 0xff, 0xe1]);
  return Buffer.concat([head, size(sps), sps, Buffer.from([1]), size(pps), pps]);
}
