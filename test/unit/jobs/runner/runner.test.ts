import { afterEach, describe, expect, it } from 'vitest';
import { JobsWorld, type WorldRunner } from '../../../support/jobs/jobs-world.js';
import { seeded } from '../../../support/random.js';
import { waitFor } from '../../../support/wait.js';

const A = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CA';

let world = new JobsWorld();
afterEach(async () => {
  await world.close();
  world = new JobsWorld();
});

/** Waits for the n-th run of a runner. */
function run(runner: WorldRunner, index = 0) {
  return waitFor(() => runner.runs[index], { what: `run ${index}` });
}

function state(template = 'record', streamId = A) {
  return world.record(streamId, template)?.state;
}

describe('a runner', () => {
  it('runs a template for a stream that is ready, with a ticket, and settles it at the end of the stream', async () => {
    world.template({ name: 'record' });
    const one = await world.start();
    await world.ready(A, 'cam');
    const first = await run(one);
    expect(first.order).toMatchObject({ jobId: `${A}/record`, attempt: 1, url: expect.stringContaining('jt=') });
    await waitFor(() => state() === 'running');
    await world.end(A);
    await waitFor(() => state() === 'done');
    expect(world.record(A, 'record')).toMatchObject({ outcome: 'succeeded', reason: 'stream_ended' });
    expect(first.asked).toEqual(['afterEof']);
    await waitFor(() => first.accepted);
    expect(world.told).toEqual([`requested ${A}/record/0`, `started ${A}/record/1`, `succeeded ${A}/record/1`]);
  });

  it('asks once for a job, however often and wherever its event comes', async () => {
    world.template({ name: 'record' });
    const [one, two] = [await world.start(), await world.start()];
    await Promise.all([world.ready(A, 'cam'), two.listener().news(newsOf(A)), one.listener().news(newsOf(A))]);
    await waitFor(() => state() === 'running');
    expect(world.told.filter((text) => text.startsWith('requested'))).toHaveLength(1);
    expect(one.runs.length + two.runs.length).toBe(1);
  });

  it('makes no job for a stream that has ended, and ends one whose stream ended while it was asked for', async () => {
    world.template({ name: 'record' });
    const one = await world.start();
    world.ended.add(A);
    await world.ready(A, 'cam');
    expect(world.jobs.writes).toEqual([]);
    expect(one.runs).toEqual([]);
  });

  it('tries again when a run fails, and abandons the job when its failures are used up', async () => {
    world.template({ name: 'record', retry: { max: 2, backoffMs: [10, 10] } });
    const one = await world.start();
    await world.ready(A, 'cam');
    for (let attempt = 0; attempt < 3; attempt++) (await run(one, attempt)).end({ kind: 'exit', exit: 1 });
    await waitFor(() => state() === 'done');
    expect(world.record(A, 'record')).toMatchObject({ outcome: 'failed', attempt: 3, last: { isAbandoned: true } });
    expect(one.runs.map(({ rejected }) => rejected)).toEqual(['exit', 'exit', 'exit']);
  });

  it('does not run a job again that another template version or a later event asks for', async () => {
    world.template({ name: 'once', until: 'exit' });
    const one = await world.start();
    await world.ready(A, 'cam');
    (await run(one)).end({ kind: 'exit', exit: 0 });
    await waitFor(() => state('once') === 'done');
    await world.tell('updated', A, 'cam', 5, { before: {}, after: {} });
    await one.listener().news(newsOf(A));
    expect(one.runs).toHaveLength(1);
    expect(world.record(A, 'once')).toMatchObject({ outcome: 'succeeded' });
  });

  it('begins a run anew whose stream goes on at another node, and counts no failure', async () => {
    world.template({ name: 'record', retry: { max: 0 } });
    const one = await world.start();
    await world.ready(A, 'cam');
    const first = await run(one);
    world.host = '127.0.0.2';
    first.end({ kind: 'exit', exit: 1 });
    await waitFor(() => one.runs.length === 2);
    expect(first.rejected).toBe('stream_moved');
    expect(one.runs[1]!.order.url).toContain('127.0.0.2');
    expect(world.record(A, 'record')).toMatchObject({ attempt: 2, failures: 0, last: { reason: 'stream_moved' } });
    one.runs[1]!.end({ kind: 'exit', exit: 1 });
    await waitFor(() => state('record') === 'done');
    expect(world.record(A, 'record')).toMatchObject({ outcome: 'failed', reason: 'exit' });
  });

  it('says with each heartbeat how far its programs are, where they tell it', async () => {
    world.template({ name: 'record' });
    const one = await world.start({ leaseMs: 300 });
    await world.ready(IDS[0]!, 'cam');
    const told = () => [...world.runnerStates.values.values()][0]?.value.progress;
    await waitFor(() => one.runs.length === 1);
    expect(told()).toBeUndefined();
    one.runs[0]!.progress = { outTimeMs: 2000, speed: 1 };
    await waitFor(() => told() !== undefined);
    expect(told()).toEqual({ [`${IDS[0]}/record`]: { outTimeMs: 2000, speed: 1 } });
    one.runs[0]!.end({ kind: 'exit', exit: 64 });
    await waitFor(() => told() === undefined);
  });

  it('forgets runners that were lost long ago, and not those that are lost now', async () => {
    const time = (ago: number): string => new Date(Date.now() - ago).toISOString();
    const state = {
      v: 1,
      state: 'lost',
      runnerId: 'x',
      host: '',
      slots: 1,
      used: 0,
      labels: {},
      leaseMs: 1000,
    } as const;
    world.runnerStates.put('x.old', { ...state, bootId: 'old', time: time(7_200_000) });
    world.runnerStates.put('x.new', { ...state, bootId: 'new', time: time(0) });
    await world.start({ keepMs: 3_600_000 });
    await waitFor(() => !world.runnerStates.values.has('x.old'));
    expect(world.runnerStates.values.has('x.new')).toBe(true);
  });

  it('leaves jobs for workers outside open', async () => {
    world.template({ name: 'outside', run: { worker: {} } });
    world.template({ name: 'record' });
    const one = await world.start();
    await world.ready(A, 'cam');
    await waitFor(() => state() === 'running');
    expect(state('outside')).toBe('open');
    expect(one.runs.map(({ order }) => order.template.name)).toEqual(['record']);
  });

  it('gives a job back when the stream has no owner now, and ends it when the stream is over', async () => {
    world.template({ name: 'record' });
    const one = await world.start();
    world.ticketTrouble = { kind: 'gone', text: 'nobody' };
    await world.ready(A, 'cam');
    await waitFor(() => world.told.includes(`stopped ${A}/record/1`));
    expect(world.record(A, 'record')).toMatchObject({ state: 'open', last: { reason: 'no_ticket' } });
    expect(one.runs).toEqual([]);
    await world.end(A);
    await waitFor(() => state() === 'done');
  });

  it('keeps to its slots and to the limit of a template, and takes the next job when one is over', async () => {
    world.template({ name: 'one-each', limits: { perRunner: 1 } });
    world.template({ name: 'many' });
    const one = await world.start({ slots: 2 });
    for (const [i, id] of IDS.slice(0, 4).entries()) await world.ready(id, `cam${i}`);
    await waitFor(() => one.runs.length === 2);
    const { running } = one.runner.counts;
    expect(running).toBe(2);
    expect(one.runs.filter(({ order }) => order.template.name === 'one-each').length).toBeLessThanOrEqual(1);
    for (let next = 0; next < 8; next++) (await run(one, next)).end({ kind: 'exit', exit: 64 });
    await waitFor(() => [...world.jobs.values.values()].every(({ value }) => value.last !== undefined));
  });

  it('takes only jobs for which it has the labels', async () => {
    world.template({ name: 'gpu', runners: { labels: { gpu: 'yes' } } });
    const [plain, gpu] = [await world.start(), await world.start({ labels: { gpu: 'yes' } })];
    await world.ready(A, 'cam');
    await run(gpu);
    expect(plain.runs).toEqual([]);
  });

  it('hands its jobs over when it drains, and another runner goes on with the next attempt', async () => {
    world.template({ name: 'record' });
    const one = await world.start();
    await world.ready(A, 'cam');
    const first = await run(one);
    await waitFor(() => state() === 'running');
    const two = await world.start();
    await one.runner.drain(60_000);
    expect(first.rejected).toBe('runner_drained');
    const second = await run(two);
    expect(second.order.attempt).toBe(2);
    expect(second.order.token).toBeGreaterThan(first.order.token);
    expect(world.record(A, 'record')?.failures).toBe(0);
  });

  it('kills a run whose job another one holds, and writes nothing of it', async () => {
    world.template({ name: 'record' });
    const one = await world.start();
    await world.ready(A, 'cam');
    const first = await run(one);
    await waitFor(() => state() === 'running');
    const record = world.record(A, 'record')!;
    world.jobs.put(`${A}.record`, { ...record, state: 'held', by: 'other.boot', attempt: 2, nonce: 'x' });
    await waitFor(() => first.rejected === 'fenced');
    expect(first.asked).toEqual(['kill']);
    expect(world.record(A, 'record')).toMatchObject({ by: 'other.boot', attempt: 2 });
  });

  it('knows its claim although the answer to it was lost', async () => {
    world.template({ name: 'record' });
    const one = await world.start();
    one.jobs.losesAnswer = true;
    await world.ready(A, 'cam');
    await run(one);
    await waitFor(() => state() === 'running');
    expect(one.runs).toHaveLength(1);
  });

  it('settles a run that ends while NATS is away once it is back', async () => {
    world.template({ name: 'once', until: 'exit' });
    const one = await world.start();
    await world.ready(A, 'cam');
    const first = await run(one);
    await waitFor(() => state('once') === 'running');
    one.cut(true);
    first.end({ kind: 'exit', exit: 0 });
    one.cut(false);
    await waitFor(() => state('once') === 'done');
    expect(first.accepted).toBe(true);
  });

  it('tells a run when media is not expected', async () => {
    world.template({ name: 'record' });
    const one = await world.start();
    await world.ready(A, 'cam');
    const first = await run(one);
    await waitFor(() => first.flowing === true);
    one.listener().flowing(A, false);
    expect(first.flowing).toBe(false);
  });
});

describe('jobs while a stream is played', () => {
  it('begin at active, end at idle, and begin again', async () => {
    world.template({ name: 'transcode', on: 'active', until: 'idle' });
    const one = await world.start();
    await world.ready(A, 'cam');
    expect(one.runs).toEqual([]);
    await world.tell('active', A, 'cam', 3, { players: 1 });
    const first = await run(one);
    await waitFor(() => state('transcode') === 'running');
    await world.tell('idle', A, 'cam', 4, { players: 0 });
    await waitFor(() => state('transcode') === 'done');
    expect(first.asked).toEqual(['now']);
    await world.tell('active', A, 'cam', 5, { players: 1 });
    expect((await run(one, 1)).order.attempt).toBe(2);
  });
});

describe('sources on demand', () => {
  it('begin when a name is wanted, go on while it is played, and end when nobody wants it', async () => {
    world.template({ name: 'source', on: 'wanted', until: 'unwanted', run: { exec: ['true', '{publishUrl}'] } });
    const one = await world.start();
    const want = { app: 'live', name: 'cam', publishUrl: 'rtmp://127.0.0.1/live/cam' };
    world.wanted.set('live/cam', want);
    one.listener().wanted(want);
    const first = await run(one);
    expect(first.order).toMatchObject({ jobId: 'want/live/cam/source', facts: { publishUrl: want.publishUrl } });
    // It publishes the name: nobody waits for it any more, and players have it.
    world.wanted.clear();
    world.live.set(A, {
      streamId: A,
      app: 'live',
      name: 'cam',
      state: 'ready',
      facts: { app: 'live', name: 'cam', labels: {} },
      sequence: 1,
    });
    world.active.set(A, true);
    one.listener().unwanted(want);
    await one.listener().news(newsOf(A));
    world.active.set(A, false);
    one.listener().unwanted(want);
    await waitFor(() => first.asked.length > 0);
    expect(first.asked).toEqual(['now']);
    await waitFor(() => world.jobs.values.get('want.live.cam.source')?.value.state === 'done');
  });
});

describe('a runner that is lost', () => {
  it('loses its jobs to another one after its lease, and ends them when it hears of it', async () => {
    world.template({ name: 'record' });
    const one = await world.start({ leaseMs: 200 });
    await world.ready(A, 'cam');
    const first = await run(one);
    await waitFor(() => state() === 'running');
    const two = await world.start({ leaseMs: 200 });
    one.cut(true);
    const second = await run(two);
    expect(second.order).toMatchObject({ jobId: `${A}/record`, attempt: 2 });
    expect(second.order.token).toBeGreaterThan(first.order.token);
    expect(first.isOver).toBe(false);
    one.cut(false);
    await waitFor(() => first.asked.includes('kill'));
    await waitFor(() => first.rejected === 'fenced');
    expect(world.told).toContain(`stopped ${A}/record/1`);
  });

  it('takes jobs again as another boot once it is back', async () => {
    world.template({ name: 'record' });
    const [one, two] = [await world.start({ leaseMs: 200 }), await world.start({ leaseMs: 200 })];
    one.cut(true);
    await waitFor(() => [...world.runnerStates.values.values()].some(({ value }) => value.state === 'lost'));
    one.cut(false);
    await two.runner.close();
    await waitFor(
      () =>
        one.jobs.entries !== undefined &&
        [...world.runnerStates.values.values()].some(({ value }) => value.runnerId === 'r1' && value.state === 'up'),
    );
    await world.ready(A, 'cam');
    await run(one);
  });
});

describe('streams and records that are compared', () => {
  it('give a job to every live stream and none to one that ended, whatever events were missed', async () => {
    world.template({ name: 'record' });
    for (const [i, id] of IDS.entries()) {
      const facts = { streamId: id, app: 'live', name: `cam${i}`, labels: {} };
      world.live.set(id, { streamId: id, app: 'live', name: `cam${i}`, state: 'ready', facts, sequence: 2 });
    }
    const one = await world.start();
    await waitFor(() => one.runs.length === IDS.length);
    await one.runner.close();
    // All runners are away: one stream ends, another one begins.
    world.live.delete(IDS[0]!);
    world.ended.add(IDS[0]!);
    const facts = { streamId: A, app: 'live', name: 'new', labels: {} };
    world.live.set(A, { streamId: A, app: 'live', name: 'new', state: 'ready', facts, sequence: 2 });
    const two = await world.start();
    await waitFor(() => two.runs.length === IDS.length);
    expect(two.runs.map(({ order }) => order.facts.streamId)).not.toContain(IDS[0]);
    expect(two.runs.map(({ order }) => order.facts.streamId)).toContain(A);
    await waitFor(() => state('record', IDS[0]) === 'done');
  });
});

describe('three runners that are cut off at random', () => {
  it.each([1, 2, 3])('never hold one claim twice, and every stream is run to its end (seed %i)', async (seed) => {
    const random = seeded(seed);
    world.template({ name: 'record', retry: { max: 1000, backoffMs: [10, 20] } });
    world.template({ name: 'thumbs', retry: { max: 1000, backoffMs: [10, 20] } });
    const o = { leaseMs: 150, compareMs: 300 };
    const runners = [await world.start(o), await world.start(o), await world.start(o)];
    for (const [i, id] of IDS.entries()) await world.ready(id, `cam${i}`);
    const cut = runners.map(() => false);
    for (let round = 0; round < 12; round++) {
      const victim = Math.floor(random() * runners.length);
      // One of them is always there, so that something happens.
      cut[victim] = random() < 0.5 && cut.some((isCut, index) => index !== victim && !isCut);
      runners[victim]!.cut(cut[victim]);
      for (const each of runners.flatMap(({ runs }) => runs)) if (random() < 0.05) each.end({ kind: 'exit', exit: 1 });
      const beats = world.runnerStates.writes.length;
      await waitFor(() => world.runnerStates.writes.length > beats + 4);
    }
    for (const each of runners) each.cut(false);
    for (const id of IDS) await world.end(id);
    await waitFor(() => [...world.jobs.values.values()].every(({ value }) => value.state === 'done'), {
      timeoutMs: 14_000,
    });
    const claims = world.jobs.writes.filter(({ value }) => value.state === 'held');
    const names = claims.map(({ key, value }) => `${key}/${value.attempt}`);
    expect(new Set(names).size).toBe(names.length);
    const runs = runners.flatMap((each) => each.runs).map(({ order }) => `${order.jobId}/${order.attempt}`);
    expect(new Set(runs).size).toBe(runs.length);
    await waitFor(() => runners.every(({ runner }) => runner.counts.running === 0));
  });
});

const IDS = Array.from({ length: 10 }, (_, i) => `01JZ8Z3K6YQ4Q0V5N7W2T9B${String(i).padStart(3, '0')}`);

function newsOf(streamId: string) {
  const data = { tracks: [], timeToReadyMs: 1 };
  return { verb: 'ready', streamId, app: 'live', name: 'cam', sequence: 2, time: new Date().toISOString(), data };
}
