import type { BitWriter } from '../bit-writer.js';

/** What is said before a block with no coefficient or with one (ITU-T H.264 table 9-5). */
interface TokenCodes {
  readonly none: string;
  /** One coefficient of 1 or -1. */
  readonly trailingOne: string;
  /** One coefficient of another value. */
  readonly other: string;
}

/** Coefficients of luma where the blocks at the left and above have none: column 0 <= nC < 2. */
const LUMA: TokenCodes = { none: '1', trailingOne: '01', other: '000101' };
/** Chroma DC coefficients: column nC = -1. */
const CHROMA_DC: TokenCodes = { none: '01', trailingOne: '1', other: '000111' };
/** total_zeros of a block whose one coefficient is its first (tables 9-7 and 9-9). */
const NO_ZEROS = '1';
/** Largest level that the longest code of the baseline profile can say. */
export const MAX_LEVEL = 2063;

/**
 * Writes a block whose coefficients are all 0 but the first (ITU-T H.264 §7.3.5.3.2).
 *
 * @param level the first coefficient, at most {@link MAX_LEVEL} either way
 */
export function writeDcBlock(out: BitWriter, level: number, of: 'luma' | 'chroma'): void {
  const codes = of === 'luma' ? LUMA : CHROMA_DC;
  if (level === 0) {
    out.raw(codes.none);
    return;
  }
  if (Math.abs(level) === 1) out.raw(codes.trailingOne).bits(level < 0 ? 1 : 0, 1);
  else writeLevel(out.raw(codes.other), level);
  out.raw(NO_ZEROS);
}

/** The first level that is no trailing one, with a suffix length of 0 (ITU-T H.264 §9.2.2.1). */
function writeLevel(out: BitWriter, level: number): void {
  // A level of 1 or -1 would be a trailing one, so that codes begin with 2 and -2.
  const code = 2 * Math.abs(level) - (level > 0 ? 4 : 3);
  if (code < 14) out.bits(1, code + 1);
  else if (code < 30) out.bits(1, 15).bits(code - 14, 4);
  else out.bits(1, 16).bits(code - 30, 12);
}
