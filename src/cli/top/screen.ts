/** A terminal that keys come from. */
export interface ScreenInput {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
  setEncoding(encoding: 'utf8'): unknown;
  on(event: 'data', listener: (text: string) => void): unknown;
  off(event: 'data', listener: (text: string) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** A terminal that is drawn on. */
export interface ScreenOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly writableNeedDrain?: boolean;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** Alternate screen, no cursor; and back. */
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const COLUMNS = 80;
const ROWS = 24;

/**
 * The whole terminal for one program: the alternate screen and single keys. Whatever ends the process, the terminal is
 * as before.
 */
export class Screen {
  readonly #input: ScreenInput;
  readonly #output: ScreenOutput;
  readonly #onKeys: (text: string) => void;
  readonly #onResize: () => void;
  readonly #leave = (): void => this.close();
  #isOpen = true;

  constructor(
    { input, output }: { readonly input: ScreenInput; readonly output: ScreenOutput },
    on: { readonly keys: (text: string) => void; readonly resized: () => void },
  ) {
    this.#input = input;
    this.#output = output;
    this.#onKeys = on.keys;
    this.#onResize = on.resized;
    process.once('exit', this.#leave);
    output.write(ENTER);
    output.on('resize', this.#onResize);
    input.setRawMode?.(true);
    input.setEncoding('utf8');
    input.on('data', this.#onKeys);
    input.resume();
  }

  get columns(): number {
    return this.#output.columns ?? COLUMNS;
  }

  get rows(): number {
    return this.#output.rows ?? ROWS;
  }

  /** Shows these lines and nothing else. Nothing is written while the terminal takes nothing. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen || this.#output.writableNeedDrain === true) return;
    this.#output.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`);
  }

  /** Gives the terminal back. May be called more than once. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.#leave);
    this.#output.off('resize', this.#onResize);
    this.#input.off('data', this.#onKeys);
    this.#input.setRawMode?.(false);
    this.#input.pause();
    this.#output.write(LEAVE);
  }
}
