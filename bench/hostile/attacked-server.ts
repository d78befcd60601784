import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LoadGenerator } from '../lib/load.js';
import { GENERATOR_CORE } from '../lib/load-point.js';
import { sourcePath } from '../lib/paths.js';
import { BenchProcess, pause, raiseGroupPriority, residentBytes } from '../lib/process.js';
import { type RunningSluice, startSluice } from '../peers/sluice.js';
import { readMetrics, type Sample } from './sample.js';
import type { Phase } from './verdicts.js';

const STREAM = 'good';
const READY_TIMEOUT_MS = 30_000;
/** Longest time for which the attack's process may go on after its end. */
const ATTACK_GRACE_MS = 30_000;

/** A line of the good players' process. */
interface GoodSecond {
  readonly closed: number;
  readonly bytes: readonly number[];
  readonly delaysMs: readonly number[];
}

/** A server with a good stream and good players, to be attacked. */
export class AttackedServer {
  readonly #server: RunningSluice;
  readonly #pid: number;
  readonly #directory: string;
  readonly #publisher: LoadGenerator;
  readonly #players: BenchProcess;
  #rest = '';
  #seconds: GoodSecond[] = [];
  #closed = 0;

  private constructor(server: RunningSluice, directory: string, publisher: LoadGenerator, players: BenchProcess) {
    this.#server = server;
    this.#pid = server.pid!;
    this.#directory = directory;
    this.#publisher = publisher;
    this.#players = players;
    players.stdout.on('data', (chunk: Buffer) => this.#read(chunk.toString('utf8')));
  }

  /**
   * Starts everything, and waits until every good player plays.
   *
   * @param priority server, publisher and good players get a higher priority than everything else on the machine
   * @param strangers the limits per address hold for loopback addresses too, as for other clients
   */
  static async open(players: number, priority: boolean, strangers: boolean): Promise<AttackedServer> {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
    if (priority) raiseGroupPriority();
    // The server is not bound to a core: the threads that collect garbage would have to wait for the thread that they
    // hold up.
    const server = await startSluice({
      priority,
      directory,
      env: { SLUICE_LIMITS_LIMIT_LOOPBACK: String(strangers) },
    });
    const url = `rtmp://127.0.0.1:${server.rtmpPort}/live/${STREAM}`;
    const args = ['--delay'];
    const publisher = new LoadGenerator({ mode: 'publish', url, count: 1, core: GENERATOR_CORE, priority, args });
    const good = new BenchProcess({
      command: process.execPath,
      args: [sourcePath('dist/bench/hostile/good-main.js'), String(server.rtmpPort), STREAM, String(players)],
      core: GENERATOR_CORE,
      priority,
    });
    const attacked = new AttackedServer(server, directory, publisher, good);
    try {
      await publisher.steady();
      await attacked.#playing();
    } catch (error) {
      await attacked.close();
      throw error;
    }
    return attacked;
  }

  async #playing(): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (this.#seconds.length < 2) {
      if (performance.now() > deadline)
        throw new Error(`the good players do not play: ${this.#players.output.slice(-500)}`);
      await pause(50);
    }
  }

  /** Samples once a second for so long. @param during what goes on meanwhile; the phase lasts until it is over */
  async phase(seconds: number, during?: Promise<unknown>): Promise<Phase> {
    const lostBefore = this.#lost;
    this.#seconds = [];
    const samples = [await this.#sample()];
    let over = during === undefined;
    const end = (): void => {
      over = true;
    };
    during?.then(end, end);
    for (let i = 1; i <= seconds || !over; i++) {
      await pause(Math.max(0, samples[0].atMs + i * 1000 - performance.now()));
      samples.push(await this.#sample());
    }
    return {
      samples,
      delaysMs: this.#seconds.flatMap((s) => s.delaysMs),
      lost: this.#lost - lostBefore,
    };
  }

  /** Runs attacks, all of them at once, in a process of their own. @returns by name what got through */
  async attack(names: readonly string[], seconds: number): Promise<Record<string, Record<string, number>>> {
    const { rtmpPort, httpPort } = this.#server;
    const args = [String(rtmpPort), String(httpPort), STREAM, String(seconds), ...names];
    const attack = new BenchProcess({
      command: process.execPath,
      args: [sourcePath('dist/bench/hostile/attack-main.js'), ...args],
      core: GENERATOR_CORE,
    });
    const timer = setTimeout(() => attack.signal('SIGKILL'), seconds * 1000 + ATTACK_GRACE_MS);
    const code = await attack.ended();
    clearTimeout(timer);
    if (code !== 0) throw new Error(`the attack ${names.join(', ')} ended with ${code}: ${attack.output.slice(-1000)}`);
    return JSON.parse(attack.output.trim().split('\n').at(-1) ?? '{}') as Record<string, Record<string, number>>;
  }

  /** Ends all. */
  async close(): Promise<void> {
    await this.#players.stop();
    await this.#publisher.stop();
    await this.#server.stop();
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 });
  }

  /** The last output of the server. */
  get output(): string {
    return this.#server.output().slice(-2000);
  }

  get #lost(): number {
    return this.#players.running ? this.#closed : Number.POSITIVE_INFINITY;
  }

  async #sample(): Promise<Sample> {
    const response = await fetch(`http://127.0.0.1:${this.#server.httpPort}/metrics`, {
      signal: AbortSignal.timeout(20_000),
    });
    const page = await response.text();
    return {
      ...readMetrics(page),
      atMs: performance.now(),
      rssBytes: residentBytes(this.#pid),
      logLines: this.#server.output().split('\n').length,
    };
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('{')) continue;
      const second = JSON.parse(line) as GoodSecond;
      this.#seconds.push(second);
      this.#closed = second.closed;
    }
  }
}
