import { describe, expect, it } from 'vitest';
import { JOB_EVENT_TYPES } from '../../../../src/events/schemas/index.js';
import { jobSubjectTemplate } from '../../../../src/events/schemas/jobs.js';
import type { RunnerState } from '../../../../src/jobs/runner/runner-state.js';
import { parseTemplates } from '../../../../src/jobs/template/parse.js';
import { schemaProblems } from '../../../support/schemas.js';

const TEMPLATES = `
version: 1
templates:
  - name: record
    match: { app: live, name: "cam*", labels: { site: "a" }, where: "width >= 1280" }
    on: ready
    until: ended
    run: { exec: [ffmpeg, -i, "{url}", "{out}/part.mp4"], env: { TZ: UTC } }
    out: { dir: "/srv/rec/{app}/{name}/{streamId}", keepFailed: true }
    limits: { perRunner: 8, nice: 5 }
    runners: { labels: { gpu: "yes" } }
  - name: relay
    match: { app: live }
    on: active
    until: idle
    run: { http: { start: { url: "https://jobs.example/start", method: POST }, secretEnv: RELAY_KEY } }
  - name: later
    match: {}
    on: ready
    until: exit
    run: { queue: { subject: jobs.later } }
  - name: outside
    run: { worker: {} }
`;

describe('the schemas of what runners keep', () => {
  it('fit templates of every kind as they are stored', () => {
    const templates = parseTemplates([{ name: 'jobs.yaml', text: TEMPLATES }]);
    expect(templates.map(({ run }) => run.kind)).toEqual(['exec', 'http', 'queue', 'worker']);
    for (const template of templates) {
      const stored: unknown = JSON.parse(JSON.stringify(template));
      expect([template.name, schemaProblems('kv.job-template', stored)]).toEqual([template.name, []]);
      expect(schemaProblems('kv.job-template', { ...template, on: 'never' })).not.toEqual([]);
    }
  });

  it('fit the state of a runner', () => {
    const state: RunnerState = {
      ...{ v: 1, state: 'up', runnerId: '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD', bootId: '01JZ8Z4M1R3S5T7V9WBCDEFGHJ' },
      ...{ host: 'enc1', slots: 8, used: 3, labels: { gpu: 'yes' }, leaseMs: 10_000 },
      time: '2026-01-01T12:00:00.000Z',
    };
    expect(schemaProblems('kv.runner-state', state)).toEqual([]);
    expect(schemaProblems('kv.runner-state', { ...state, state: 'gone' })).not.toEqual([]);
  });
});

describe('subjects of events of jobs', () => {
  it('end with a number, or for what ends an attempt with end', () => {
    const ends = JOB_EVENT_TYPES.map((type) => jobSubjectTemplate(type).split('.').slice(-2).join('.'));
    expect(ends).toEqual(['requested.1', 'started.1', 'failed.end', 'stopped.end', 'succeeded.end', 'abandoned.3']);
  });
});
