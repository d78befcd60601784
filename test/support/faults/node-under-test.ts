import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { EventsOptions } from '../../../src/events/options.js';
import { repository } from '../repository.js';
import { waitFor } from '../wait.js';

/** What the workload does. */
export interface Workload {
  readonly seed: number;
  readonly streams: number;
  /** Longest pause between two steps of a stream, milliseconds. */
  readonly stepMs: number;
  readonly concurrency?: number;
  readonly nodeId?: string;
  /** Stream names to use in turn; default: one per stream. */
  readonly names?: readonly string[];
  /** Streams stay open at the end of their steps. */
  readonly linger?: boolean;
  /** This share of the streams does. */
  readonly lingerShare?: number;
  /** The process kills itself when it passes a place for the n-th time. */
  readonly dieAt?: { readonly place: DeathPlace; readonly count: number };
  /** Tells which bytes of which file are safe from a power loss, and which events were shown. */
  readonly tellDisk?: boolean;
}

/**
 * Where a workload can die: a start is queued and not written; records are in the file and not synced; an fsync is done
 * and no caller knows; the encoder has just been told; an end is queued and not written.
 */
export type DeathPlace = 'asked' | 'written' | 'synced' | 'started' | 'ended';

/** One line of a ledger. */
export interface LedgerLine {
  readonly t: string;
  readonly id?: string;
  readonly [key: string]: unknown;
}

const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** A process that runs the event layer with a random workload, and the ledger of what its encoders were told. */
export class NodeUnderTest {
  readonly ledger: LedgerLine[] = [];
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly #child: ChildProcess;
  #stderr = '';
  #done = false;

  private constructor(events: EventsOptions, workload: Workload) {
    const dist = join(repository(), 'dist/src/events/event-layer.js');
    if (!existsSync(dist)) throw new Error('dist/ is missing: run "npm run build" first');
    const script = join(repository(), 'test/support/faults/workload.mjs');
    const child = spawn(process.execPath, [script, JSON.stringify({ ...workload, events })], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    alive.add(child);
    createInterface({ input: child.stdout! }).on('line', (line) => this.#note(line));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString('utf8');
    });
    child.stdin?.on('error', () => undefined);
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        alive.delete(child);
        this.#done = true;
        resolve({ code, signal });
      });
    });
  }

  /** Starts a process and waits until its event layer is open. */
  static async start(events: EventsOptions, workload: Workload): Promise<NodeUnderTest> {
    const node = new NodeUnderTest(events, workload);
    await node.saw('open');
    return node;
  }

  /** Starts a process and does not wait. */
  static launch(events: EventsOptions, workload: Workload): NodeUnderTest {
    return new NodeUnderTest(events, workload);
  }

  get running(): boolean {
    return !this.#done;
  }

  /** Waits for a line of a kind. */
  saw(kind: string, timeoutMs = 60_000): Promise<LedgerLine> {
    return waitFor(
      () => {
        const line = this.ledger.find((entry) => entry.t === kind);
        if (line === undefined && this.#done) throw new Error(`the node ended before '${kind}'\n${this.#stderr}`);
        return line;
      },
      { timeoutMs, what: () => `'${kind}'; ${JSON.stringify(this.stats())}\n${this.#stderr}` },
    );
  }

  /** The newest counters. */
  stats(): LedgerLine | undefined {
    return this.ledger.findLast((entry) => entry.t === 'stats' || entry.t === 'settled' || entry.t === 'closed');
  }

  /** Waits until the counters match. */
  until(match: (stats: LedgerLine) => boolean, timeoutMs = 60_000): Promise<LedgerLine> {
    return waitFor(() => [this.stats()].find((stats) => stats !== undefined && match(stats)), {
      timeoutMs,
      what: () => `the counters to match; ${JSON.stringify(this.stats())}\n${this.#stderr}`,
    });
  }

  command(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Waits until the workload is through and NATS has everything. @returns the counters then */
  async settle(timeoutMs = 90_000): Promise<LedgerLine> {
    await this.saw('worked', timeoutMs);
    this.command('settle');
    return this.saw('settled', timeoutMs);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Kills it. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  #note(line: string): void {
    try {
      this.ledger.push(JSON.parse(line) as LedgerLine);
    } catch {
      // The last line of a killed process may be torn.
    }
  }
}
