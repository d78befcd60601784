import { describe, expect, it } from 'vitest';
import { NatsCluster } from '../support/faults/nats-process.js';
import { SEED, scaled } from '../support/faults/scale.js';
import { afterwards, broker } from '../support/faults/setting.js';
import { JOBS_A_STREAM, JobsUnderTest } from '../support/jobs/jobs-under-test.js';
import { seeded } from '../support/random.js';
import { waitFor } from '../support/wait.js';

const STREAMS = Number(process.env['SLUICE_JOBS_STREAMS'] ?? scaled(12, 100));
const CHAOS_MS = Number(process.env['SLUICE_JOBS_CHAOS_MS'] ?? scaled(20_000, 300_000));
const LEASE_MS = 3000;
const FAULTS = ['SIGKILL', 'SIGSTOP', 'SIGTERM'] as const;

describe('three runners that are killed, frozen and ended at random', () => {
  it(
    'run each job once at a time, to the end of its stream, and leave nothing behind',
    async () => {
      const random = seeded(SEED);
      const nats = await broker();
      const jobs = await JobsUnderTest.start({
        ...{ nats: nats.url, runners: 3, slots: Math.ceil((STREAMS * JOBS_A_STREAM) / 2.5) },
        settings: { 'jobs.leaseMs': LEASE_MS, 'jobs.compareMs': 5000 },
      });
      const publishers = jobs.publish('cam', STREAMS);
      await jobs.untilPrograms(STREAMS * JOBS_A_STREAM);

      const endMs = performance.now() + CHAOS_MS;
      const counts = { SIGKILL: 0, SIGSTOP: 0, SIGTERM: 0 };
      for (let round = 0; performance.now() < endMs; round++) {
        const runner = jobs.runners[Math.floor(random() * jobs.runners.length)]!;
        const fault = FAULTS[round % FAULTS.length]!;
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
      await jobs.ready();
      await jobs.untilRecords('every job to run again', (records) => {
        return records.length === STREAMS * JOBS_A_STREAM && records.every(({ state }) => state === 'running');
      });

      await publishers.stop('SIGTERM', 20_000);
      await jobs.untilPrograms(0, 30_000);
      await jobs.untilRecords('every job to be settled', (records) => records.every(({ state }) => state === 'done'));
      const witness = await jobs.witness();
      expect(witness.violations, `seed ${SEED}, ${JSON.stringify(counts)}`).toEqual([]);
      expect(witness.served.size).toBe(STREAMS * JOBS_A_STREAM);
      const records = await jobs.records();
      expect(records.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
      // Every attempt that began has one end, whoever told it.
      const attempts = records.reduce((sum, { last }) => sum + (last?.attempt ?? 0), 0);
      const told = await waitFor(
        async () => {
          const ends = await jobs.endsTold();
          return ends.length >= attempts ? ends : undefined;
        },
        { timeoutMs: 30_000, everyMs: 500, what: 'the ends of all attempts to be told' },
      );
      expect(new Set(told).size).toBe(told.length);
      say(`chaos: ${STREAMS} streams, ${JSON.stringify(counts)}, ${witness.plays} plays, ${told.length} attempts`);
    },
    CHAOS_MS + 240_000,
  );
});

describe('runners that were all away', () => {
  const AWAY_MS = Number(process.env['SLUICE_JOBS_AWAY_MS'] ?? scaled(2000, 600_000));
  const COUNT = scaled(10, 50);

  it(
    'run a job for each live stream, and none for one that has ended',
    async () => {
      const nats = await broker();
      const jobs = await JobsUnderTest.start({
        ...{ nats: nats.url, runners: 2, slots: COUNT * 4 },
        settings: { 'jobs.leaseMs': LEASE_MS },
      });
      const before = jobs.publish('before', COUNT);
      await jobs.untilPrograms(COUNT * JOBS_A_STREAM);
      for (const { child } of jobs.runners) child.signal('SIGKILL');
      await Promise.all(jobs.runners.map(({ child }) => child.exited));
      const old = new Set((await jobs.records()).map(({ streamId }) => streamId));
      await before.stop('SIGTERM', 20_000);
      // Other streams, and the same names again, of which half end as well.
      const shortly = jobs.publish('shortly', COUNT);
      await untilLive(jobs, COUNT);
      await pause(AWAY_MS);
      await shortly.stop('SIGTERM', 20_000);
      await untilLive(jobs, 0);
      jobs.publish('before', COUNT);
      await untilLive(jobs, COUNT);

      for (const runner of jobs.runners) runner.restart();
      await jobs.ready();
      const beganMs = performance.now();
      await jobs.untilPrograms(COUNT * JOBS_A_STREAM);
      say(
        `all runners away: ${COUNT * JOBS_A_STREAM} jobs ran ${Math.round(performance.now() - beganMs)} ms after they were back`,
      );
      const live = new Set((await jobs.server.streams()).map(({ streamId }) => streamId));
      // A record says that its program runs some time after the program does.
      await jobs.untilRecords('jobs of live streams to run, and those of ended ones to be over', (records) =>
        records.every(({ streamId, state }) => state === (live.has(streamId!) ? 'running' : 'done')),
      );
      const records = await jobs.records();
      const running = records.filter(({ state }) => state === 'running');
      expect(running.map(({ streamId }) => live.has(streamId!))).toEqual(running.map(() => true));
      expect(running).toHaveLength(COUNT * JOBS_A_STREAM);
      // What ended while nobody looked was never started: its records are those of before only.
      const others = records.filter(({ streamId }) => !live.has(streamId!));
      expect(others.filter(({ streamId }) => !old.has(streamId))).toEqual([]);
      expect((await jobs.witness()).violations).toEqual([]);
    },
    AWAY_MS + 200_000,
  );
});

describe('a broker that is away', () => {
  it.each(['killed', 'frozen'])(
    '%s for longer than a lease ends no job that pulls by ticket, and doubles none',
    async (how) => {
      const nats = await broker();
      const jobs = await JobsUnderTest.start({
        ...{ nats: nats.url, runners: 2, slots: 20 },
        settings: { 'jobs.leaseMs': LEASE_MS },
      });
      jobs.publish('stays', 5);
      const goes = jobs.publish('goes', 2);
      await jobs.untilPrograms(7 * JOBS_A_STREAM);
      await jobs.untilRecords('all to run', (records) => records.every(({ state }) => state === 'running'));
      const staying = (await jobs.records()).filter(({ name }) => name.startsWith('stays'));
      const awayMs = how === 'frozen' ? scaled(8000, 30_000) : scaled(6000, 30_000);
      if (how === 'killed') await nats.kill();
      else nats.signal('SIGSTOP');
      const endMs = performance.now() + awayMs;
      await goes.stop('SIGTERM', 20_000);
      await jobs.untilPrograms(5 * JOBS_A_STREAM);
      const pids = jobs.programs().sort();
      await pause(Math.max(0, endMs - performance.now()));
      if (how === 'killed') await nats.start();
      else nats.signal('SIGCONT');
      // The ends of the other streams are told late, and settle their jobs.
      await jobs.untilRecords('jobs of the ended streams to be over', (records) => {
        return records.filter(({ name }) => name.startsWith('goes')).every(({ state }) => state === 'done');
      });
      await pause(LEASE_MS * 2);

      expect(jobs.programs().sort()).toEqual(pids);
      const after = (await jobs.records()).filter(({ name }) => name.startsWith('stays'));
      expect(after.map(({ attempt, state }) => ({ attempt, state }))).toEqual(
        staying.map(({ attempt }) => ({ attempt, state: 'running' })),
      );
      const attempts = (await jobs.records()).filter(({ name }) => name.startsWith('goes'));
      await waitFor(async () => (await jobs.endsTold()).length >= attempts.length, { timeoutMs: 30_000, everyMs: 200 });
      expect((await jobs.witness()).violations).toEqual([]);
    },
  );

  it('whose leader of the records is killed ends no job, and goes on', async () => {
    const cluster = await NatsCluster.start('2.10.27');
    afterwards(() => cluster.stop());
    const jobs = await JobsUnderTest.start({
      ...{ nats: cluster.urls.join(','), runners: 2, slots: 20, replicas: 3 },
      // An election takes NATS 4 to 9 s, so the default of 10 s is not always enough.
      settings: { 'jobs.leaseMs': 30_000 },
    });
    jobs.publish('stays', 3);
    await jobs.untilPrograms(3 * JOBS_A_STREAM);
    const pids = jobs.programs().sort();
    const leader = await cluster.leaderOf('KV_SLUICE_JOBS');
    await leader.kill();
    const more = jobs.publish('more', 2);
    await jobs.untilPrograms(5 * JOBS_A_STREAM);
    expect(
      jobs
        .programs()
        .filter((pid) => pids.includes(pid))
        .sort(),
    ).toEqual(pids);
    await more.stop('SIGTERM', 20_000);
    await jobs.untilPrograms(3 * JOBS_A_STREAM);
    await leader.start();
    expect((await jobs.witness()).violations).toEqual([]);
  });
});

/** Waits until the server has so many streams. */
async function untilLive(jobs: JobsUnderTest, count: number): Promise<void> {
  await waitFor(async () => (await jobs.server.streams()).length === count, { timeoutMs: 30_000, everyMs: 50 });
}

/** A fault lasts for a while. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
