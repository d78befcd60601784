import { afterEach, expect, it } from 'vitest';
import { JobsWorld } from '../../../support/jobs/jobs-world.js';
import { waitFor } from '../../../support/wait.js';

const A = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CA';

let world = new JobsWorld();
afterEach(async () => {
  await world.close();
  world = new JobsWorld();
});

const record = () => world.record(A, 'record');

it('goes on with its jobs when the bucket of heartbeats is made anew', async () => {
  world.template({ name: 'record' });
  const one = await world.start({ leaseMs: 400 });
  await world.ready(A, 'cam');
  await waitFor(() => record()?.state === 'running');
  world.runnerStates.values.clear();
  await waitFor(() => world.runnerStates.values.size === 1);
  expect([one.runs[0]?.asked, record()?.state, record()?.attempt]).toEqual([[], 'running', 1]);
});

it('hands over a job that it was taking while it began to drain', async () => {
  world.template({ name: 'record' });
  const one = await world.start();
  const write = one.jobs.write.bind(one.jobs);
  let drained: Promise<void> | undefined;
  one.jobs.write = async (...of) => {
    const written = await write(...of);
    if (of[1].state === 'held') drained ??= one.runner.drain(60_000);
    return written;
  };
  await world.ready(A, 'cam');
  await waitFor(() => drained !== undefined);
  await drained;
  expect(record()).toMatchObject({ state: 'open', last: { reason: 'runner_drained' } });
});

it('a runner takes a job that another one with a clock that is ahead has opened', async () => {
  world.template({ name: 'record', runners: { labels: { gpu: 'yes' } } });
  await world.start({}, 3_600_000);
  const two = await world.start({ labels: { gpu: 'yes' } });
  await world.ready(A, 'cam');
  await waitFor(() => two.runs.length === 1);
  expect(Date.parse(record()?.requestedAt ?? '')).toBeGreaterThan(Date.now() + 3_000_000);
});

it('a job whose program cannot be started is over when no other runner may take it', async () => {
  world.template({ name: 'record', runners: { labels: { gpu: 'yes' } }, retry: { max: 5, backoffMs: [10, 10] } });
  const one = await world.start({ labels: { gpu: 'yes' } });
  await world.start();
  await world.ready(A, 'cam');
  await waitFor(() => one.runs[0]);
  one.runs[0]?.end({ kind: 'spawn', text: 'ENOENT' });
  await waitFor(() => record()?.state === 'done');
  expect(record()).toMatchObject({ outcome: 'failed', last: { isAbandoned: true } });
});

it('a job whose program could not be started is tried again here when the other runner has gone', async () => {
  world.template({ name: 'record', retry: { max: 5, backoffMs: [10, 10] } });
  const one = await world.start({ compareMs: 20 });
  const two = await world.start({ slots: 0 });
  await world.ready(A, 'cam');
  await waitFor(() => one.runs[0]);
  one.runs[0]?.end({ kind: 'spawn', text: 'ENOENT' });
  await waitFor(() => record()?.cannot?.length === 1);
  await two.runner.close();
  await waitFor(() => one.runs[1]);
  one.runs[1]?.end({ kind: 'spawn', text: 'ENOENT' });
  await waitFor(() => record()?.state === 'done');
});
