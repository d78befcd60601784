import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../../src/core/clock.js';
import { silentLogger } from '../../../../src/core/log.js';
import { askRunner } from '../../../../src/jobs/nats/runner-client.js';
import { RunnerDoor } from '../../../../src/jobs/nats/runner-door.js';
import type { NatsRequests } from '../../../../src/nats/requests.js';
import { FakeBus } from '../../../support/control/fake-requests.js';
import { LogInMemory } from '../../../support/jobs/log-in-memory.js';

const JOB = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD/record';

function doorOn(bus: FakeBus) {
  const logs = new LogInMemory(JOB);
  const drains: (number | undefined)[] = [];
  const door = new RunnerDoor({
    ...{ requests: bus.client(), prefix: 'sluice.v1', runnerId: 'r1', logs, clock: systemClock, log: silentLogger },
    info: () => ({ runnerId: 'r1', used: 2 }),
    progressOf: (jobId, attempt) => (jobId === JOB && attempt === 1 ? { frame: 50 } : undefined),
    drain: (deadlineMs) => drains.push(deadlineMs) > 1,
  });
  onTestFinished(() => door.close());
  return { logs, drains, door };
}

const ask = (requests: NatsRequests, verb: 'info' | 'drain' | 'logs', body: object = {}, runnerId = 'r1') =>
  askRunner(requests, 'sluice.v1', runnerId, verb, body as Parameters<typeof askRunner>[4]);

describe('the door of a runner', () => {
  it('says what the runner has, and begins a drain once', async () => {
    const bus = new FakeBus();
    const { drains } = doorOn(bus);
    const client = bus.client();
    expect(await ask(client, 'info')).toEqual({ ok: true, answer: { ok: true, runnerId: 'r1', used: 2 } });
    expect(await ask(client, 'drain', { deadlineMs: 5000 })).toMatchObject({ answer: { used: 2 } });
    expect(await ask(client, 'drain')).toMatchObject({ answer: { already: true } });
    expect(drains).toEqual([5000, undefined]);
  });

  it('reads a log piece by piece, in as small ones as the server takes', async () => {
    const bus = new FakeBus();
    const { logs } = doorOn(bus);
    logs.print(`${'\u0001'.repeat(500)}\n`.repeat(400));
    logs.end();
    bus.maxPayload = 64 * 1024;
    const client = bus.client();
    let text = '';
    let place: unknown;
    const sizes: number[] = [];
    for (;;) {
      const answer = await ask(client, 'logs', { jobId: JOB, ...(place === undefined ? {} : { place }) });
      if (!answer.ok) throw new Error(answer.problem.message);
      text += String(answer.answer['text']);
      sizes.push(String(answer.answer['text']).length);
      ({ place } = answer.answer as { place: unknown });
      expect(answer.answer).toMatchObject({ jobId: JOB, attempt: 1, attempts: [1] });
      if (answer.answer['isEnd'] === true) break;
    }
    expect(text).toBe(`${'\u0001'.repeat(500)}\n`.repeat(400));
    expect(Math.max(...sizes)).toBeLessThan(64 * 1024);
  });

  it('begins near the end of a log when that is asked for', async () => {
    const bus = new FakeBus();
    const { logs } = doorOn(bus);
    logs.print('one\ntwo\n');
    expect(await ask(bus.client(), 'logs', { jobId: JOB, lastBytes: 4 })).toMatchObject({
      answer: { text: 'two\n', place: { file: 0, offset: 8 }, progress: { frame: 50 } },
    });
    expect(await ask(bus.client(), 'logs', { jobId: JOB, lastBytes: 65_537 })).toMatchObject({
      problem: { code: 'ERR_CTL_BAD_REQUEST' },
    });
  });

  it('answers a wait as soon as there is more, and when its time is over', async () => {
    const bus = new FakeBus();
    const { logs } = doorOn(bus);
    logs.print('one\n');
    const place = { file: 0, offset: 4 };
    expect(await ask(bus.client(), 'logs', { jobId: JOB })).toMatchObject({ answer: { text: 'one\n', place } });
    expect(await ask(bus.client(), 'logs', { jobId: JOB, place })).toMatchObject({
      answer: { text: '', isEnd: false },
    });
    const more = ask(bus.client(), 'logs', { jobId: JOB, place, waitMs: 10_000 });
    logs.print('two\n');
    expect(await more).toMatchObject({ answer: { text: 'two\n', isEnd: false } });
    const end = ask(bus.client(), 'logs', { jobId: JOB, place: { file: 0, offset: 8 }, waitMs: 10_000 });
    logs.end();
    expect(await end).toMatchObject({ answer: { text: '', isEnd: true } });
  });

  it('refuses to read more than 16 logs at a time, and goes on when one is read', async () => {
    const bus = new FakeBus();
    const { logs } = doorOn(bus);
    const waiting = Array.from({ length: 16 }, () => ask(bus.client(), 'logs', { jobId: JOB, waitMs: 10_000 }));
    expect(await ask(bus.client(), 'logs', { jobId: JOB })).toMatchObject({ problem: { code: 'ERR_CTL_BUSY' } });
    logs.end();
    for (const each of waiting) expect(await each).toMatchObject({ answer: { isEnd: true } });
    expect(await ask(bus.client(), 'logs', { jobId: JOB })).toMatchObject({ answer: { isEnd: true } });
  });

  it.each([
    ['logs', {}, 'ERR_CTL_BAD_REQUEST'],
    ['logs', { jobId: 'nonsense' }, 'ERR_CTL_BAD_REQUEST'],
    ['logs', { jobId: JOB, place: { file: -1, offset: 0 } }, 'ERR_CTL_BAD_REQUEST'],
    ['logs', { jobId: JOB, waitMs: 10_001 }, 'ERR_CTL_BAD_REQUEST'],
    ['logs', { jobId: JOB, other: 1 }, 'ERR_CTL_BAD_REQUEST'],
    ['logs', { jobId: 'other/record' }, 'ERR_JOB_LOG_LOST'],
    ['logs', { jobId: JOB, attempt: 7 }, 'ERR_JOB_LOG_LOST'],
    ['logs', { jobId: '../../etc/passwd' }, 'ERR_CTL_BAD_REQUEST'],
    ['drain', { deadlineMs: -1 }, 'ERR_CTL_BAD_REQUEST'],
    ['info', { x: 1 }, 'ERR_CTL_BAD_REQUEST'],
  ] as const)('refuses %s %j', async (verb, body, code) => {
    const bus = new FakeBus();
    const { drains } = doorOn(bus);
    expect(await ask(bus.client(), verb, body)).toMatchObject({ ok: false, problem: { code } });
    expect(drains).toEqual([]);
  });

  it('is not there for another runner, nor once it is closed', async () => {
    const bus = new FakeBus();
    const { door } = doorOn(bus);
    await expect(ask(bus.client(), 'info', {}, 'r2')).rejects.toMatchObject({ code: 'ERR_JOB_RUNNER_UNREACHABLE' });
    door.close();
    await expect(ask(bus.client(), 'info')).rejects.toMatchObject({ code: 'ERR_JOB_RUNNER_UNREACHABLE' });
  });
});
