import { beforeEach, describe, expect, it } from 'vitest';
import { Refusals } from '../../../src/server/refusals.js';
import { RecordingLog } from '../../support/events-parts.js';

describe('refusals of sockets', () => {
  let nowMs = 0;
  let shortage: string | undefined;
  let log = new RecordingLog();
  let refusals = make();

  function make(): Refusals {
    const descriptors = {
      get shortage() {
        return shortage;
      },
    };
    return new Refusals(log, () => nowMs, descriptors);
  }

  beforeEach(() => {
    nowMs = 0;
    shortage = undefined;
    log = new RecordingLog();
    refusals = make();
  });

  it('are counted by code, and most are reported one by one', () => {
    expect(refusals.note('ERR_LIMIT_CONNECTIONS', '127.0.0.1')).toBe(true);
    expect(refusals.note('ERR_LIMIT_CONNECTIONS', '127.0.0.2')).toBe(true);
    expect(refusals.counts.get('ERR_LIMIT_CONNECTIONS')).toBe(2);
    expect(log.lines).toEqual([]);
  });

  it('of an address that connects too often are reported once in ten seconds, with their number', () => {
    const reported = Array.from({ length: 100 }, () => refusals.note('ERR_LIMIT_ACCEPT_RATE', '127.0.0.1'));
    expect(reported.filter(Boolean)).toEqual([true]);
    nowMs = 10_000;
    expect(refusals.note('ERR_LIMIT_ACCEPT_RATE', '127.0.0.1')).toBe(true);
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { code: 'ERR_LIMIT_ACCEPT_RATE', peer: '127.0.0.1', refused: 1 },
      { code: 'ERR_LIMIT_ACCEPT_RATE', peer: '127.0.0.1', refused: 101 },
    ]);
  });

  it('for lack of descriptors are reported once in ten seconds, while there is a shortage', () => {
    expect(refusals.note('ERR_DESCRIPTORS', '127.0.0.1')).toBe(false);
    shortage = '8 of 1024 file descriptors are left';
    expect(refusals.note('ERR_DESCRIPTORS', '127.0.0.1')).toBe(true);
    expect(refusals.logShortage()).toBe(false);
    nowMs = 10_000;
    expect(refusals.logShortage()).toBe(true);
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { code: 'ERR_DESCRIPTORS', refused: 2 },
      { code: 'ERR_DESCRIPTORS', refused: 2 },
    ]);
    expect(log.lines[0]?.message).toContain(shortage);
  });
});
