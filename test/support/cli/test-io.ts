import type { Io } from '../../../src/cli/io.js';

/** An Io that keeps what is printed. */
export class TestIo implements Io {
  stdout = '';
  stderr = '';
  readonly colour: boolean;
  readonly live: boolean;
  readonly env: Record<string, string | undefined>;
  readonly #gone = new AbortController();
  readonly gone: AbortSignal = this.#gone.signal;

  constructor(options: { colour?: boolean; live?: boolean; env?: Record<string, string> } = {}) {
    this.colour = options.colour ?? false;
    this.live = options.live ?? false;
    this.env = options.env ?? {};
  }

  out(text: string): void {
    this.stdout += text;
  }

  room(): Promise<void> {
    return Promise.resolve();
  }

  settle(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  err(text: string): void {
    this.stderr += text;
  }

  /** As when the reader of a pipe goes away. */
  leave(): void {
    this.#gone.abort();
  }
}
