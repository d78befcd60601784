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

  readonly #secret: string;

  constructor(options: { colour?: boolean; live?: boolean; env?: Record<string, string>; secret?: string } = {}) {
    this.colour = options.colour ?? false;
    this.live = options.live ?? false;
    this.env = options.env ?? {};
    this.#secret = options.secret ?? '';
  }

  out(text: string): void {
    this.stdout += text;
  }

  room(): Promise<void> {
    return Promise.resolve();
  }

  readSecret(): Promise<string> {
    return Promise.resolve(this.#secret);
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
