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
