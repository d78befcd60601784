import type { LoadResult, LoadSecond } from '../../src/load/report.js';
import { sourcePath } from './paths.js';
import { BenchProcess } from './process.js';

const COMMAND_LINE = 'dist/src/cli.js';

/** How a generator is started. */
export interface LoadOptions {
  readonly mode: 'play' | 'publish';
  /** `rtmp://host:port/app/name`. */
  readonly url: string;
  readonly count: number;
  readonly core?: number;
  /** @see StartOptions.priority */
  readonly priority?: boolean;
  /** More arguments of `sluice load`. */
  readonly args?: readonly string[];
}

/** A report of the generator with the bytes summed up. */
export interface LoadSample {
  readonly second: LoadSecond;
  /** Bytes since the generator began. */
  readonly totalBytes: number;
  /** When this process read the line, ms. */
  readonly atMs: number;
}

type Line = LoadSecond | LoadResult;

/**
 * A running load generator (`sluice load play|publish … --json`) and what it prints: a line a second, the result last.
 */
export class LoadGenerator {
  readonly #process: BenchProcess;
  readonly #count: number;
  readonly #ended: Promise<number>;
  #rest = '';
  #totalBytes = 0;
  #result: LoadResult | undefined;
  #waiters: ((sample: LoadSample) => void)[] = [];

  constructor(options: LoadOptions) {
    this.#count = options.count;
    const args = [options.mode, options.url, '-n', String(options.count), '--json', ...(options.args ?? [])];
    this.#process = new BenchProcess({
      command: process.execPath,
      args: [sourcePath(COMMAND_LINE), 'load', ...args],
      core: options.core,
      priority: options.priority,
    });
    this.#ended = this.#process.ended();
    this.#process.stdout.on('data', (chunk: Buffer) => this.#read(chunk.toString('utf8')));
  }

  /** Process id, for its CPU share: a generator near a whole core is the bottleneck itself. */
  get pid(): number {
    return this.#process.pid;
  }

  /** The next report. @throws Error with the generator's output when it ends first. */
  next(): Promise<LoadSample> {
    return new Promise((resolve, reject) => {
      this.#waiters.push(resolve);
      void this.#ended.then(() => reject(new Error(`the load generator ended: ${this.#process.output.slice(-500)}`)));
    });
  }

  /** Waits until every client plays or publishes. @throws Error when one does not. */
  async steady(): Promise<LoadSample> {
    for (;;) {
      const sample = await this.next();
      if (sample.second.phase !== 'steady') continue;
      if (sample.second.ready === this.#count) return sample;
      throw new Error(
        `${sample.second.ready} of ${this.#count} clients got through: ${this.#process.output.slice(-300)}`,
      );
    }
  }

  /** Ends the generator and its connections; returns its result over all of its steady time, if it came that far. */
  async stop(): Promise<LoadResult | undefined> {
    await this.#process.stop();
    return this.#result;
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const text of lines) {
      if (!text.startsWith('{')) continue;
      const line = JSON.parse(text) as Line;
      if (line.type === 'result') {
        this.#result = line;
        continue;
      }
      this.#totalBytes += line.bytes;
      const sample = { second: line, totalBytes: this.#totalBytes, atMs: performance.now() };
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const waiter of waiters) waiter(sample);
    }
  }
}
