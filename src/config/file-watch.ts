import { stat } from 'node:fs/promises';

/** A file that keeps changing is read nevertheless, after so many ms. */
const LONGEST_MS = 5000;

/**
 * Finds out that a file has changed, by looking at it from time to time. What stands under its path counts: an editor
 * may put another file in its place, and Kubernetes changes a link above it. A change is told when two looks in a row
 * found the same, so that a file is not read while it is being written.
 */
export class FileWatch {
  readonly #path: string;
  /** What was found when the last change was told, and at the last look. */
  #told: string | undefined;
  #last: string | undefined;
  #sinceMs: number | undefined;
  #looking = false;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Looks at the file. Call it about once a second; a call during a look does nothing.
   *
   * @param nowMs monotonic
   * @returns whether there is a change to be told. The first look finds none
   */
  async look(nowMs: number): Promise<boolean> {
    if (this.#looking) return false;
    this.#looking = true;
    const found = await identityOf(this.#path);
    this.#looking = false;
    const last = this.#last;
    this.#last = found;
    this.#told ??= found;
    if (found === this.#told) {
      this.#sinceMs = undefined;
      return false;
    }
    this.#sinceMs ??= nowMs;
    if (found !== last && nowMs - this.#sinceMs < LONGEST_MS) return false;
    this.#told = found;
    this.#sinceMs = undefined;
    return true;
  }
}

/** What differs when a file was written, or another one stands in its place. */
async function identityOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch {
    return 'absent';
  }
}
