import { within } from '../../core/within.js';

/**
 * How often the folder is checked, and how long that may take, in ms. A missing folder shows within one check, a disk
 * that hangs within two.
 */
const LOOK_MS = 2000;

/**
 * Checks the journal's folder every two seconds. While nothing is written, nothing else shows that it is gone,
 * read-only or hangs.
 */
export class FolderWatch {
  readonly #verify: () => Promise<void>;
  readonly #distrust: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  /**
   * @param verify rejects when the folder cannot be relied on
   * @param distrust called each time, with the reason
   */
  constructor(verify: () => Promise<void>, distrust: (error: Error) => void) {
    this.#verify = verify;
    this.#distrust = distrust;
  }

  /** Begins to check. It does not keep the process alive. */
  start(): void {
    this.#timer ??= setInterval(() => void this.look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Checks once; one check at a time, also on a disk that hangs. Never rejects. */
  async look(timeoutMs = LOOK_MS): Promise<void> {
    this.#looking ??= this.#verify()
      .catch(this.#distrust)
      .finally(() => {
        this.#looking = undefined;
      });
    if (!(await within(this.#looking, timeoutMs)))
      this.#distrust(new Error(`the disk has not answered for ${timeoutMs} ms`));
  }
}
