import { sourcePath } from './paths.js';
import { BenchProcess } from './process.js';

/** What the load generator counts; all totals since it began. */
export interface LoadSample {
  /** Clients that play or publish now. */
  readonly active: number;
  /** Clients whose connection ended before it was told to. */
  readonly lost: number;
  /** Media bytes received (players) or sent (publishers). */
  readonly bytes: number;
  /** The same for the client with the fewest and the most. */
  readonly leastBytes: number;
  readonly mostBytes: number;
  /** Delay from publisher to player in ms over the last interval; undefined unless it was asked for. */
  readonly delayP50Ms?: number;
  readonly delayP99Ms?: number;
  /** When this process read the line, ms. */
  readonly atMs: number;
}

const GENERATOR = 'dist/src/load/main.js';

/** How a generator is started. */
export interface LoadOptions {
  readonly mode: 'play' | 'publish';
  /** `rtmp://host:port/app/name`. */
  readonly url: string;
  readonly count: number;
  readonly core?: number;
  /** More arguments of `sluice load`. */
  readonly args?: readonly string[];
}

/** A running load generator (`sluice load play|publish`) and its last sample. It prints one JSON line per interval. */
export class LoadGenerator {
  readonly #process: BenchProcess;
  readonly #count: number;
  #rest = '';
  #last: LoadSample | undefined;
  #waiters: ((sample: LoadSample) => void)[] = [];

  constructor(options: LoadOptions) {
    this.#count = options.count;
    this.#process = new BenchProcess({
      command: process.execPath,
      args: [
        sourcePath(GENERATOR),
        options.mode,
        options.url,
        '-n',
        String(options.count),
        '--json',
        ...(options.args ?? []),
      ],
      core: options.core,
    });
    this.#process.stdout.on('data', (chunk: Buffer) => this.#read(chunk.toString('utf8')));
  }

  /** Process id, for its CPU share: a generator near a whole core is the bottleneck itself. */
  get pid(): number {
    return this.#process.pid;
  }

  /** The last sample, undefined before the first. */
  get last(): LoadSample | undefined {
    return this.#last;
  }

  /** The next sample. @throws Error with the generator's output when it ends first. */
  next(): Promise<LoadSample> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error(`the load generator ended: ${this.#process.output.slice(-500)}`));
      void this.#process.ended().then(gone);
      this.#waiters.push(resolve);
    });
  }

  /** Waits until all clients are active. @throws Error when they are not after `timeoutMs`. */
  async allActive(timeoutMs: number): Promise<LoadSample> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const sample = await this.next();
      if (sample.active >= this.#count) return sample;
      if (performance.now() > deadline) {
        throw new Error(
          `${sample.active} of ${this.#count} clients are active after ${timeoutMs / 1000} s, ${sample.lost} lost`,
        );
      }
    }
  }

  /** Ends the generator and its connections. */
  stop(): Promise<void> {
    return this.#process.stop();
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('{')) continue;
      const sample = readSample(JSON.parse(line) as Record<string, unknown>);
      this.#last = sample;
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const waiter of waiters) waiter(sample);
    }
  }
}

function readSample(line: Record<string, unknown>): LoadSample {
  const number = (key: string): number => (typeof line[key] === 'number' ? line[key] : 0);
  const delay = (key: string): number | undefined => (typeof line[key] === 'number' ? line[key] : undefined);
  return {
    active: number('active'),
    lost: number('lost'),
    bytes: number('bytes'),
    leastBytes: number('leastBytes'),
    mostBytes: number('mostBytes'),
    delayP50Ms: delay('delayP50Ms'),
    delayP99Ms: delay('delayP99Ms'),
    atMs: performance.now(),
  };
}
