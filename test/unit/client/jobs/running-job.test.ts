import { afterEach, describe, expect, it } from 'vitest';
import type { DispatchClient, DispatchReply } from '../../../../src/client/jobs/dispatch-client.js';
import type { Job, JobHandler } from '../../../../src/client/jobs/options.js';
import { RunningJob } from '../../../../src/client/jobs/running-job.js';
import { waitFor } from '../../../support/wait.js';

const LEASED = {
  ...{ jobId: 'S/record', attempt: 2, token: 7, leaseMs: 20 },
  snapshot: { app: 'live', name: 'cam', labels: {} },
};
const AWAY: DispatchReply = { kind: 'away', text: 'nobody' };
const RUNS: DispatchReply = { kind: 'ok', body: { ok: true, state: 'running' } };
const FENCED: DispatchReply = { kind: 'refused', code: 'ERR_JOB_FENCED', text: 'another has it' };

const started: RunningJob[] = [];
afterEach(async () => {
  for (const job of started.splice(0)) job.giveBack();
});

interface Started {
  readonly job: RunningJob;
  readonly asked: readonly { readonly verb: string; readonly body: Readonly<Record<string, unknown>> }[];
  readonly notices: readonly string[];
  readonly ends: () => object[];
  readonly beats: () => number;
}

/** A job whose dispatcher answers what stands in `answers`. */
function start(handler: JobHandler, answers: { beat: DispatchReply; done: DispatchReply }): Started {
  const asked: { readonly verb: string; readonly body: Readonly<Record<string, unknown>> }[] = [];
  const client: Pick<DispatchClient, 'ask'> = {
    ask: async (verb, body) => {
      asked.push({ verb, body: body as Readonly<Record<string, unknown>> });
      return verb === 'lease' ? AWAY : answers[verb];
    },
  };
  const notices: string[] = [];
  const job = new RunningJob(client as DispatchClient, LEASED, handler, (text) => notices.push(text));
  started.push(job);
  const ends = (): object[] => asked.filter(({ verb }) => verb === 'done').map(({ body }) => body);
  const beats = (): number => asked.filter(({ verb }) => verb === 'beat').length;
  return { job, asked, notices, ends, beats };
}

/** A handler that runs until its signal aborts. */
const untilAborted: JobHandler = (_job, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

describe('a job of a worker', () => {
  const answers = { beat: RUNS, done: RUNS };

  it.each([
    ['resolves', (): void => undefined, { outcome: 'succeeded' }],
    ['rejects', (): Promise<void> => Promise.reject(new Error('no disk')), { outcome: 'failed', reason: 'no disk' }],
    [
      'throws at once',
      (): void => {
        throw new Error('x'.repeat(5000));
      },
      { outcome: 'failed', reason: 'x'.repeat(1024) },
    ],
  ] as const)('is told as over when its handler %s', async (_, handler, expected) => {
    const { job, ends } = start(handler, answers);
    await job.done;
    expect(ends()).toEqual([{ jobId: 'S/record', token: 7, ...expected }]);
  });

  it('gives its handler what it was leased with, and tells its newest progress once', async () => {
    let got: Job | undefined;
    const { job, asked, beats }: Started = start(async (given) => {
      got = given;
      given.progress({ frame: 1 });
      given.progress({ frame: 2 });
      await waitFor(() => beats() >= 2);
    }, answers);
    await job.done;
    expect(got).toMatchObject({ jobId: 'S/record', attempt: 2, token: 7, url: '', argv: [], stream: { name: 'cam' } });
    expect(asked.flatMap(({ body }) => body['progress'] ?? [])).toEqual([{ frame: 2 }]);
  });

  it('goes on while nobody answers, and tells its end until somebody does', async () => {
    const replies: { beat: DispatchReply; done: DispatchReply } = { beat: AWAY, done: AWAY };
    const { job, ends, beats, notices }: Started = start(async () => {
      await waitFor(() => beats() >= 3);
    }, replies);
    await waitFor(() => ends().length >= 2);
    replies.done = RUNS;
    await job.done;
    expect(new Set(ends().map((body) => (body as { outcome: string }).outcome))).toEqual(new Set(['succeeded']));
    expect(notices).toContain('nobody');
  });

  it('aborts when another worker has it, and tells nothing', async () => {
    let reason: unknown;
    const handler: JobHandler = async (given, signal) => {
      await Promise.resolve(untilAborted(given, signal)).catch((error: unknown) => {
        reason = error;
      });
    };
    const { job, ends } = start(handler, { beat: FENCED, done: RUNS });
    await job.done;
    expect(reason).toMatchObject({ code: 'ERR_JOB_FENCED' });
    expect(ends()).toEqual([]);
  });

  it('aborts at once when an operator stops it', async () => {
    const beat: DispatchReply = { kind: 'ok', body: { ok: true, state: 'stopping', reason: 'operator' } };
    const { job, ends } = start(untilAborted, { beat, done: RUNS });
    await job.done;
    expect(ends()).toMatchObject([{ outcome: 'stopped' }]);
  });

  it('succeeds when it reads its stream to the end, before anybody aborts it', async () => {
    const beat: DispatchReply = { kind: 'ok', body: { ok: true, state: 'stopping', reason: 'stream_ended' } };
    let isAborted = true;
    const { job, ends, beats }: Started = start(
      async (_job, signal) => {
        await waitFor(() => beats() >= 2);
        isAborted = signal.aborted;
      },
      { beat, done: RUNS },
    );
    await job.done;
    expect([isAborted, ends()]).toEqual([false, [expect.objectContaining({ outcome: 'succeeded' })]]);
  });

  it('is given back when its worker stops, however its handler ends, and not for ever when nobody answers', async () => {
    const { job, ends, beats } = start(
      (given, signal) => Promise.resolve(untilAborted(given, signal)).catch(() => undefined),
      { beat: AWAY, done: AWAY },
    );
    await waitFor(() => beats() > 0);
    job.giveBack();
    await job.done;
    expect(ends()).toHaveLength(5);
    expect(ends()[0]).toMatchObject({ outcome: 'stopped' });
  });

  it('does not begin when its worker has stopped before', async () => {
    let isBegun = false;
    const { job, ends } = start(() => {
      isBegun = true;
    }, answers);
    job.giveBack();
    await job.done;
    expect([isBegun, ends()]).toEqual([false, [expect.objectContaining({ outcome: 'stopped' })]]);
  });

  it('is over when its end is refused', async () => {
    const { job, ends } = start(() => undefined, { beat: RUNS, done: FENCED });
    await job.done;
    expect(ends()).toHaveLength(1);
  });
});
