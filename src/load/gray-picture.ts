import { BitWriter } from './bit-writer.js';

/** Macroblocks of 1280x720. */
const COLUMNS = 80;
const ROWS = 45;
const FPS = 30;

/**
 * Constrained Baseline, level 3.1, 1280x720, 30 frames per second fixed, one reference frame, output in decoding order.
 */
function sequenceParameterSet(): Buffer {
  const sps = new BitWriter().bits(66, 8).bits(0xc0, 8).bits(31, 8);
  sps.ue(0).ue(0).ue(2).ue(1).raw('0');
  sps
    .ue(COLUMNS - 1)
    .ue(ROWS - 1)
    .raw('1')
    .raw('1')
    .raw('0');
  // The VUI holds only the timing; a tick is half a frame.
  sps
    .raw('1')
    .raw('0000')
    .raw('1')
    .bits(1, 32)
    .bits(2 * FPS, 32)
    .raw('1')
    .raw('0000');
  return sps.nal(0x67);
}

function pictureParameterSet(): Buffer {
  return new BitWriter().ue(0).ue(0).raw('00').ue(0).ue(0).ue(0).raw('000').ue(0).ue(0).ue(0).raw('000').nal(0x68);
}

/** The AVCDecoderConfigurationRecord of the pictures below. */
export function grayConfig(): Buffer {
  const sps = sequenceParameterSet();
  const pps = pictureParameterSet();
  const size = (nal: Buffer): Buffer => Buffer.from([nal.length >> 8, nal.length & 255]);
  return Buffer.concat([
    Buffer.from([1, ...sps.subarray(1, 4), 0xff, 0xe1]),
    size(sps),
    sps,
    Buffer.from([1]),
    size(pps),
    pps,
  ]);
}

/** An IDR slice. Each macroblock is Intra 16x16 with DC prediction and no residual, and so gray. */
export function grayKeySlice(): Buffer {
  const slice = new BitWriter().ue(0).ue(7).ue(0).bits(0, 4).ue(0).raw('00').ue(0);
  // mb_type 3, intra_chroma_pred_mode 0, mb_qp_delta 0, no coefficients.
  for (let count = COLUMNS * ROWS; count > 0; count--) slice.raw('00100111');
  return slice.nal(0x65);
}

/**
 * A P slice that repeats the picture before: all macroblocks skipped.
 *
 * @param index frames since the key frame
 */
export function grayRepeatSlice(index: number): Buffer {
  const slice = new BitWriter()
    .ue(0)
    .ue(5)
    .ue(0)
    .bits(index % 16, 4)
    .raw('000')
    .ue(0);
  return slice.ue(COLUMNS * ROWS).nal(0x41);
}
