import { afterEach, describe, expect, it } from 'vitest';
import { JobsWorld } from '../../../support/jobs/jobs-world.js';
import { waitFor } from '../../../support/wait.js';

const A = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CA';

let world = new JobsWorld();
afterEach(async () => {
  await world.close();
  world = new JobsWorld();
});

const state = (template = 'play') => world.record(A, template)?.state;
/** Once several comparisons have been made. */
const compared = async (): Promise<void> => {
  const before = world.compared;
  await waitFor(() => world.compared >= before + 3);
};

describe('a job while a stream is played', () => {
  it('goes on when an older idle comes again after the stream was active again', async () => {
    world.template({ name: 'play', on: 'active', until: 'idle' });
    await world.start();
    await world.ready(A, 'cam');
    world.active.set(A, true);
    await world.tell('active', A, 'cam', 3, {});
    await waitFor(() => state() === 'running');
    await world.tell('active', A, 'cam', 5, {});
    await world.tell('idle', A, 'cam', 4, {});
    expect(state()).toBe('running');
    world.active.set(A, false);
    await world.tell('idle', A, 'cam', 6, {});
    await waitFor(() => state() === 'done');
  });

  it('runs again when the stream is active again before the run has ended', async () => {
    world.template({ name: 'play', on: 'active', until: 'idle' });
    const one = await world.start();
    await world.ready(A, 'cam');
    world.active.set(A, true);
    await world.tell('active', A, 'cam', 3, {});
    await waitFor(() => state() === 'running');
    const [run] = one.runs;
    run!.ignoresStop = true;
    world.active.set(A, false);
    await world.tell('idle', A, 'cam', 4, {});
    await waitFor(() => run!.asked.length > 0);
    world.active.set(A, true);
    await world.tell('active', A, 'cam', 5, {});
    expect(state()).toBe('stopping');
    run!.end({ kind: 'asked', exit: 255 });
    await waitFor(() => one.runs.length === 2 && state() === 'running');
  });

  it('that has ended by itself or was stopped does not run again because streams are compared', async () => {
    world.template({ name: 'once', on: 'active', until: 'exit' });
    world.template({ name: 'play', on: 'active', until: 'idle' });
    const one = await world.start({ compareMs: 20 });
    await world.ready(A, 'cam');
    world.active.set(A, true);
    await world.tell('active', A, 'cam', 3, {});
    await waitFor(() => state('once') === 'running' && state() === 'running');
    for (const run of one.runs) if (run.order.template.name === 'once') run.end({ kind: 'exit', exit: 0 });
    await one.runner.book.stop(`${A}.play`, 'operator');
    await waitFor(() => state('once') === 'done' && state() === 'done');
    await compared();
    expect([state('once'), state(), one.runs.length]).toEqual(['done', 'done', 2]);
  });

  it('runs again when an active was missed, although the event before was newer than what is known', async () => {
    world.template({ name: 'play', on: 'active', until: 'idle' });
    const one = await world.start({ compareMs: 20 });
    await world.ready(A, 'cam');
    world.active.set(A, true);
    await world.tell('active', A, 'cam', 3, {});
    await waitFor(() => state() === 'running');
    world.active.set(A, false);
    await world.tell('idle', A, 'cam', 8, {});
    await waitFor(() => state() === 'done');
    world.active.set(A, true);
    await waitFor(() => one.runs.length === 2 && state() === 'running');
  });

  it('begins again with the stream when it began with it and ended because nobody played', async () => {
    world.template({ name: 'play', on: 'ready', until: 'idle' });
    const one = await world.start();
    await world.ready(A, 'cam');
    await waitFor(() => state() === 'running');
    world.active.set(A, false);
    await world.tell('idle', A, 'cam', 4, {});
    await waitFor(() => state() === 'done');
    world.active.set(A, true);
    await world.tell('active', A, 'cam', 5, {});
    await waitFor(() => one.runs.length === 2);
  });
});

it('a source whose template is gone ends when nobody wants it', async () => {
  world.template({ name: 'pull', on: 'wanted', until: 'unwanted', run: { exec: ['true', '{publishUrl}'] } });
  const one = await world.start({ compareMs: 20 });
  world.wanted.set('live/cam', { app: 'live', name: 'cam', publishUrl: 'rtmp://127.0.0.1/live/cam' });
  one.listener().wanted({ app: 'live', name: 'cam', publishUrl: 'rtmp://127.0.0.1/live/cam' });
  await waitFor(() => world.jobs.values.get('want.live.cam.pull')?.value.state === 'running');
  world.removeTemplate('pull');
  world.wanted.clear();
  await waitFor(() => world.jobs.values.get('want.live.cam.pull')?.value.state === 'done');
});

it('the end of an attempt is told again by whoever takes the next', async () => {
  world.template({ name: 'play', retry: { max: 5, backoffMs: [10, 10] } });
  const one = await world.start();
  await world.ready(A, 'cam');
  await waitFor(() => state() === 'running');
  // As if the runner that settled it had ended before it could tell.
  one.jobs.losesAnswer = true;
  one.runs[0]!.end({ kind: 'exit', exit: 1 });
  await waitFor(() => world.record(A, 'play')?.attempt === 2);
  expect(world.told).toContain(`failed ${A}/play/1`);
});
