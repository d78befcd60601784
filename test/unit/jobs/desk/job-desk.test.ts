import { describe, expect, it } from 'vitest';
import { JobDesk, type JobStore, type ReadableTable } from '../../../../src/jobs/desk/job-desk.js';
import { JOB_STATES, selectsJob } from '../../../../src/jobs/desk/job-query.js';
import { type JobRecord, jobKey } from '../../../../src/jobs/record/record.js';
import * as ways from '../../../../src/jobs/record/transitions.js';
import type { RunnerState } from '../../../../src/jobs/runner/runner-state.js';
import { parseTemplates } from '../../../../src/jobs/template/parse.js';

const write = { nonce: 'secret-nonce', nowMs: Date.parse('2026-01-01T12:00:00Z') };
const RETRY = { max: 0, backoffMs: [0, 0], stableMs: 0, never: [] } as const;

function tableOf<T>(values: ReadonlyMap<string, T>): ReadableTable<T> & { reads: number } {
  const table = {
    reads: 0,
    keys: async () => [...values.keys(), 'removed.record'],
    read: async (key: string) => {
      table.reads += 1;
      const value = values.get(key);
      return value === undefined ? undefined : { value, revision: 7 };
    },
  };
  return table;
}

function recordOf(n: number, template = 'record'): JobRecord {
  const of = { streamId: `S${String(n).padStart(4, '0')}`, app: 'live', name: `cam${n}`, template };
  return ways.requested(of, { ...of, labels: {} }, 1, write);
}

function deskOf(records: readonly JobRecord[], more: Partial<JobStore> = {}) {
  const jobs = tableOf(new Map(records.map((record) => [jobKey(record), record])));
  const desk = new JobDesk({ jobs, templates: tableOf(new Map()), runners: tableOf(new Map()), ...more });
  return { desk, jobs };
}

describe('a list of jobs', () => {
  it('comes in parts, in order, each job once', async () => {
    const { desk } = deskOf([3, 1, 2, 5, 4].map((n) => recordOf(n)));
    const names: string[] = [];
    let cursor: string | undefined;
    let parts = 0;
    do {
      const page = await desk.list({}, 2, cursor);
      names.push(...page.jobs.map(({ name }) => name));
      ({ cursor } = page);
      parts += 1;
    } while (cursor !== undefined);
    expect(names).toEqual(['cam1', 'cam2', 'cam3', 'cam4', 'cam5']);
    expect(parts).toBe(3);
  });

  it('reads no more than 2,000 records for one part, however few are selected', async () => {
    const { desk, jobs } = deskOf(Array.from({ length: 2500 }, (_, n) => recordOf(n)));
    const first = await desk.list({ name: 'cam2400' }, 100);
    expect([first.jobs, jobs.reads]).toEqual([[], 2000]);
    const second = await desk.list({ name: 'cam2400' }, 100, first.cursor);
    expect(second.jobs.map(({ name }) => name)).toEqual(['cam2400']);
    expect(second.cursor).toBeUndefined();
  });

  it('shows a job without what only writers need, and one by its id', async () => {
    const { desk } = deskOf([recordOf(1)]);
    const job = await desk.get('S0001/record');
    expect(job).toMatchObject({ jobId: 'S0001/record', state: 'open', revision: 7 });
    expect(JSON.stringify(job)).not.toContain('secret-nonce');
    for (const id of ['S0002/record', 'nonsense', '', '*/record', 'S0001/*', '>'])
      expect(await desk.get(id)).toBeUndefined();
  });
});

describe('the states of jobs', () => {
  it('are told as people say them', () => {
    const open = recordOf(1);
    const held = ways.claimed(open, 'r.b', 1, write);
    const running = ways.started(held, 5, write);
    const end = (outcome: 'failed' | 'succeeded') =>
      ways.settled(running, { outcome, reason: 'exit', mayRetry: false, wasStable: false }, RETRY, 0, write);
    const records = { open, held, running, stopping: ways.stopping(running, 'operator', 5, 1, write) };
    const all = Object.entries({ ...records, failed: end('failed'), succeeded: end('succeeded') });
    const selected = (state: (typeof JOB_STATES)[number]) =>
      all.filter(([, record]) => selectsJob({ state }, record)).map(([name]) => name);
    expect(JOB_STATES.map((state) => [state, selected(state)])).toEqual([
      ['open', ['open']],
      ['running', ['held', 'running', 'stopping']],
      ['failed', ['failed']],
      ['done', ['failed', 'succeeded']],
    ]);
    const other = { app: 'live', name: 'cam1', streamId: 'S0001', template: 'record' };
    expect(selectsJob(other, open)).toBe(true);
    for (const key of Object.keys(other)) expect(selectsJob({ ...other, [key]: 'x' }, open)).toBe(false);
  });
});

describe('templates as they are shown', () => {
  it('hold nothing that may be secret', async () => {
    const text = `
version: 1
templates:
  - name: one
    match: { app: live }
    run: { exec: [ffmpeg, -i, "{url}", "rtmp://user:CANARY@x/y"], env: { KEY: CANARY } }
  - name: two
    match: { app: live }
    run: { http: { start: { url: "https://jobs.example:8443/CANARY?k=CANARY", method: POST, headers: { x-a: CANARY }, body: '"CANARY"' } } }
`;
    const templates = parseTemplates([{ name: 'jobs.yaml', text }]);
    const { desk } = deskOf([], { templates: tableOf(new Map(templates.map((each) => [each.name, each]))) });
    const shown = await desk.templates();
    expect(shown.map(({ name, kind, runs }) => [name, kind, runs])).toEqual([
      ['one', 'exec', 'ffmpeg'],
      ['two', 'http', 'POST jobs.example:8443'],
    ]);
    expect(JSON.stringify(shown)).not.toContain('CANARY');
  });
});

describe('a list of runners', () => {
  it('has no workers outside, whose leases stand beside those of runners', async () => {
    const state: RunnerState = {
      ...{ v: 1, state: 'up', runnerId: 'r1', bootId: 'B', host: 'h', slots: 1, used: 0, labels: {}, leaseMs: 1000 },
      time: '2026-01-01T00:00:00.000Z',
    };
    const worker = { ...state, runnerId: 'w1', isWorker: true };
    const runners = tableOf(new Map([state, worker].map((each) => [`${each.runnerId}.B`, each])));
    const { desk } = deskOf([], { runners });
    expect((await desk.runners()).map(({ runnerId }) => runnerId)).toEqual(['r1']);
  });
});
