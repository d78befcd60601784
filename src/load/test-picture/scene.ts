import { GLYPH_COLUMNS, GLYPH_ROWS, isLit } from './digits.js';

/** Colours as `0xYYUUVV`, of BT.601 with limited range: white, yellow, cyan, green, magenta, red, blue at 75 %. */
const BARS = [0xb48080, 0xa22c8e, 0x839c2c, 0x70483a, 0x54b8c6, 0x4164d4, 0x23d472];
const BLACK = 0x108080;
const WHITE = 0xeb8080;
const AMBER = 0xb4409a;
const TRACK = 0x308080;
const COUNTER_DIGITS = 6;
const CLOCK = 'hh:mm:ss';

/** Macroblocks of a picture, either way. */
interface Grid {
  readonly columns: number;
  readonly rows: number;
}

/** What is written into a picture. */
interface SceneFacts {
  /** Frames since the start. */
  readonly frame: number;
  /** Local time, hh:mm:ss. */
  readonly clock: string;
}

/**
 * The test picture: colour bars, the time, the number of the frame, and a bar that moves on by one macroblock with each
 * frame.
 */
export class Scene {
  readonly #grid: Grid;
  readonly #background: Uint32Array;
  /** Macroblocks of a cell of a character, either way. */
  readonly #cell: number;

  constructor(grid: Grid) {
    const { columns, rows } = grid;
    this.#grid = grid;
    this.#cell = Math.max(1, Math.floor(columns / (CLOCK.length * (GLYPH_COLUMNS + 1) + 2)));
    const barRows = Math.max(1, Math.floor(rows / 4));
    this.#background = Uint32Array.from({ length: columns * rows }, (_, index) => {
      const row = Math.floor(index / columns);
      if (row < barRows) return BARS[Math.floor(((index % columns) * BARS.length) / columns)]!;
      return row >= rows - 2 ? TRACK : BLACK;
    });
  }

  /** The colour of each macroblock, row by row; the caller owns it. */
  draw({ frame, clock }: SceneFacts): Uint32Array {
    const { columns, rows } = this.#grid;
    const blocks = this.#background.slice();
    const below = Math.floor(rows / 4) + 1;
    this.#write(blocks, clock, below, this.#cell, WHITE);
    const counter = String(frame % 10 ** COUNTER_DIGITS).padStart(COUNTER_DIGITS, '0');
    this.#write(blocks, counter, below + GLYPH_ROWS * this.#cell + 1, this.#cell, AMBER);
    for (const row of [rows - 2, rows - 1]) blocks[row * columns + (frame % columns)] = WHITE;
    return blocks;
  }

  /** Writes a text in the middle of a row. What does not fit is left out. */
  #write(blocks: Uint32Array, text: string, top: number, cell: number, colour: number): void {
    const { columns, rows } = this.#grid;
    const left = Math.floor((columns - (text.length * (GLYPH_COLUMNS + 1) - 1) * cell) / 2);
    for (const [at, character] of [...text].entries()) {
      for (let y = 0; y < GLYPH_ROWS * cell; y++) {
        for (let x = 0; x < GLYPH_COLUMNS * cell; x++) {
          const [column, row] = [left + at * (GLYPH_COLUMNS + 1) * cell + x, top + y];
          const fits = column >= 0 && column < columns && row < rows - 2;
          if (fits && isLit(character, Math.floor(x / cell), Math.floor(y / cell)))
            blocks[row * columns + column] = colour;
        }
      }
    }
  }
}
