import { type BigIntStats, statSync } from 'node:fs';
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
  #told: string;
  #last: string;
  #sinceMs: number | undefined;
  #looking = false;

  /** Looks at the file for the first time: make it before the file is read, so that no change goes unseen. */
  constructor(path: string) {
    this.#path = path;
    this.#told = identityNow(path);
    this.#last = this.#told;
  }

  /**
   * Looks at the file. Call it about once a second; a call during a look does nothing.
   *
   * @param nowMs monotonic
   * @returns whether there is a change to be told
   */
  async look(nowMs: number): Promise<boolean> {
    if (this.#looking) return false;
    this.#looking = true;
    const found = await stat(this.#path, { bigint: true }).then(identityOf, () => ABSENT);
    this.#looking = false;
    const last = this.#last;
    this.#last = found;
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

const ABSENT = 'absent';

/** What differs when a file was written, or another one stands in its place. */
function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

function identityNow(path: string): string {
  try {
    return identityOf(statSync(path, { bigint: true }));
  } catch {
    return ABSENT;
  }
}
