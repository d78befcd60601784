import { afterEach, describe, expect, it } from 'vitest';
import { traceparentOf } from '../../../../src/events/envelope.js';
import type { Dispatcher } from '../../../../src/jobs/dispatch/dispatcher.js';
import { JobsWorld } from '../../../support/jobs/jobs-world.js';
import { waitFor } from '../../../support/wait.js';

const A = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CA';
const B = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CB';

let world = new JobsWorld();
afterEach(async () => {
  await world.close();
  world = new JobsWorld();
});

/** What a worker got. */
type Leased = Extract<Awaited<ReturnType<Dispatcher['lease']>>, { readonly jobId: string }>;

function ask(dispatcher: Dispatcher, o: { worker?: string; templates?: string[]; waitMs?: number } = {}) {
  return dispatcher.lease({ worker: 'w1', templates: ['record'], labels: {}, waitMs: 10_000, ...o });
}

/** Leases a job, of which there has to be one. */
async function lease(dispatcher: Dispatcher, o: Parameters<typeof ask>[1] = {}): Promise<Leased> {
  const answer = await ask(dispatcher, o);
  if (answer.jobId === null) throw new Error('there was no job');
  return answer;
}

function done(outcome: 'succeeded' | 'failed' | 'stopped', { jobId, token }: Leased, reason = '', exit?: number) {
  return { jobId, token, outcome, reason, ...(exit === undefined ? {} : { exit }) };
}

function record(template = 'record', streamId = A) {
  return world.record(streamId, template);
}

async function started(run: object = { worker: {} }, more: object = {}) {
  world.template({ name: 'record', run, ...more });
  return world.start();
}

describe('a lease', () => {
  it('gives a job with its ticket, has it run, and tells of it', async () => {
    const { dispatcher } = await started();
    await world.ready(A, 'cam', { encoder: 'x264' });
    const job = await lease(dispatcher);
    expect(job).toMatchObject({ ok: true, jobId: `${A}/record`, attempt: 1, leaseMs: 60_000 });
    expect(job.url).toContain(`jt=${job.token}`);
    expect(job.snapshot).toMatchObject({ app: 'live', name: 'cam', encoder: 'x264' });
    expect(job.worker).toMatch(/^w1\.[0-9A-Z]{26}$/);
    expect(record()).toMatchObject({ state: 'running', by: job.worker, token: job.token });
    expect(world.runnerStates.values.get(job.worker)?.value).toMatchObject({ state: 'up', isWorker: true });
    expect(world.told).toContain(`started ${A}/record/1`);
  });

  it('waits for a job, and says that there is none in time', async () => {
    const { dispatcher } = await started();
    expect(await ask(dispatcher, { waitMs: 0 })).toEqual({ ok: true, jobId: null });
    const waiting = lease(dispatcher);
    await world.ready(A, 'cam');
    expect((await waiting).jobId).toBe(`${A}/record`);
  });

  it('gives a job to one of two workers that wait at two dispatchers', async () => {
    const one = await started();
    const two = await world.start();
    const leases = [ask(one.dispatcher, { worker: 'w1' }), ask(two.dispatcher, { worker: 'w2' })];
    await world.ready(A, 'cam');
    await Promise.race(leases);
    for (const { dispatcher } of [one, two]) dispatcher.drain();
    const ids = (await Promise.all(leases)).map(({ jobId }) => jobId);
    expect(ids.filter((id) => id !== null)).toEqual([`${A}/record`]);
    expect(record()?.attempt).toBe(1);
  });

  it('waits until a job may be tried again', async () => {
    const { dispatcher } = await started(undefined, { retry: { backoffMs: [50, 50] } });
    await world.ready(A, 'cam');
    await dispatcher.done(done('failed', await lease(dispatcher), 'no disk', 3));
    const { notBefore = 0 } = record() ?? {};
    expect((await lease(dispatcher)).attempt).toBe(2);
    expect(Date.now()).toBeGreaterThanOrEqual(notBefore);
  });

  it('is only for the templates that are asked for and whose labels the worker has', async () => {
    const { dispatcher } = await started(undefined, { runners: { labels: { gpu: 'yes' } } });
    world.template({ name: 'other', run: { worker: {} } });
    await world.ready(A, 'cam');
    await waitFor(() => record() !== undefined && record('other') !== undefined);
    const now = { worker: 'w', waitMs: 0 };
    expect(await dispatcher.lease({ ...now, templates: ['record'], labels: {} })).toMatchObject({ jobId: null });
    expect(await dispatcher.lease({ ...now, templates: ['record'], labels: { gpu: 'yes' } })).toMatchObject({
      jobId: `${A}/record`,
    });
    expect(record('other')?.state).toBe('open');
  });

  it('gives the arguments of a program whose folder the worker chooses', async () => {
    world.template({
      ...{ name: 'record', run: { exec: ['ffmpeg', '-i', '{url}', '{out}/{name}.mp4'], env: { TITLE: '{name}' } } },
      out: { dir: '/srv/{name}' },
    });
    const { dispatcher } = await world.start({ slots: 0 });
    await world.ready(A, 'cam');
    const { argv, env, url } = await lease(dispatcher);
    expect(argv).toEqual(['ffmpeg', '-i', url, '{out}/cam.mp4']);
    expect(env).toEqual({ TITLE: 'cam', TRACEPARENT: traceparentOf(A) });
  });

  it('refuses templates that only runners run', async () => {
    const { dispatcher } = await started({ queue: { subject: 'work' } });
    await expect(ask(dispatcher)).rejects.toMatchObject({ code: 'ERR_CTL_BAD_REQUEST' });
  });

  it('gives the job back without a ticket', async () => {
    const { dispatcher } = await started();
    world.ticketTrouble = { kind: 'gone', text: 'nobody has it' };
    await world.ready(A, 'cam');
    const asked = ask(dispatcher);
    await waitFor(() => record()?.last?.reason === 'no_ticket');
    dispatcher.drain();
    expect(await asked).toEqual({ ok: true, jobId: null });
    expect(record()).toMatchObject({ state: 'open', attempt: 1 });
    await waitFor(() => ![...world.runnerStates.values.keys()].some((key) => key.startsWith('w1.')));
  });

  it('ends a job whose stream is over', async () => {
    const { dispatcher } = await started();
    await world.ready(A, 'cam');
    await waitFor(() => record() !== undefined);
    world.live.delete(A);
    world.ended.add(A);
    const asked = ask(dispatcher);
    await waitFor(() => record()?.state === 'done');
    dispatcher.drain();
    expect(await asked).toEqual({ ok: true, jobId: null });
    expect(record()).toMatchObject({ outcome: 'stopped', reason: 'no_stream' });
  });

  it('fails a job whose values cannot be put into its program', async () => {
    world.template({ name: 'record', run: { exec: ['x', '{name}'] } });
    const { dispatcher } = await world.start({ slots: 0 });
    await world.ready(A, '-i');
    const asked = ask(dispatcher);
    await waitFor(() => record()?.state === 'done');
    dispatcher.drain();
    expect(await asked).toEqual({ ok: true, jobId: null });
    expect(record()).toMatchObject({ outcome: 'failed', reason: 'argument' });
  });

  it('is refused when 256 others wait, all of which are answered when no more jobs are given', async () => {
    const { dispatcher } = await started();
    const waiting = Array.from({ length: 256 }, () => ask(dispatcher));
    await expect(ask(dispatcher)).rejects.toMatchObject({ code: 'ERR_JOB_BUSY' });
    dispatcher.drain();
    expect(new Set((await Promise.all(waiting)).map(({ jobId }) => jobId))).toEqual(new Set([null]));
    await world.ready(A, 'cam');
    expect(await ask(dispatcher)).toMatchObject({ jobId: null });
  });
});

describe('a worker that has a job', () => {
  it('renews its lease at any dispatcher, and tells its progress', async () => {
    const { dispatcher } = await started();
    const other = await world.start();
    await world.ready(A, 'cam');
    const job = await lease(dispatcher);
    const before = world.runnerStates.values.get(job.worker)!.revision;
    const beat = { jobId: job.jobId, token: job.token };
    expect(await other.dispatcher.beat({ ...beat, progress: { frame: 5 } })).toEqual({ ok: true, state: 'running' });
    expect(await dispatcher.beat(beat)).toEqual({ ok: true, state: 'running' });
    expect(world.runnerStates.values.get(job.worker)!.revision).toBeGreaterThan(before + 1);
    expect(world.told).toContain(`progress ${A}/record {"frame":5}`);
  });

  it('is told that its job is stopping, and ends it', async () => {
    const { dispatcher } = await started();
    await world.ready(A, 'cam');
    const job = await lease(dispatcher);
    await world.end(A);
    await waitFor(() => record()?.state === 'stopping');
    expect(await dispatcher.beat(job)).toEqual({ ok: true, state: 'stopping', reason: 'stream_ended' });
    expect(await dispatcher.done(done('stopped', job))).toEqual({ ok: true });
    expect(record()).toMatchObject({ state: 'done', outcome: 'stopped', reason: 'stream_ended' });
    await waitFor(() => !world.runnerStates.values.has(job.worker));
  });

  it.each([
    ['succeeded', { state: 'done', outcome: 'succeeded', reason: 'exit' }],
    ['failed', { state: 'open', last: { outcome: 'failed', reason: 'exit', logTail: 'rtmp://h/x?jt=***: gone' } }],
    ['stopped', { state: 'open', last: { outcome: 'stopped', reason: 'runner_drained' } }],
  ] as const)('ends it as %s, once, however often it says so', async (outcome, expected) => {
    const { dispatcher } = await started();
    await world.ready(A, 'cam');
    const job = await lease(dispatcher);
    const end = done(outcome, job, 'rtmp://h/x?jt=abc.d-e_f: gone');
    expect(await dispatcher.done(end)).toEqual({ ok: true });
    const writes = world.jobs.writes.length;
    expect(await dispatcher.done(end)).toEqual({ ok: true });
    expect(record()).toMatchObject(expected);
    expect(world.jobs.writes).toHaveLength(writes);
    expect(world.told.filter((text) => text === `${outcome} ${A}/record/1`)).toHaveLength(1);
  });

  it('may tell one end to two dispatchers at once', async () => {
    const { dispatcher } = await started();
    const other = await world.start();
    await world.ready(A, 'cam');
    const end = done('succeeded', await lease(dispatcher));
    expect(await Promise.all([dispatcher.done(end), other.dispatcher.done(end)])).toEqual([{ ok: true }, { ok: true }]);
  });

  it('does not try again a job that failed for good, or whose stream is over', async () => {
    const { dispatcher } = await started(undefined, { retry: { never: [64] } });
    await world.ready(A, 'cam');
    await dispatcher.done(done('failed', await lease(dispatcher), '', 64));
    expect(record()).toMatchObject({ state: 'done', last: { exit: { code: 64 }, isAbandoned: true } });
    await world.ready(B, 'cam2');
    const job = await lease(dispatcher);
    world.ended.add(B);
    await dispatcher.done(done('failed', job, '', 1));
    expect(record('record', B)).toMatchObject({ state: 'done', outcome: 'failed' });
  });

  it('is fenced once it was silent for its lease: another one has the job, with a higher token', async () => {
    world.template({ name: 'record', run: { worker: {} } });
    const { dispatcher } = await world.start({ leaseMs: 1000 });
    await world.ready(A, 'cam');
    const first = await lease(dispatcher);
    const second = await lease(dispatcher, { worker: 'w2' });
    expect(second.attempt).toBe(2);
    expect(second.token).toBeGreaterThan(first.token);
    await expect(dispatcher.beat(first)).rejects.toMatchObject({ code: 'ERR_JOB_FENCED' });
    for (const outcome of ['succeeded', 'stopped'] as const)
      await expect(dispatcher.done(done(outcome, first))).rejects.toMatchObject({ code: 'ERR_JOB_FENCED' });
    expect(await dispatcher.beat(second)).toEqual({ ok: true, state: 'running' });
  });

  it('is fenced when its lease was declared lost, also before its job is taken', async () => {
    const { dispatcher } = await started();
    await world.ready(A, 'cam');
    const job = await lease(dispatcher);
    const entry = world.runnerStates.values.get(job.worker)!;
    world.runnerStates.values.set(job.worker, {
      value: { ...entry.value, state: 'lost' },
      revision: ++world.runnerStates.revision,
    });
    await expect(dispatcher.beat(job)).rejects.toMatchObject({ code: 'ERR_JOB_FENCED' });
  });

  it('has to be the one that runs it: runners answer for theirs', async () => {
    world.template({ name: 'record' });
    const { dispatcher } = await world.start();
    await world.ready(A, 'cam');
    await waitFor(() => record()?.state === 'running');
    const { token = 0 } = record()!;
    const said = { jobId: `${A}/record`, token, outcome: 'succeeded', reason: '' } as const;
    for (const answer of [dispatcher.beat(said), dispatcher.done(said)])
      await expect(answer).rejects.toMatchObject({ code: 'ERR_JOB_FENCED' });
    expect(record()?.state).toBe('running');
  });

  it('is refused with an id that is none, and with one of nobody', async () => {
    const { dispatcher } = await started();
    const beat = (jobId: string) => dispatcher.beat({ jobId, token: 1 });
    await expect(beat('a b/*')).rejects.toMatchObject({ code: 'ERR_CTL_BAD_REQUEST' });
    await expect(beat(`${B}/record`)).rejects.toMatchObject({ code: 'ERR_JOB_FENCED' });
  });
});

describe('a job of a queue', () => {
  it('is held by its worker from the first beat on, and its runner lets go of it', async () => {
    const one = await started({ queue: { subject: 'work' } });
    await world.ready(A, 'cam');
    const run = await waitFor(() => one.runs[0]);
    const { token } = run.order;
    const beat = { jobId: `${A}/record`, token, worker: 'encoder' };
    expect(await Promise.all([one.dispatcher.beat(beat), one.dispatcher.beat(beat)])).toEqual([
      { ok: true, state: 'running' },
      { ok: true, state: 'running' },
    ]);
    await waitFor(() => one.runner.counts.running === 0);
    expect(record()).toMatchObject({ state: 'running', by: expect.stringMatching(/^encoder\./), token });
    const leases = (): string[] => [...world.runnerStates.values.keys()].filter((key) => key.startsWith('encoder.'));
    await waitFor(() => leases().length === 1);
    const { jobId } = beat;
    await one.dispatcher.done({ jobId, token, outcome: 'succeeded', reason: '' });
    expect(record()).toMatchObject({ state: 'done', outcome: 'succeeded' });
    expect(world.told.filter((text) => text.includes('record/1'))).toEqual([
      `started ${A}/record/1`,
      `succeeded ${A}/record/1`,
    ]);
  });

  it('may be ended by its worker at once, and again', async () => {
    const one = await started({ queue: { subject: 'work' } });
    await world.ready(A, 'cam');
    const { token } = (await waitFor(() => one.runs[0])).order;
    const end = { jobId: `${A}/record`, token, outcome: 'succeeded', reason: '' } as const;
    await one.dispatcher.done(end);
    await one.dispatcher.done(end);
    await waitFor(() => one.runner.counts.running === 0);
    expect(record()).toMatchObject({ state: 'done', outcome: 'succeeded' });
  });

  it('is published again when no worker reports, and the earlier message is worth nothing then', async () => {
    const one = await started({ queue: { subject: 'work' } }, { retry: { backoffMs: [10, 10] } });
    await world.ready(A, 'cam');
    const first = await waitFor(() => one.runs[0]);
    first.end({ kind: 'stall' });
    await waitFor(() => one.runs[1]);
    const { jobId, token } = first.order;
    await expect(one.dispatcher.beat({ jobId, token })).rejects.toMatchObject({ code: 'ERR_JOB_FENCED' });
  });
});
