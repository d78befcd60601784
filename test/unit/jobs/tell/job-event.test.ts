import { describe, expect, it } from 'vitest';
import { newId } from '../../../../src/core/ids.js';
import { EVENT_TYPES, JOB_EVENT_TYPES } from '../../../../src/events/schemas/index.js';
import { JOB_EVENTS } from '../../../../src/events/schemas/jobs.js';
import type { JobName, JobRecord } from '../../../../src/jobs/record/record.js';
import * as ways from '../../../../src/jobs/record/transitions.js';
import {
  endEvents,
  endsFilter,
  type JobEnvelope,
  progressSubject,
  requestedEvent,
  startedEvent,
} from '../../../../src/jobs/tell/job-event.js';
import { schemaProblems } from '../../../support/schemas.js';

const NOW_MS = Date.parse('2026-01-01T12:00:00Z');
const RETRY = { max: 0, backoffMs: [1000, 60_000], stableMs: 60_000, never: [] } as const;
const teller = { prefix: 'sluice.v1', runnerId: newId(NOW_MS), bootId: newId(NOW_MS), host: 'h'.repeat(255) };
const by = `${teller.runnerId}.${teller.bootId}`;
const write = { nonce: newId(NOW_MS), nowMs: NOW_MS };

/** Names of 512 bytes, whose every character takes two bytes of UTF-8 or six of JSON. */
const LONGEST: readonly JobName[] = [
  { streamId: newId(NOW_MS), app: 'live', name: 'cam1', template: 'record' },
  { streamId: newId(NOW_MS), app: 'é'.repeat(256), name: '"'.repeat(512), template: 't'.repeat(48) },
  { app: 'a'.repeat(512), name: 'n'.repeat(512), template: 't'.repeat(48) },
  { app: 'é'.repeat(256), name: 'ü'.repeat(256), template: 'record' },
];

/** A record in every state, with every way to end. */
function recordsOf(of: JobName): { readonly requested: JobRecord; readonly running: JobRecord; ends: JobRecord[] } {
  const requested = ways.requested(of, { ...of, labels: {} }, 1, write);
  const running = ways.started(ways.claimed(requested, by, 3, write), 4711, write);
  const logTail = '"é\\'.repeat(2000);
  const end = (outcome: 'succeeded' | 'failed' | 'stopped', mayRetry = false) =>
    ways.settled(
      running,
      { outcome, reason: 'exit', exit: { code: 255, signal: 'SIGKILL' }, logTail, mayRetry, wasStable: false },
      RETRY,
      0,
      write,
    );
  const again = ways.settled(
    running,
    { outcome: 'failed', reason: 'stall', mayRetry: true, wasStable: false },
    { ...RETRY, max: 3 },
    0.5,
    write,
  );
  const ends = [end('succeeded'), end('stopped'), end('failed', true), again];
  return { requested, running, ends: [...ends, ways.stopped(requested, 'operator', 2, write)] };
}

function eventsOf(of: JobName): JobEnvelope[] {
  const { requested, running, ends } = recordsOf(of);
  const files = Array.from({ length: 20 }, (_, n) => ({ name: `${'ä'.repeat(120)}${n}.mp4`, bytes: 1 << 30 }));
  const argv = Array.from({ length: 64 }, () => '-'.repeat(4096));
  return [
    requestedEvent(teller, requested),
    startedEvent(teller, running, { pid: 4711, argv }),
    startedEvent(teller, running, { argv: ['worker'], isOutside: true }),
    ...ends.flatMap((record) => endEvents(teller, record, { folder: '/srv/rec', files, bytes: 20 })),
  ];
}

describe('events of jobs', () => {
  it('fit their schemas and 8 KiB, all of them, with the longest names', () => {
    const told = new Set<string>();
    for (const of of LONGEST) {
      for (const { type, json, subject, id } of eventsOf(of)) {
        told.add(type);
        const event = JSON.parse(json.toString('utf8')) as { id: string; data: Record<string, unknown> };
        expect([type, schemaProblems(type, event)]).toEqual([type, []]);
        expect([type, json.length <= 8192, json.length]).toEqual([type, true, json.length]);
        expect(event.id).toBe(id);
        expect(event.data).toMatchObject({ app: of.app, name: of.name, template: of.template });
        const last = JOB_EVENTS[type]?.last;
        expect(subject).toMatch(
          new RegExp(`^sluice\\.v1\\.job\\.[^.]+\\.[^.]+\\.[^.]+\\.${of.template}\\.\\d+\\.${last}$`),
        );
      }
    }
    expect([...told].sort()).toEqual([...JOB_EVENT_TYPES].sort());
  });

  it('say that they were shortened, and keep how the attempt ended', () => {
    const [, started, , , , failed] = eventsOf(LONGEST[1]!);
    const data = ({ json }: JobEnvelope) =>
      (JSON.parse(json.toString('utf8')) as { data: Record<string, unknown> }).data;
    expect(data(started!)).toMatchObject({ truncated: true, token: 4711, pid: 4711, by, host: teller.host });
    expect((data(started!)['argv'] as string[]).map(({ length }) => length)).toEqual([256, 256, 256, 256]);
    expect(data(failed!)).toMatchObject({ truncated: true, reason: 'exit', exit: 255, signal: 'SIGKILL' });
    expect(data(eventsOf(LONGEST[0]!)[2]!)).not.toHaveProperty('truncated');
  });

  it('are refused by their schemas when a member is missing or of another type', () => {
    for (const envelope of eventsOf(LONGEST[0]!)) {
      const event = JSON.parse(envelope.json.toString('utf8')) as { data: Record<string, unknown> };
      expect(schemaProblems(envelope.type, { ...event, data: { ...event.data, attempt: 'one' } })).not.toEqual([]);
      expect(schemaProblems(envelope.type, { ...event, data: { ...event.data, jobId: undefined } })).not.toEqual([]);
    }
  });

  it('of one attempt end under one subject, whatever the end is', () => {
    const { ends } = recordsOf(LONGEST[0]!);
    const filter = endsFilter('sluice.v1', ends[0]!, 1);
    const pattern = new RegExp(`^${filter.replaceAll('.', '\\.').replace('*', '[^.]+')}$`);
    for (const record of ends) expect(endEvents(teller, record)[0]!.subject).toMatch(pattern);
  });

  it('are no events of nodes', () => {
    expect(EVENT_TYPES.filter((type) => type.startsWith('io.sluice.job.'))).toEqual([]);
  });
});

describe('records of jobs', () => {
  it('fit their schema in every state', () => {
    for (const of of LONGEST) {
      const { requested, running, ends } = recordsOf(of);
      const held = ways.claimed(requested, by, 3, write);
      const records = [requested, held, running, ways.stopping(running, 'operator', 4711, 2, write), ...ends];
      for (const record of [...records, ways.retried(ends[0]!, write), ways.reopened(running, 'runner_lost', 0, write)])
        expect([record.state, schemaProblems('kv.job-record', record)]).toEqual([record.state, []]);
    }
  });

  it('have a subject of progress with the same names', () => {
    const { running } = recordsOf(LONGEST[0]!);
    expect(progressSubject('sluice.v1', running)).toBe(`sluice.v1.jobtel.live.cam1.${running.streamId}.record`);
    const progress = { frame: 5, fps: 25, totalBytes: 9, outTimeMs: -3, speed: 1.01 };
    const signal = { jobId: 'x/record', attempt: 1, progress, time: '2026-01-01T12:00:00.000Z' };
    expect(schemaProblems('signal.jobtel', signal)).toEqual([]);
    expect(schemaProblems('signal.jobtel', { ...signal, attempt: 0 })).not.toEqual([]);
  });
});
