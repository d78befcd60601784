import { expect, it } from 'vitest';
import type { JobFolder } from '../../../../src/jobs/run/job-folder.js';
import { JobLog } from '../../../../src/jobs/run/job-log.js';
import { RunTicker } from '../../../../src/jobs/run/run-ticker.js';
import { starter } from '../../../../src/jobs/run/start-run.js';
import { ManualClock, RecordingLog } from '../../../support/events-parts.js';
import { tempDir } from '../../../support/temp.js';

it('shows no key that a URL of the template has, in what is told of a run and in its log', async () => {
  const folder = {
    ticker: new RunTicker(new ManualClock()),
    http: { ask: async () => ({ kind: 'answer', status: 400, headers: {}, body: Buffer.from('no key k-encoders-1') }) },
    logs: { open: (_job: string, _attempt: number, secrets: string[]) => new JobLog(tempDir('start-run'), secrets) },
  } as unknown as JobFolder;
  const start = { url: 'http://encoder.example/start?token=k-encoders-1', method: 'POST', headers: {} };
  const template = { run: { kind: 'http', start }, graceMs: 0, timeLimitMs: 0 } as never;
  const order = { jobId: 'x/record', template, facts: { labels: {} } as never, attempt: 1, token: 1 };
  const { run } = await starter(folder, new RecordingLog())(order);
  expect(run.shown).toEqual(['POST', 'http://encoder.example/start?token=***']);
  expect((await run.done).logTail).toContain('the server answered: no key ***');
});
