import type { RunProgress } from '../../model/run-progress.js';

/** Longest line, in bytes. What ffmpeg writes has fewer than 64. */
const MAX_LINE_BYTES = 256;
const LINE_FEED = 0x0a;

type Counter = keyof RunProgress;

/** Keys of `-progress` that are kept: the member, and what one of its units is worth in ours. */
const KEYS: Readonly<Record<string, { readonly member: Counter; readonly factor: number }>> = {
  frame: { member: 'frame', factor: 1 },
  fps: { member: 'fps', factor: 1 },
  bitrate: { member: 'bitrateKbps', factor: 1 },
  total_size: { member: 'totalBytes', factor: 1 },
  out_time_us: { member: 'outTimeMs', factor: 1e-3 },
  dup_frames: { member: 'dupFrames', factor: 1 },
  drop_frames: { member: 'dropFrames', factor: 1 },
  speed: { member: 'speed', factor: 1 },
};

/** Counters whose growth shows that work is done. The others can stay or fall while it is. */
const GROWING = ['frame', 'totalBytes', 'outTimeMs'] as const;

/**
 * Reads what ffmpeg writes with `-progress pipe:3`: lines `key=value`; the line `progress=…` ends a block. Programs of
 * any other kind may write the same. Lines that are something else are ignored, and so are lines that are too long.
 */
export class ProgressReader {
  #latest: RunProgress = {};
  #block: Partial<Record<Counter, number>> = {};
  #line = Buffer.alloc(0);
  #isLineTooLong = false;
  readonly #most: Partial<Record<Counter, number>> = {};

  /** The newest whole block. Members that it did not say, or said as `N/A`, are missing. */
  get latest(): RunProgress {
    return this.#latest;
  }

  /**
   * Takes the next bytes, in chunks of any size.
   *
   * @param chunk borrowed until return
   * @returns whether a block ended in which a counter is higher than ever before
   */
  push(chunk: Buffer): boolean {
    let grew = false;
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      this.#hold(chunk.subarray(from, end));
      if (!this.#isLineTooLong && this.#take(this.#line.toString('latin1'))) grew = true;
      this.#line = Buffer.alloc(0);
      this.#isLineTooLong = false;
      from = end + 1;
    }
    this.#hold(chunk.subarray(from));
    return grew;
  }

  #hold(part: Buffer): void {
    if (part.length === 0 || this.#isLineTooLong) return;
    if (this.#line.length + part.length > MAX_LINE_BYTES) {
      this.#isLineTooLong = true;
      this.#line = Buffer.alloc(0);
      return;
    }
    this.#line = Buffer.concat([this.#line, part]);
  }

  /** @returns whether the line ended a block in which a counter grew */
  #take(line: string): boolean {
    const equals = line.indexOf('=');
    if (equals < 0) return false;
    const key = line.slice(0, equals).trim();
    if (key === 'progress') return this.#endBlock();
    const known = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    const value = known === undefined ? undefined : readNumber(line.slice(equals + 1));
    if (known !== undefined && value !== undefined) {
      // Thousandths are as exact as anyone needs, and hide what is left over from multiplying by a fraction.
      this.#block[known.member] = Math.round(value * known.factor * 1000) / 1000;
    }
    return false;
  }

  #endBlock(): boolean {
    this.#latest = this.#block;
    this.#block = {};
    let grew = false;
    for (const counter of GROWING) {
      const value = this.#latest[counter];
      if (value === undefined || value <= (this.#most[counter] ?? 0)) continue;
      this.#most[counter] = value;
      grew = true;
    }
    return grew;
  }
}

/** The number that a value begins with: `25`, ` 512.3kbits/s`, `1.01x`. Anything else, such as `N/A`: undefined. */
function readNumber(text: string): number | undefined {
  const match = /^\s*(\d{1,15}(?:\.\d{1,6})?)(?:kbits\/s|x)?\s*$/.exec(text);
  return match === null ? undefined : Number(match[1]);
}
