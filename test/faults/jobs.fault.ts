import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AnySluiceEvent } from '../../src/events/event-types.js';
import type { JobRecord } from '../../src/jobs/record/record.js';
import { Child } from '../support/child.js';
import { SEED, scaled } from '../support/faults/scale.js';
import { afterwards, broker } from '../support/faults/setting.js';
import { bucketValues, eventsOf } from '../support/jobs/buckets.js';
import { MediaWitness } from '../support/jobs/media-witness.js';
import { programsOf, RunnerProcess } from '../support/jobs/runner-process.js';
import { seeded } from '../support/random.js';
import { builtCli } from '../support/repository.js';
import { spawnServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

// rtmpdump takes media and nothing else, so that a hundred of it fit on a small machine.
const TEMPLATES = `
version: 1
templates:
  - name: first
    match: { app: live }
    run: { exec: [rtmpdump, -q, --live, -r, "{url}", -o, /dev/null], passEnv: [SLUICE_TEST] }
    retry: { max: 100, backoffMs: [200, 1000] }
    graceMs: 1000
  - name: second
    match: { app: live, where: "width > 0" }
    run: { exec: [rtmpdump, -q, --live, -r, "{url}", -o, /dev/null], passEnv: [SLUICE_TEST] }
    retry: { max: 100, backoffMs: [200, 1000] }
    graceMs: 1000
`;

const STREAMS = Number(process.env['SLUICE_JOBS_STREAMS'] ?? scaled(12, 100));
const CHAOS_MS = Number(process.env['SLUICE_JOBS_CHAOS_MS'] ?? scaled(20_000, 300_000));
const LEASE_MS = 3000;

describe('three runners that are killed, frozen and ended at random', () => {
  it(
    'run each job once at a time, to the end of its stream, and leave nothing behind',
    async () => {
      const random = seeded(SEED);
      const nats = await broker();
      const server = await spawnServer({ nats: nats.url, settings: { 'limits.maxConnectionsPerIp': 5000 } });
      afterwards(() => server.stop());
      const folder = tempDir('jobs');
      const file = join(folder, 'jobs.yaml');
      writeFileSync(file, TEMPLATES);
      const mark = `chaos-${process.pid}`;
      const runners = [0, 1, 2].map(
        () =>
          new RunnerProcess({
            ...{
              nats: nats.url,
              file,
              args: ['--slots', String(Math.ceil((STREAMS * 2) / 2.5)), '--drain-deadline', '5s'],
            },
            settings: { 'jobs.leaseMs': LEASE_MS, 'jobs.compareMs': 5000 },
            env: { SLUICE_TEST: mark },
          }),
      );
      for (const runner of runners) afterwards(() => runner.child.stop('SIGKILL'));
      await Promise.all(runners.map((runner) => runner.ready()));
      const publishers = new Child([
        ...[process.execPath, builtCli(), 'load', 'publish', server.url('cam'), '-n', String(STREAMS), '--kbps', '300'],
        ...['--seconds', '100000'],
      ]);
      afterwards(() => publishers.stop('SIGKILL'));
      await waitFor(() => programsOf(mark).length === STREAMS * 2, {
        timeoutMs: 60_000,
        what: () =>
          `a run of each job: ${programsOf(mark).length} of ${STREAMS * 2}\n${runners.map(({ child }) => child.output.slice(-1500)).join('\n')}`,
      });

      const endMs = performance.now() + CHAOS_MS;
      const counts = { SIGKILL: 0, SIGSTOP: 0, SIGTERM: 0 };
      for (let round = 0; performance.now() < endMs; round++) {
        const runner = runners[Math.floor(random() * runners.length)]!;
        const fault = (['SIGKILL', 'SIGSTOP', 'SIGTERM'] as const)[round % 3]!;
        counts[fault]++;
        runner.child.signal(fault);
        if (fault === 'SIGSTOP') {
          const frozenMs = scaled(LEASE_MS * 2, random() < 0.5 ? LEASE_MS / 2 : 30_000);
          await pause(Math.min(frozenMs, Math.max(0, endMs - performance.now())));
          runner.child.signal('SIGCONT');
        } else {
          await runner.child.exited;
          runner.restart();
        }
        await pause(3000);
      }
      await Promise.all(runners.map((runner) => runner.ready()));
      await waitFor(
        async () => {
          const records = await bucketValues<JobRecord>(nats.url, 'SLUICE_JOBS');
          return records.length === STREAMS * 2 && records.every(({ state }) => state === 'running');
        },
        { timeoutMs: 60_000, everyMs: 200, what: 'every job to run again' },
      );

      await publishers.stop('SIGTERM', 20_000);
      await waitFor(() => programsOf(mark).length === 0, {
        timeoutMs: 30_000,
        what: () => `no program to be left: ${programsOf(mark).length}`,
      });
      await waitFor(
        async () => (await bucketValues<JobRecord>(nats.url, 'SLUICE_JOBS')).every(({ state }) => state === 'done'),
        {
          timeoutMs: 30_000,
          everyMs: 200,
          what: 'every job to be settled',
        },
      );

      const witness = new MediaWitness();
      for (const event of await eventsOf<AnySluiceEvent>(nats.url, 'SLUICE_EVENTS')) witness.take(event);
      expect(witness.violations, `seed ${SEED}, ${JSON.stringify(counts)}`).toEqual([]);
      expect(witness.served.size).toBe(STREAMS * 2);
      const records = await bucketValues<JobRecord>(nats.url, 'SLUICE_JOBS');
      expect(records.filter(({ outcome }) => outcome === 'failed')).toEqual([]);

      // Every attempt that began has one end, whoever told it.
      const told = await waitFor(
        async () => {
          const events = await eventsOf<{
            readonly type: string;
            readonly data: { readonly jobId: string; readonly attempt: number };
          }>(nats.url, 'SLUICE_JOB_EVENTS');
          const ends = events.filter(({ type }) => /\.(failed|stopped|succeeded)$/.test(type));
          return ends.length >= records.reduce((sum, { last }) => sum + (last?.attempt ?? 0), 0) ? ends : undefined;
        },
        { timeoutMs: 30_000, everyMs: 500, what: 'the ends of all attempts to be told' },
      );
      const names = told.map(({ data }) => `${data.jobId}/${data.attempt}`);
      expect(new Set(names).size).toBe(names.length);
      process.stdout.write(
        `chaos: ${STREAMS} streams, ${JSON.stringify(counts)}, ${witness.plays} plays, ${names.length} attempts\n`,
      );
    },
    CHAOS_MS + 240_000,
  );
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
