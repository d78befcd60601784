import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AckPolicy, connect, type JsMsg, type NatsConnection } from 'nats';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Job, type JobWorker, type JobWorkerOptions, jobs } from '../../src/client/index.js';
import type { JobRecord } from '../../src/jobs/record/record.js';
import { bucketValues, eventsOf } from '../support/jobs/buckets.js';
import { RunnerProcess } from '../support/jobs/runner-process.js';
import { media } from '../support/media.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { ffmpegPublish } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const LEASE_MS = 2000;
const TEMPLATES = `
version: 1
templates:
  - name: record
    match: { app: live }
    run: { worker: {} }
    retry: { backoffMs: [100ms, 100ms] }
`;
const QUEUED = TEMPLATES.replace('worker: {}', 'queue: { subject: work.record }').replace(
  'name: record',
  'name: queued',
);

let video = '';
beforeAll(async () => {
  video = await media('long.flv');
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Answer {
  readonly ok?: boolean;
  readonly jobId: string | null;
  readonly attempt: number;
  readonly token: number;
  readonly url: string;
  readonly leaseMs: number;
  readonly worker: string;
  readonly state: string;
  readonly reason: string;
  readonly code: string;
  readonly snapshot: Readonly<Record<string, unknown>>;
}

/** NATS, a server, a dispatcher, and a client that speaks with it by hand. */
async function world(templates = TEMPLATES) {
  const nats = await startNats();
  closing.push(() => nats.stop());
  const server = await spawnServer({ nats: nats.url });
  closing.push(() => server.stop());
  const dispatcher = await dispatch(nats, templates);
  const connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  closing.push(() => connection.close());
  return { nats, server, dispatcher, connection, ask: asker(connection) };
}

async function dispatch(nats: NatsServer, templates?: string): Promise<RunnerProcess> {
  const file = join(tempDir('templates'), 'jobs.yaml');
  if (templates !== undefined) writeFileSync(file, templates);
  const settings = { 'jobs.leaseMs': LEASE_MS, 'jobs.compareMs': 1000, 'log.format': 'json' };
  const process = new RunnerProcess({
    ...{ nats: nats.url, settings, args: ['--dispatch'] },
    ...(templates === undefined ? {} : { file }),
  });
  closing.push(() => process.child.stop('SIGTERM', 20_000));
  await process.child.waitForOutput(/workers outside can lease jobs/, 20_000);
  return process;
}

function asker(connection: NatsConnection) {
  return async (verb: 'lease' | 'beat' | 'done', body: object): Promise<Answer> => {
    const subject = `sluice.v1.ctl.jobs.${verb}`;
    return (await connection.request(subject, JSON.stringify(body), { timeout: 40_000 })).json<Answer>();
  };
}

const WANTED = { worker: 'w1', templates: ['record'], waitMs: 20_000 };
const of = ({ jobId, token }: Answer) => ({ jobId, token });

/** ffmpeg publishes without an end. */
async function publish(server: TestServer, name: string) {
  const encoder = ffmpegPublish(video, server.url(name), { input: ['-stream_loop', '-1'] });
  closing.push(() => encoder.stop('SIGKILL'));
  const { streamId } = await server.ready(name);
  return { streamId, end: () => encoder.stop('SIGTERM') };
}

async function record(nats: NatsServer, streamId: string): Promise<JobRecord | undefined> {
  return (await bucketValues<JobRecord>(nats.url, 'SLUICE_JOBS')).find((each) => each.streamId === streamId);
}

describe('a dispatcher', () => {
  it('leases a job, hears its beats, says when its stream is over, and settles it', async () => {
    const { nats, server, ask } = await world();
    const waiting = ask('lease', WANTED);
    const { streamId, end } = await publish(server, 'cam1');
    const job = await waiting;
    expect(job).toMatchObject({ ok: true, jobId: `${streamId}/record`, attempt: 1, leaseMs: LEASE_MS });
    expect(job.url).toMatch(/^rtmp:\/\/.*\/live\/cam1\?jt=/);
    expect(job.snapshot).toMatchObject({ app: 'live', name: 'cam1', videoCodec: expect.stringMatching(/^avc1/) });
    expect(await ask('beat', { ...of(job), progress: { frame: 1 } })).toEqual({ ok: true, state: 'running' });
    await end();
    const last = await waitFor(async () => {
      const answer = await ask('beat', of(job));
      return answer.state === 'stopping' && answer;
    });
    expect(last).toEqual({ ok: true, state: 'stopping', reason: 'stream_ended' });
    const done = { ...of(job), outcome: 'succeeded' };
    expect(await ask('done', done)).toEqual({ ok: true });
    expect(await ask('done', done)).toEqual({ ok: true });
    expect(await record(nats, streamId)).toMatchObject({ state: 'done', outcome: 'succeeded', reason: 'stream_ended' });
    expect(await ask('beat', of(job))).toMatchObject({ code: 'ERR_JOB_FENCED' });
  });

  it('never gives one attempt of a job to two workers', async () => {
    const { nats, server, ask } = await world();
    await dispatch(nats);
    const answers: Answer[] = [];
    const workers = ['w1', 'w2', 'w3', 'w4', 'w5', 'w6'];
    const leases = workers.map(async (worker) => answers.push(await ask('lease', { ...WANTED, worker })));
    const streams = await Promise.all(['a', 'b', 'c'].map((name) => publish(server, name)));
    // Nobody beats: jobs are leased again when their first lease is over.
    await Promise.all(leases);
    const ids = new Set(streams.map(({ streamId }) => `${streamId}/record`));
    expect(answers.every(({ jobId }) => jobId !== null && ids.has(jobId))).toBe(true);
    expect(new Set(answers.map(({ jobId, attempt }) => `${jobId} ${attempt}`)).size).toBe(workers.length);
    expect(new Set(answers.map(({ token }) => token)).size).toBe(workers.length);
  });

  it('gives the job of a worker that is silent to another one, and fences the first', async () => {
    const { server, ask } = await world();
    await publish(server, 'cam1');
    const first = await ask('lease', WANTED);
    const second = await ask('lease', { ...WANTED, worker: 'w2' });
    expect(second.jobId).toBe(first.jobId);
    expect(second.attempt).toBe(first.attempt + 1);
    expect(second.token).toBeGreaterThan(first.token);
    for (const [verb, body] of [
      ['beat', of(first)],
      ['done', { ...of(first), outcome: 'failed' }],
      ['done', { ...of(first), outcome: 'stopped' }],
    ] as const)
      expect(await ask(verb, body)).toMatchObject({ code: 'ERR_JOB_FENCED', status: 409 });
    expect(await ask('beat', of(second))).toEqual({ ok: true, state: 'running' });
  });

  it('may be killed: another one answers the worker, whose job goes on', async () => {
    const { nats, server, dispatcher, ask } = await world();
    await publish(server, 'cam1');
    const job = await ask('lease', WANTED);
    await dispatch(nats);
    await dispatcher.child.stop('SIGKILL');
    // For longer than a lease: the job stays with its worker.
    const endMs = performance.now() + 1.5 * LEASE_MS;
    await waitFor(
      async () => {
        expect(await ask('beat', of(job))).toEqual({ ok: true, state: 'running' });
        return performance.now() > endMs;
      },
      { everyMs: LEASE_MS / 8 },
    );
    expect(await ask('done', { ...of(job), outcome: 'failed', exit: 7, reason: 'no disk' })).toEqual({ ok: true });
    const again = await ask('lease', WANTED);
    expect(again).toMatchObject({ jobId: job.jobId, attempt: 2 });
    const events = await waitFor(async () => {
      const told = await eventsOf<{ type: string; data: object }>(nats.url, 'SLUICE_JOB_EVENTS');
      return told.some(({ type }) => type === 'io.sluice.job.failed') && told;
    });
    expect(events.find(({ type }) => type === 'io.sluice.job.failed')?.data).toMatchObject({
      ...{ attempt: 1, reason: 'exit', exit: 7, logTail: 'no disk', by: expect.stringMatching(/^w1\./) },
    });
  });

  it('is a NATS service, and needs NATS', async () => {
    const { connection } = await world();
    const ping = await connection.request('$SRV.PING.sluice-jobs', '', { timeout: 5000 });
    expect(ping.json()).toMatchObject({ name: 'sluice-jobs', type: 'io.nats.micro.v1.ping_response' });
    const alone = new RunnerProcess({ http: '127.0.0.1:1', args: ['--dispatch'] });
    const { code } = await alone.child.finish(20_000);
    expect([code, alone.child.output]).toEqual([2, expect.stringContaining('--dispatch needs NATS')]);
  });
});

describe('a job of a queue', () => {
  /** A consumer of the queue. @returns what takes its next message */
  async function consumer(connection: NatsConnection): Promise<() => Promise<JsMsg>> {
    const manager = await connection.jetstreamManager();
    await manager.streams.add({ name: 'WORK', subjects: ['work.>'] });
    await manager.consumers.add('WORK', { durable_name: 'workers', ack_policy: AckPolicy.Explicit });
    const pull = await connection.jetstream().consumers.get('WORK', 'workers');
    return async () => {
      const message = await pull.next({ expires: 30_000 });
      if (message === null) throw new Error('no message came');
      return message;
    };
  }

  it('is published, held by the worker that reports, and settled by it', async () => {
    const { nats, server, dispatcher, connection, ask } = await world();
    const next = await consumer(connection);
    await dispatch(nats, QUEUED);
    const { streamId, end } = await publish(server, 'cam1');
    const message = await next();
    const job = message.json<Answer>();
    message.ack();
    expect(job).toMatchObject({ jobId: `${streamId}/queued`, attempt: 1, leaseMs: LEASE_MS });
    expect(message.headers?.get('Nats-Msg-Id')).toBe(`${streamId}/queued:1`);
    expect(job.url).toContain('jt=');
    expect(await ask('beat', { ...of(job), worker: 'encoder' })).toEqual({ ok: true, state: 'running' });
    const held = (await bucketValues<JobRecord>(nats.url, 'SLUICE_JOBS')).find(({ template }) => template === 'queued');
    expect(held).toMatchObject({ state: 'running', by: expect.stringMatching(/^encoder\./), token: job.token });
    await end();
    await waitFor(async () => (await ask('beat', of(job))).state === 'stopping');
    expect(await ask('done', { ...of(job), outcome: 'stopped' })).toEqual({ ok: true });
    expect(dispatcher.child.output).not.toContain('fenced');
  });

  it('is published again when no worker reports in six leases, and the old message is worth nothing', async () => {
    const { server, connection, ask } = await world(QUEUED);
    const next = await consumer(connection);
    await publish(server, 'cam1');
    const first = (await next()).json<Answer>();
    const second = (await next()).json<Answer>();
    expect([first.attempt, second.attempt]).toEqual([1, 2]);
    expect(await ask('beat', of(first))).toMatchObject({ code: 'ERR_JOB_FENCED' });
    expect(await ask('done', { ...of(second), outcome: 'succeeded' })).toEqual({ ok: true });
  });
});

describe('a worker of the client library', () => {
  /** A worker whose jobs end when a test says so. */
  async function worker(url: string, o: Partial<JobWorkerOptions> = {}) {
    const started: { readonly job: Job; readonly signal: AbortSignal; end(error?: Error): void }[] = [];
    const made: JobWorker = await jobs.worker(
      { url, templates: ['record'], ...o },
      (job, signal) =>
        new Promise<void>((resolve, reject) => {
          const end = (error?: Error): void => (error === undefined ? resolve() : reject(error));
          started.push({ job, signal, end });
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        }),
    );
    closing.push(() => made.stop());
    return { made, started };
  }

  it('runs a handler for a job, and settles what becomes of it', async () => {
    const { nats, server } = await world();
    const { made, started } = await worker(nats.url);
    const { streamId, end } = await publish(server, 'cam1');
    const first = await waitFor(() => started[0], { timeoutMs: 20_000 });
    expect(first.job).toMatchObject({ jobId: `${streamId}/record`, attempt: 1, argv: [], stream: { name: 'cam1' } });
    expect(first.job.url).toContain('jt=');
    expect(made.running).toEqual([`${streamId}/record`]);
    first.job.progress({ frame: 3 });
    first.end(new Error('no disk'));
    const second = await waitFor(() => started[1], { timeoutMs: 20_000 });
    expect(second.job.attempt).toBe(2);
    expect(await record(nats, streamId)).toMatchObject({ last: { outcome: 'failed', logTail: 'no disk' } });
    await end();
    await waitFor(() => second.signal.aborted, { timeoutMs: 20_000 });
    expect(second.signal.reason).toMatchObject({ code: 'ERR_JOB_STOPPING', detail: 'stream_ended' });
    await waitFor(async () => (await record(nats, streamId))?.state === 'done');
    expect(await record(nats, streamId)).toMatchObject({ outcome: 'stopped', reason: 'stream_ended' });
  });

  it('goes on while NATS is away, and reports after it', async () => {
    const { nats, server } = await world();
    const notices: string[] = [];
    const { started } = await worker(nats.url, { onNotice: (text) => notices.push(text) });
    const { streamId } = await publish(server, 'cam1');
    const { signal, end } = await waitFor(() => started[0], { timeoutMs: 20_000 });
    await nats.kill();
    await waitFor(() => notices.length > 0, { timeoutMs: 20_000 });
    expect(notices.join()).toContain('NATS cannot be reached');
    expect(signal.aborted).toBe(false);
    end();
    await nats.start();
    await waitFor(async () => (await record(nats, streamId))?.outcome === 'succeeded', { timeoutMs: 30_000 });
  });

  it('gives its jobs back when it is stopped, and has none of them afterwards', async () => {
    const { nats, server } = await world();
    const first = await worker(nats.url);
    const { streamId } = await publish(server, 'cam1');
    await waitFor(() => first.started[0], { timeoutMs: 20_000 });
    await first.made.stop();
    expect(first.started[0]?.signal.reason).toMatchObject({ code: 'ERR_JOB_STOPPING' });
    expect(await record(nats, streamId)).toMatchObject({ last: { outcome: 'stopped', reason: 'runner_drained' } });
    const second = await worker(nats.url);
    const { job } = await waitFor(() => second.started[0], { timeoutMs: 20_000 });
    expect(job.attempt).toBe(2);
  });

  it('is told when another worker has its job', async () => {
    const { nats, server, ask } = await world();
    const { started } = await worker(nats.url);
    await publish(server, 'cam1');
    const { job, signal } = await waitFor(() => started[0], { timeoutMs: 20_000 });
    // Its lease ends as if it had been silent: the record is given back and taken by another worker.
    await ask('done', { jobId: job.jobId, token: job.token, outcome: 'stopped' });
    await waitFor(() => signal.aborted, { timeoutMs: 20_000 });
    expect(signal.reason).toMatchObject({ code: 'ERR_JOB_FENCED' });
  });

  it('refuses options that make no sense', async () => {
    const nothing = (): void => undefined;
    for (const o of [{ templates: [] }, { templates: ['A b'] }, { templates: ['a'], slots: 0 }])
      await expect(jobs.worker(o, nothing)).rejects.toMatchObject({ code: 'ERR_EVENTS_OPTION' });
  });
});
