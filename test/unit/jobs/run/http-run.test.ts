import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HttpAsk, HttpOutcome } from '../../../../src/http-client/bounded-http.js';
import { type HttpOrder, startHttp } from '../../../../src/jobs/run/http-run.js';
import { JobLog } from '../../../../src/jobs/run/job-log.js';
import type { Run } from '../../../../src/jobs/run/run.js';
import { RunTicker } from '../../../../src/jobs/run/run-ticker.js';
import { ManualClock } from '../../../support/events-parts.js';
import { tempDir } from '../../../support/temp.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const answer = (status: number, body = ''): HttpOutcome => ({
  kind: 'answer',
  status,
  headers: {},
  body: Buffer.from(body),
});

const START = { url: 'http://127.0.0.1:1/start', method: 'POST', headers: { 'x-a': 'b' }, body: '{"job":1}' };
const STOP = { url: 'http://127.0.0.1:1/stop', method: 'DELETE', headers: {} };
const BEAT = 'http://127.0.0.1:1/beat';

interface Asked {
  readonly ask: HttpAsk;
  answer(outcome: HttpOutcome): Promise<void>;
}

/** A run whose requests a test answers. */
class Harness {
  readonly asked: Asked[] = [];
  readonly run: Run;
  readonly #clock = new ManualClock();

  constructor(order: Partial<HttpOrder> = {}) {
    const ask = (request: HttpAsk): Promise<HttpOutcome> =>
      new Promise((resolve) => {
        const settle = async (outcome: HttpOutcome): Promise<void> => {
          resolve(outcome);
          await settled();
        };
        request.signal?.addEventListener('abort', () => resolve({ kind: 'timeout', why: 'given up' }));
        this.asked.push({ ask: request, answer: settle });
      });
    this.run = startHttp(
      { start: START, graceMs: 5000, timeLimitMs: 0, ...order },
      new JobLog(tempDir('http-log'), ['s3cr3t-value']),
      { ticker: new RunTicker(this.#clock), http: { ask } },
    );
  }

  get last(): Asked {
    return this.asked.at(-1)!;
  }

  get paths(): string[] {
    return this.asked.map(({ ask }) => `${ask.method} ${ask.url.pathname}`);
  }

  async advance(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 250) {
      this.#clock.pass(250);
      vi.advanceTimersByTime(250);
      await settled();
    }
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe('startHttp', () => {
  it('sends the start as it is told, and the stop when it is asked to', async () => {
    const { run, asked, last, paths } = new Harness({ stop: STOP });
    expect(last.ask).toMatchObject({ method: 'POST', headers: { 'x-a': 'b' }, body: Buffer.from('{"job":1}') });
    await last.answer(answer(201));
    run.stop('now');
    await settled();
    expect(asked[1]!.ask).toMatchObject({ method: 'DELETE', timeoutMs: 5000 });
    await asked[1]!.answer(answer(200));
    expect(await run.done).toEqual({ kind: 'asked', logTail: '[sluice] start: HTTP 201\n[sluice] stop: HTTP 200' });
    expect(paths).toEqual(['POST /start']);
  });

  it.each([
    ['HTTP 302, and redirects are not followed', answer(302), false],
    ['HTTP 404', answer(404, 'no such thing'), false],
    ['HTTP 503', answer(503), true],
    ['nobody listens there', { kind: 'refused', why: 'nobody listens there' } as const, false],
    ['no complete answer in time', { kind: 'timeout', why: 'no complete answer in time' } as const, true],
  ])(
    'has failed to start by itself with %s, and is stopped where it may run all the same',
    async (why, outcome, mayRun) => {
      const harness = new Harness({ stop: STOP });
      await harness.last.answer(outcome);
      expect(harness.paths).toEqual(mayRun ? ['POST /start', 'DELETE /stop'] : ['POST /start']);
      if (mayRun) await harness.last.answer(answer(204));
      const end = await harness.run.done;
      expect(end).toMatchObject({ kind: 'exit', text: `start: ${why}` });
      expect(end.exit).toBeUndefined();
    },
  );

  it.each(['not a url', 'file:///etc/passwd', ''])('does not ask %j', async (url) => {
    const { run, asked } = new Harness({ start: { ...START, url } });
    expect(await run.done).toMatchObject({ kind: 'exit', text: 'start: the URL is not one of http or https' });
    expect(asked).toEqual([]);
  });

  it('masks secrets in the log and in what is shown', async () => {
    const harness = new Harness({ start: { ...START, url: 'http://127.0.0.1:1/?k=s3cr3t-value' } });
    expect(harness.run.shown).toEqual(['POST', 'http://127.0.0.1:1/?k=***']);
    await harness.last.answer(answer(400, 'bad key s3cr3t-value\nsecond line'));
    expect((await harness.run.done).logTail).toContain('the server answered: bad key *** second line');
  });

  it('is over at once when it is asked to end and there is no stop', async () => {
    const harness = new Harness();
    await harness.last.answer(answer(200));
    harness.run.stop('afterEof');
    expect(await harness.run.done).toMatchObject({ kind: 'asked' });
  });

  it('waits for the answer to the start before it sends the stop', async () => {
    const harness = new Harness({ stop: STOP });
    harness.run.stop('now');
    await settled();
    expect(harness.paths).toEqual(['POST /start']);
    await harness.last.answer(answer(200));
    expect(harness.paths).toEqual(['POST /start', 'DELETE /stop']);
    await harness.last.answer(answer(500));
    expect(await harness.run.done).toMatchObject({ kind: 'asked', text: 'stop: HTTP 500' });
  });

  it('waits for nothing when it is killed, but sends the stop', async () => {
    const harness = new Harness({ stop: STOP });
    harness.run.stop('now');
    harness.run.stop('kill');
    await settled();
    expect(harness.paths).toEqual(['POST /start', 'DELETE /stop']);
    await harness.advance(2000);
    expect(await harness.run.done).toMatchObject({ kind: 'asked', text: 'stop: given up' });
  });

  it('asks for a beat every five seconds, and ends after three failures in a row', async () => {
    const harness = new Harness({ beatUrl: BEAT });
    await harness.last.answer(answer(200));
    for (const status of [200, 500, 404, 204, 500, 302, 500]) {
      await harness.advance(5000);
      expect(harness.last.ask).toMatchObject({ method: 'GET', timeoutMs: 5000 });
      await harness.last.answer(answer(status));
    }
    expect(harness.paths).toHaveLength(8);
    expect(await harness.run.done).toMatchObject({ kind: 'exit', text: 'beat: HTTP 500, 3 times in a row' });
  });

  it('asks for one beat at a time, and for none while it starts', async () => {
    const harness = new Harness({ beatUrl: BEAT });
    await harness.advance(20_000);
    expect(harness.paths).toEqual(['POST /start']);
    await harness.last.answer(answer(200));
    await harness.advance(20_000);
    expect(harness.paths).toEqual(['POST /start', 'GET /beat']);
    harness.run.stop('kill');
    await harness.run.done;
  });

  it('ends at its time limit, and is stopped', async () => {
    const harness = new Harness({ stop: STOP, timeLimitMs: 10_000 });
    await harness.last.answer(answer(200));
    await harness.advance(10_000);
    expect(harness.paths).toEqual(['POST /start', 'DELETE /stop']);
    await harness.last.answer(answer(200));
    expect(await harness.run.done).toMatchObject({ kind: 'time_limit' });
  });

  it('fails with a method or a header that HTTP has no place for', async () => {
    const run = startHttp({ start: START, graceMs: 0, timeLimitMs: 0 }, new JobLog(tempDir('http-log'), []), {
      ticker: new RunTicker(new ManualClock()),
      http: { ask: () => Promise.reject(new TypeError('Invalid character in header content')) },
    });
    expect(await run.done).toMatchObject({ kind: 'exit', text: expect.stringContaining('HTTP does not allow') });
  });
});
