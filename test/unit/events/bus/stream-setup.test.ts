import { describe, expect, it } from 'vitest';
import { auditStream, covers, isOlder, wantedStream } from '../../../../src/events/bus/stream-setup.js';
import { resolveEventsOptions } from '../../../../src/events/options.js';

const o = resolveEventsOptions({});

describe('the audit of the stream', () => {
  it('finds nothing wrong with what Sluice itself makes', () => {
    expect(auditStream(wantedStream(o), o)).toEqual({ fatal: [], warnings: [] });
  });

  it.each([
    [{ discard: 'old' }, /discard is "old"/],
    [{ discard: 'old', max_bytes: 1000 }, /discard is "old"/],
    [{ retention: 'workqueue' }, /retention is "workqueue"/],
    [{ retention: 'interest' }, /retention is "interest"/],
    [{ no_ack: true }, /no_ack/],
    [{ sealed: true }, /sealed/],
    [{ subjects: ['sluice.v1.evt.>'] }, /does not take sluice\.v1\.node\.>/],
    [{ subjects: ['other.>'] }, /does not take sluice\.v1\.evt\.>/],
  ])('refuses %j', (change, says) => {
    const { fatal } = auditStream({ ...wantedStream(o), ...change }, o);
    expect(fatal.length).toBeGreaterThan(0);
    expect(fatal.join(';')).toMatch(says);
  });

  it.each([
    [{ max_bytes: 1_000_000, max_msgs: 1000 }, 0],
    [{ max_age: 30 * 24 * 3600e9 }, 0],
    [{ subjects: ['sluice.>'] }, 0],
    [{ subjects: ['sluice.v1.*.>'] }, 0],
    [{ storage: 'memory' }, 1],
    [{ max_age: 60e9 }, 1],
  ])('allows %j, with %i warnings', (change, warnings) => {
    const audit = auditStream({ ...wantedStream(o), ...change }, o);
    expect(audit.fatal).toEqual([]);
    expect(audit.warnings).toHaveLength(warnings);
  });

  it.each([
    ['a.>', 'a.b.>', true],
    ['a.*.>', 'a.b.>', true],
    ['a.b', 'a.b', true],
    ['>', 'a.b.>', true],
    ['a.b.>', 'a.>', false],
    ['a.*', 'a.>', false],
    ['a.b.*', 'a.b.>', false],
    ['a', 'a.b', false],
  ])('knows whether %s takes all of %s', (have, want, answer) => {
    expect(covers(have, want)).toBe(answer);
  });

  it.each([
    ['2.9.10', '2.10.27', true],
    ['2.10.26', '2.10.27', true],
    ['2.10.27', '2.10.27', false],
    ['2.11.0-RC.1', '2.10.27', false],
    ['2.12.1', '2.10.27', false],
    ['0.0.0', '2.10.27', true],
  ])('knows whether %s is older than %s', (a, b, answer) => {
    expect(isOlder(a, b)).toBe(answer);
  });
});
