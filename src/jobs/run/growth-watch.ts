import { walkFolder } from './walk-folder.js';

/** Most entries of an out folder that are looked at for growth. */
const MOST_ENTRIES = 10_000;
/** Shortest time between two looks, in ms. */
const EVERY_MS = 1000;
/** A look takes at most this share of the time: large folders are looked at less often. */
const SHARE = 0.02;

/**
 * Notices that a folder changes: bytes, files, or the time of the newest file or folder. It looks once a second at
 * most, and looks do not overlap.
 */
export class GrowthWatch {
  readonly #folder: string;
  #seen: string | undefined;
  #isLooking = false;
  #nextMs = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether a look is going on. */
  get isLooking(): boolean {
    return this.#isLooking;
  }

  /**
   * Looks again if it is time to.
   *
   * @param nowMs monotonic clock
   * @param onGrowth called later when the folder is not as it was at the look before; the first look tells nothing
   */
  look(nowMs: number, onGrowth: () => void): void {
    if (this.#isLooking || nowMs < this.#nextMs) return;
    this.#isLooking = true;
    const beganMs = performance.now();
    void this.#take()
      .then((now) => {
        if (this.#seen !== undefined && now !== this.#seen) onGrowth();
        this.#seen = now;
      })
      // A folder that cannot be read does not grow.
      .catch(() => undefined)
      .finally(() => {
        this.#isLooking = false;
        this.#nextMs = nowMs + Math.max(EVERY_MS, (performance.now() - beganMs) / SHARE);
      });
  }

  async #take(): Promise<string> {
    let bytes = 0;
    let entries = 0;
    let newestMs = 0;
    await walkFolder(this.#folder, MOST_ENTRIES, (_, found) => {
      if (!found.isDirectory()) bytes += found.size;
      entries += 1;
      newestMs = Math.max(newestMs, found.mtimeMs);
    });
    return `${bytes} ${entries} ${newestMs}`;
  }
}
