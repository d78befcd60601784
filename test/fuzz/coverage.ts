import { type Profiler, Session } from 'node:inspector';

/**
 * Which blocks of code have run in this thread, by V8's own counters (the Profiler domain of the inspector). Code in
 * WASM is not seen: a target that reads with WASM also reads with the reference implementation, whose blocks guide the
 * search.
 */
export class Coverage {
  readonly #session = new Session();
  readonly #sources: readonly string[];
  readonly #seen = new Set<string>();

  /** @param sources parts of the paths of the files that count */
  constructor(sources: readonly string[]) {
    this.#sources = sources;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Blocks that have run so far. */
  get blocks(): number {
    return this.#seen.size;
  }

  /** What has run since the last call, and had not before. It is not counted as seen yet. */
  take(): string[] {
    let result: Profiler.ScriptCoverage[] = [];
    // In the thread's own session the answer comes before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, found) => {
      if (error !== null) throw error;
      result = found.result;
    });
    const fresh: string[] = [];
    for (const { url, functions } of result) {
      if (!this.#sources.some((source) => url.includes(source))) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          const block = `${url}:${startOffset}-${endOffset}`;
          if (count > 0 && !this.#seen.has(block)) fresh.push(block);
        }
      }
    }
    return fresh;
  }

  note(blocks: readonly string[]): void {
    for (const block of blocks) this.#seen.add(block);
  }
}
