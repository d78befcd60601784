import { afterEach, expect, it } from 'vitest';
import { JobsWorld } from '../../../support/jobs/jobs-world.js';
import { waitFor } from '../../../support/wait.js';

const A = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CA';
const C = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CC';
const B = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CB';

let world = new JobsWorld();
afterEach(async () => {
  await world.close();
  world = new JobsWorld();
});

/** A stream of which no event has come. */
function live(streamId: string, name: string): void {
  const facts = { streamId, app: 'live', name, labels: {} };
  world.live.set(streamId, { streamId, app: 'live', name, state: 'ready', facts, sequence: 2 });
}

it('takes care of every other record when one cannot be compared', async () => {
  world.template({ name: 'record' });
  world.template({ name: 'other' });
  const one = await world.start({ compareMs: 20 });
  live(A, 'a');
  live(B, 'b');
  await waitFor(() => world.record(A, 'record')?.state === 'running' && world.record(B, 'record')?.state === 'running');
  one.jobs.failsFor = `${C}.record`;
  live(C, 'c');
  world.live.delete(A);
  world.ended.add(A);
  await waitFor(() => world.record(A, 'record')?.state === 'done' && world.record(C, 'other')?.state === 'running');
  expect(world.record(C, 'record')).toBeUndefined();
});

it('has the job of a stream end that is gone for long, although its end is not known', async () => {
  world.template({ name: 'record' });
  let aheadMs = 0;
  await world.start({ compareMs: 20 }, 0, () => aheadMs);
  live(A, 'a');
  await waitFor(() => world.record(A, 'record')?.state === 'running');
  world.live.clear();
  const before = world.compared;
  await waitFor(() => world.compared > before + 2);
  expect(world.record(A, 'record')?.state).toBe('running');
  aheadMs = 700_000;
  await waitFor(() => world.record(A, 'record')?.state === 'done');
  expect(world.record(A, 'record')?.outcome).toBe('stopped');
});

it('takes the jobs of a runner whose heartbeat was removed', async () => {
  world.template({ name: 'record' });
  const one = await world.start({ leaseMs: 600 });
  await waitFor(() => world.runnerStates.values.size === 1);
  live(A, 'a');
  await world.tell('ready', A, 'a', 2, { tracks: [], timeToReadyMs: 1 });
  await waitFor(() => world.record(A, 'record')?.state === 'running');
  const two = await world.start();
  await waitFor(() => two.runners.entries().size === 2);
  await one.runner.close();
  await waitFor(() => two.runs.length === 1);
});
