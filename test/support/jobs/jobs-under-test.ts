import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnySluiceEvent } from '../../../src/events/event-types.js';
import type { JobRecord } from '../../../src/jobs/record/record.js';
import { Child } from '../child.js';
import { afterwards } from '../faults/setting.js';
import { builtCli } from '../repository.js';
import { spawnServer, type TestServer } from '../server.js';
import { tempDir } from '../temp.js';
import { waitFor } from '../wait.js';
import { bucketValues, eventsOf } from './buckets.js';
import { MediaWitness } from './media-witness.js';
import { programsOf, RunnerProcess } from './runner-process.js';

// rtmpdump takes media and nothing else, so that hundreds of it fit on a small machine.
const TEMPLATE = `
    run: { exec: [rtmpdump, -q, --live, -r, "{url}", -o, /dev/null], passEnv: [SLUICE_TEST] }
    retry: { max: 100, backoffMs: [200, 1000] }
    graceMs: 1000
`;
const TEMPLATES = `
version: 1
templates:
  - name: first
    match: { app: live }${TEMPLATE}
  - name: second
    match: { app: live, where: "width > 0" }${TEMPLATE}
`;

/** Templates of {@link TEMPLATES}: each stream has so many jobs. */
export const JOBS_A_STREAM = 2;

/** What runs. */
interface JobsSetting {
  /** URL of NATS. */
  readonly nats: string;
  readonly runners: number;
  readonly slots: number;
  readonly settings: Readonly<Record<string, string | number>>;
  /** Replicas of streams and buckets. */
  readonly replicas?: number;
}

let tests = 0;

/** A server and runners as processes, with two jobs for each stream. All of it ends with the test. */
export class JobsUnderTest {
  readonly server: TestServer;
  readonly runners: readonly RunnerProcess[];
  readonly #nats: string;
  readonly #mark: string;

  private constructor(server: TestServer, runners: readonly RunnerProcess[], nats: string, mark: string) {
    this.server = server;
    this.runners = runners;
    this.#nats = nats;
    this.#mark = mark;
  }

  static async start({ nats, runners: count, slots, settings, replicas = 1 }: JobsSetting): Promise<JobsUnderTest> {
    const more = { 'nats.replicas': replicas };
    const server = await spawnServer({ nats, settings: { 'limits.maxConnectionsPerIp': 5000, ...more } });
    afterwards(() => server.child.stop('SIGKILL'));
    const file = join(tempDir('jobs'), 'jobs.yaml');
    writeFileSync(file, TEMPLATES);
    const mark = `${process.pid}-${++tests}`;
    const runners = Array.from({ length: count }, () => {
      const args = ['--slots', String(slots), '--drain-deadline', '5s'];
      const runner = new RunnerProcess({
        nats,
        file,
        args,
        settings: { ...settings, ...more },
        env: { SLUICE_TEST: mark },
      });
      afterwards(() => runner.child.stop('SIGKILL'));
      return runner;
    });
    const all = new JobsUnderTest(server, runners, nats, mark);
    await all.ready();
    return all;
  }

  /** Waits until every runner takes jobs. */
  async ready(): Promise<void> {
    await Promise.all(this.runners.map((runner) => runner.ready()));
  }

  /** Publishes streams `<name>-1`, `<name>-2` … until it is stopped. */
  publish(name: string, count: number): Child {
    const args = ['-n', String(count), '--kbps', '300', '--seconds', '100000'];
    const publishers = new Child([process.execPath, builtCli(), 'load', 'publish', this.server.url(name), ...args]);
    afterwards(() => publishers.stop('SIGKILL'));
    return publishers;
  }

  /** Pids of programs that jobs have started and that are still there. */
  programs(): number[] {
    return programsOf(this.#mark);
  }

  /** The newest lines of all runners, for messages of failed tests. */
  told(): string {
    return this.runners.map(({ child }) => child.output.slice(-3000)).join('\n');
  }

  records(): Promise<JobRecord[]> {
    return bucketValues<JobRecord>(this.#nats, 'SLUICE_JOBS');
  }

  /** Waits until so many programs run. */
  async untilPrograms(count: number, timeoutMs = 60_000): Promise<void> {
    await waitFor(() => this.programs().length === count, {
      timeoutMs,
      everyMs: 20,
      what: () => `${count} programs, not ${this.programs().length}\n${this.told()}`,
    });
  }

  /** Waits until the records are as they should be. */
  async untilRecords(
    what: string,
    look: (records: readonly JobRecord[]) => boolean,
    timeoutMs = 60_000,
  ): Promise<void> {
    let last: readonly JobRecord[] = [];
    await waitFor(
      async () => {
        last = await this.records();
        return look(last);
      },
      { timeoutMs, everyMs: 100, what: () => `${what}: ${JSON.stringify(last.slice(0, 3))}` },
    );
  }

  /** The play log of the server, read as a witness. */
  async witness(): Promise<MediaWitness> {
    const witness = new MediaWitness();
    for (const event of await eventsOf<AnySluiceEvent>(this.#nats, 'SLUICE_EVENTS')) witness.take(event);
    return witness;
  }

  /** Names `<jobId>/<attempt>` of the ends that were told. */
  async endsTold(): Promise<string[]> {
    const events = await eventsOf<JobEnd>(this.#nats, 'SLUICE_JOB_EVENTS');
    const ends = events.filter(({ type }) => /\.(failed|stopped|succeeded)$/.test(type));
    return ends.map(({ data }) => `${data.jobId}/${data.attempt}`);
  }
}

interface JobEnd {
  readonly type: string;
  readonly data: { readonly jobId: string; readonly attempt: number };
}
