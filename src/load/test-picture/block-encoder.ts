import { BitWriter } from '../bit-writer.js';
import { writeDcBlock } from './cavlc.js';

/** Quantiser of luma. A step of a DC coefficient is 40/64 of a step of the sample, so that every value can be hit. */
const QP = 24;
const INITIAL_QP = 26;
/** A DC coefficient of 1, transformed and scaled (ITU-T H.264 §8.5.10, §8.5.11 with quantisers 24 and 18). */
const SCALE = 40;
/** Prediction of a whole macroblock, luma and chroma, from its left neighbour and from that above. */
const LUMA_MODES = { above: 0, left: 1, none: 2 } as const;
const CHROMA_MODES = { none: 0, left: 1, above: 2 } as const;
const GRAY = 0x808080;

/**
 * An H.264 encoder for pictures whose macroblocks of 16x16 pixels have one colour each: that is all a test picture
 * needs. Every macroblock is either skipped or predicted from its neighbour, with one coefficient for each plane that
 * differs. All values are met exactly.
 */
export class BlockEncoder {
  readonly #columns: number;
  readonly #rows: number;
  readonly #out = new BitWriter();
  /** The picture before, as a decoder has it. */
  #shown: Uint32Array;
  #frameNumber = 0;
  #keys = 0;

  constructor({ columns, rows }: { readonly columns: number; readonly rows: number }) {
    this.#columns = columns;
    this.#rows = rows;
    this.#shown = new Uint32Array(columns * rows);
  }

  /**
   * Encodes a picture.
   *
   * @param blocks colour of each macroblock, row by row, as `0xYYUUVV`; copied
   * @param isKey whether it stands alone; the first picture has to
   * @returns a NAL unit, a whole slice, that the caller owns
   */
  encode(blocks: Uint32Array, isKey: boolean): Buffer {
    const out = this.#out;
    this.#frameNumber = isKey ? 0 : (this.#frameNumber + 1) % 16;
    out
      .ue(0)
      .ue(isKey ? 7 : 5)
      .ue(0)
      .bits(this.#frameNumber, 4);
    // Two key frames in a row need different ids. A P slice has no special references.
    if (isKey) out.ue(this.#keys++ % 2).raw('00');
    else out.raw('000');
    out.se(QP - INITIAL_QP).ue(1);
    let skipped = 0;
    for (let index = 0; index < this.#columns * this.#rows; index++) {
      if (!isKey && blocks[index] === this.#shown[index]) skipped++;
      else {
        if (!isKey) out.ue(skipped);
        skipped = 0;
        this.#block(blocks, index, isKey);
      }
    }
    if (skipped > 0) out.ue(skipped);
    this.#shown = blocks.slice();
    return out.nal(isKey ? 0x65 : 0x41);
  }

  #block(blocks: Uint32Array, index: number, isKey: boolean): void {
    const from = index % this.#columns > 0 ? 'left' : index >= this.#columns ? 'above' : 'none';
    const predicted = from === 'none' ? GRAY : blocks[from === 'left' ? index - 1 : index - this.#columns]!;
    const colour = blocks[index]!;
    const [y, u, v] = [16, 8, 0].map((at) => levelFor(((colour >> at) & 255) - ((predicted >> at) & 255)));
    const hasChroma = u !== 0 || v !== 0;
    // mb_type: I_16x16 with this prediction and chroma DC or nothing; P slices count from 5.
    this.#out.ue((isKey ? 1 : 6) + LUMA_MODES[from] + (hasChroma ? 4 : 0));
    this.#out.ue(CHROMA_MODES[from]).se(0);
    writeDcBlock(this.#out, y!, 'luma');
    if (!hasChroma) return;
    writeDcBlock(this.#out, u!, 'chroma');
    writeDcBlock(this.#out, v!, 'chroma');
  }
}

/**
 * The DC coefficient that changes all samples of a macroblock by `difference`: the decoder adds `(40 x level + 32) >>
 * 6`.
 */
function levelFor(difference: number): number {
  return Math.ceil((difference * 64 - 32) / SCALE);
}
