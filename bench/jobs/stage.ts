import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobRecord } from '../../src/jobs/record/record.js';
import { AnswerTimeout } from '../../src/nats/answer-timeout.js';
import { connectNats, type NatsConnection } from '../../src/nats/connection.js';
import { KvBucket } from '../../src/nats/kv-bucket.js';
import { type BenchBroker, startBroker } from '../lib/bare-jetstream.js';
import { LoadGenerator } from '../lib/load.js';
import { sourcePath } from '../lib/paths.js';
import { BenchProcess, pause } from '../lib/process.js';
import { type RunningSluice, startSluice } from '../peers/sluice.js';

/** A program that does nothing: what is measured is everything around it. It gets a ticket. */
const TEMPLATES = `
version: 1
templates:
  - name: idle
    match: { app: live }
    run: { exec: [sleep, infinity], env: { URL: "{url}" } }
    graceMs: 1000
  - name: elsewhere
    match: { app: nowhere }
    run: { exec: [sleep, infinity] }
    runners: { labels: { place: elsewhere } }
`;

const COMMAND_LINE = 'dist/src/cli.js';
const WAIT_MS = 120_000;

/** A server, a nats-server and runners, each a process of its own, and what is told of them. */
export class JobStage {
  readonly broker: BenchBroker;
  readonly server: RunningSluice;
  readonly connection: NatsConnection;
  /** When a stream became ready, and when its job ran: ms since the epoch, by stream id. */
  readonly readyMs = new Map<string, number>();
  readonly runsMs = new Map<string, number>();
  readonly ended = new Set<string>();
  readonly #directory: string;
  readonly #runners: BenchProcess[] = [];

  private constructor(broker: BenchBroker, server: RunningSluice, connection: NatsConnection, directory: string) {
    this.broker = broker;
    this.server = server;
    this.connection = connection;
    this.#directory = directory;
    this.#listen('sluice.v1.evt.*.*.*.stream.ready.*', (streamId, timeMs) => this.readyMs.set(streamId, timeMs));
    this.#listen('sluice.v1.job.*.*.*.*.*.started.*', (streamId, timeMs) => this.runsMs.set(streamId, timeMs));
    this.#listen('sluice.v1.job.*.*.*.*.*.*.end', (streamId) => this.ended.add(streamId));
  }

  /** @param binary the nats-server */
  static async start(binary: string): Promise<JobStage> {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-jobs-'));
    const broker = await startBroker(binary);
    const env = {
      SLUICE_NATS_URL: broker.url,
      SLUICE_LIMITS_MAX_CONNECTIONS_PER_IP: '20000',
      SLUICE_LIMITS_EVENTS_PER_SECOND_PER_IP: '10000',
    };
    const server = await startSluice({ directory: join(directory, 'server'), env });
    const connection = await connectNats({ urls: [broker.url] });
    return new JobStage(broker, server, connection, directory);
  }

  /** Starts a runner and waits until it takes jobs. */
  async runner(slots: number, settings: readonly string[] = []): Promise<BenchProcess> {
    const file = join(this.#directory, 'jobs.yaml');
    writeFileSync(file, TEMPLATES);
    const data = join(this.#directory, `runner${this.#runners.length}`);
    const args = ['jobs', 'run', '-f', file, '--nats', this.broker.url, '--data', data, '--slots', String(slots)];
    const sets = settings.flatMap((each) => ['--set', each]);
    const runner = new BenchProcess({
      command: process.execPath,
      args: [sourcePath(COMMAND_LINE), ...args, ...sets],
      env: { SLUICE_LOG_FORMAT: 'json' },
    });
    this.#runners.push(runner);
    await until(
      () => runner.output.includes('the runner takes jobs'),
      () => `a runner: ${runner.output.slice(-500)}`,
    );
    return runner;
  }

  /** Publishes streams, so many a second. */
  publish(name: string, count: number, rate: number): LoadGenerator {
    const args = ['--kbps', '300', '--rate', String(rate), '--warmup', '0', '--timeout-ms', '60000'];
    return new LoadGenerator({
      mode: 'publish',
      url: `rtmp://127.0.0.1:${this.server.rtmpPort}/live/${name}`,
      count,
      args,
    });
  }

  /** Writes open jobs that no runner may take. */
  async openRecords(count: number): Promise<void> {
    const bucket = new KvBucket<JobRecord>('SLUICE_JOBS', new AnswerTimeout(5000, 30_000));
    const at = new Date().toISOString();
    const one = async (i: number): Promise<void> => {
      const streamId = `01JZ8Z3K6YQ4Q0V5N7W2${String(i).padStart(6, '0')}`;
      const facts = { streamId, app: 'nowhere', name: `cam${i}`, labels: {}, startedAt: at, width: 1280, height: 720 };
      const record: JobRecord = {
        ...{ v: 1, state: 'open', streamId, app: 'nowhere', name: `cam${i}`, template: 'elsewhere', templateRev: 0 },
        ...{ attempt: 0, failures: 0, notBefore: 0, requestedAt: at, sequence: 2, nonce: String(i), snapshot: facts },
      };
      await bucket.put(this.connection, `${streamId}.elsewhere`, record, 0);
    };
    for (let from = 0; from < count; from += 256) {
      await Promise.all(Array.from({ length: Math.min(256, count - from) }, (_, i) => one(from + i)));
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.stop()));
    await this.connection.close();
    await this.server.stop();
    await this.broker.stop();
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 });
  }

  #listen(subject: string, take: (streamId: string, timeMs: number) => void): void {
    this.connection.subscribe(subject, {
      callback: (_error, message) => {
        const event = message.json<{ readonly time: string; readonly data: { readonly streamId: string } }>();
        take(event.data.streamId, Date.parse(event.time));
      },
    });
  }
}

/** Waits for a condition. @throws Error that names it when two minutes are over */
export async function until(look: () => boolean, what: () => string): Promise<void> {
  const endMs = performance.now() + WAIT_MS;
  while (!look()) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what()}`);
    await pause(20);
  }
}
